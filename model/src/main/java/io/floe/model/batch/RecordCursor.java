package io.floe.model.batch;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// Steps through the records of one batch in order; its getters speak of the current record.
///
/// ```
/// length | attributes 1 | timestamp delta | offset delta | key length | key | value length | value
///        | header count | { key length | key | value length | value }…
/// ```
///
/// All numbers but the attributes are zigzag varints; a length of -1 is null. A step allocates
/// nothing; a slice or a list is made when it is asked for.
///
/// Units: timestamps in milliseconds since the epoch. Thread-safety: none.
///
/// Errors: [#next()] throws [InvalidBatchException] and checks the whole record, headers included,
/// so that the getters cannot fail. After the last record it checks that no bytes are left over.
///
/// Source: Kafka protocol guide, "Record".
public final class RecordCursor {
  private static final int NULL_LENGTH = -1;
  private static final ByteBuffer EMPTY = ByteBuffer.allocate(0);

  private ByteBuffer buffer = EMPTY;
  private int at;
  private int end;
  private int remaining;
  private int recordCount;
  private int lastOffsetDelta;
  private long baseOffset;
  private long baseTimestamp;
  private long appendTime;
  private boolean isLogAppendTime;

  private int recordEnd;
  private int offsetDelta;
  private long timestampDelta;
  private int keyStart;
  private int keySize;
  private int valueStart;
  private int valueSize;
  private int headerCount;
  private int headersStart;

  RecordCursor() {}

  void reset(ByteBuffer batch, int position, ByteBuffer records, int start, int end) {
    this.buffer = records;
    this.at = start;
    this.end = end;
    this.recordCount = BatchHeader.recordCount(batch, position);
    this.remaining = recordCount;
    this.lastOffsetDelta = BatchHeader.lastOffsetDelta(batch, position);
    this.baseOffset = BatchHeader.baseOffset(batch, position);
    this.baseTimestamp = BatchHeader.baseTimestamp(batch, position);
    this.appendTime = BatchHeader.maxTimestamp(batch, position);
    this.isLogAppendTime = BatchHeader.isLogAppendTime(batch, position);
    this.offsetDelta = -1;
  }

  /// Goes to the next record, or says that there is none.
  public boolean next() {
    if (remaining == 0) {
      if (at != end) {
        throw new InvalidBatchException(
            "records", "have " + (end - at) + " bytes left after the " + recordCount + " counted");
      }
      return false;
    }
    int length = varint("record length", end);
    if (length < 0 || length > end - at) {
      throw new InvalidBatchException(
          "record length", length, "must be 0 to the remaining " + (end - at));
    }
    recordEnd = at + length;
    // Record attributes: none is defined, Kafka's readers ignore them.
    skip("record attributes", 1);
    timestampDelta = varlong("timestamp delta", recordEnd);
    int previousDelta = offsetDelta;
    offsetDelta = varint("offset delta", recordEnd);
    if (offsetDelta <= previousDelta || offsetDelta > lastOffsetDelta) {
      throw new InvalidBatchException(
          "offset delta",
          offsetDelta,
          "must be above " + previousDelta + " and at most " + lastOffsetDelta);
    }
    keySize = nullableLength("key length");
    keyStart = at;
    at += Math.max(0, keySize);
    valueSize = nullableLength("value length");
    valueStart = at;
    at += Math.max(0, valueSize);
    headerCount = varint("header count", recordEnd);
    // A header has at least two bytes.
    if (headerCount < 0 || headerCount > (recordEnd - at) / 2) {
      throw new InvalidBatchException(
          "header count", headerCount, "does not fit in " + (recordEnd - at) + " bytes");
    }
    headersStart = at;
    for (int i = 0; i < headerCount; i++) {
      skipHeader();
    }
    if (at != recordEnd) {
      throw new InvalidBatchException(
          "record length", length, "is " + (recordEnd - at) + " more than its fields need");
    }
    remaining--;
    return true;
  }

  /// Records of the batch, as its header counts them.
  public int recordCount() {
    return recordCount;
  }

  public long offset() {
    return baseOffset + offsetDelta;
  }

  public int offsetDelta() {
    return offsetDelta;
  }

  /// The producer's time, or the log's if the batch carries that.
  public long timestamp() {
    return isLogAppendTime ? appendTime : baseTimestamp + timestampDelta;
  }

  /// Whether [#timestamp()] is the time of the append.
  public boolean isLogAppendTime() {
    return isLogAppendTime;
  }

  public boolean hasKey() {
    return keySize != NULL_LENGTH;
  }

  /// Bytes of the key, -1 without one.
  public int keySize() {
    return keySize;
  }

  public @Nullable ByteBuffer key() {
    return slice(keyStart, keySize);
  }

  public boolean hasValue() {
    return valueSize != NULL_LENGTH;
  }

  /// Bytes of the value, -1 without one.
  public int valueSize() {
    return valueSize;
  }

  public @Nullable ByteBuffer value() {
    return slice(valueStart, valueSize);
  }

  /// Appends the current key to `target`, without making a slice.
  public void copyKey(ByteBuffer target) {
    copy(keyStart, keySize, target);
  }

  /// Appends the current value to `target`, without making a slice.
  public void copyValue(ByteBuffer target) {
    copy(valueStart, valueSize, target);
  }

  public int headerCount() {
    return headerCount;
  }

  public List<RecordHeader> headers() {
    if (headerCount == 0) {
      return List.of();
    }
    int resume = at;
    at = headersStart;
    List<RecordHeader> headers = new ArrayList<>(headerCount);
    for (int i = 0; i < headerCount; i++) {
      int keyLength = varint("header key length", recordEnd);
      byte[] key = new byte[keyLength];
      buffer.get(at, key);
      at += keyLength;
      int valueLength = varint("header value length", recordEnd);
      headers.add(
          new RecordHeader(new String(key, StandardCharsets.UTF_8), slice(at, valueLength)));
      at += Math.max(0, valueLength);
    }
    at = resume;
    return headers;
  }

  private void skipHeader() {
    int keyLength = varint("header key length", recordEnd);
    if (keyLength < 0 || keyLength > recordEnd - at) {
      throw new InvalidBatchException(
          "header key length", keyLength, "must be 0 to the remaining " + (recordEnd - at));
    }
    at += keyLength;
    int valueLength = nullableLength("header value length");
    at += Math.max(0, valueLength);
  }

  private int nullableLength(String field) {
    int length = varint(field, recordEnd);
    if (length < NULL_LENGTH || length > recordEnd - at) {
      throw new InvalidBatchException(
          field, length, "must be -1 to the remaining " + (recordEnd - at));
    }
    return length;
  }

  private void skip(String field, int count) {
    if (count > recordEnd - at) {
      throw new InvalidBatchException(field, "are missing: the record ends early");
    }
    at += count;
  }

  private int varint(String field, int bound) {
    int value = 0;
    for (int shift = 0; shift < 35; shift += 7) {
      int next = nextByte(field, bound);
      value |= (next & 0x7F) << shift;
      if (next >= 0) {
        return (value >>> 1) ^ -(value & 1);
      }
    }
    throw new InvalidBatchException(field, "is a varint of more than 5 bytes");
  }

  private long varlong(String field, int bound) {
    long value = 0;
    for (int shift = 0; shift < 70; shift += 7) {
      int next = nextByte(field, bound);
      value |= (long) (next & 0x7F) << shift;
      if (next >= 0) {
        return (value >>> 1) ^ -(value & 1);
      }
    }
    throw new InvalidBatchException(field, "is a varint of more than 10 bytes");
  }

  private int nextByte(String field, int bound) {
    if (at >= bound) {
      throw new InvalidBatchException(field, "is cut off by the end of the record or batch");
    }
    return buffer.get(at++);
  }

  private @Nullable ByteBuffer slice(int start, int size) {
    return size == NULL_LENGTH ? null : buffer.slice(start, size);
  }

  private void copy(int start, int size, ByteBuffer target) {
    if (size > 0) {
      target.put(target.position(), buffer, start, size);
      target.position(target.position() + size);
    }
  }
}
