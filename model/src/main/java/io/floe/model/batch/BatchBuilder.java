package io.floe.model.batch;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// Builds record batches, one after another, in memory that it keeps.
///
/// Call [#begin], any of the setters, [#append] for each record, then [#build].
///
/// Units: timestamps in milliseconds since the epoch, sizes in bytes.
///
/// Ownership: the buffer that [#build()] gives is the builder's memory, valid until the next
/// [#begin].
///
/// Thread-safety: none. Errors: misuse is an [IllegalStateException] or [IllegalArgumentException].
public final class BatchBuilder {
  /// The sequence and the producer epoch of a batch without producer id.
  private static final int NONE = -1;

  private static final int VARINT_BYTES_MAX = 5;
  private static final int VARLONG_BYTES_MAX = 10;
  private static final int LOG_APPEND_TIME = 0x08;
  private static final int TRANSACTIONAL = 0x10;
  private static final int CONTROL = 0x20;

  private final Compression compression;
  private final int targetBytes;
  private final GrowingBytes plain;
  private final GrowingBytes compressed;

  private int flags;
  private long baseOffset;
  private int epoch;
  private long producerId;
  private short producerEpoch;
  private int baseSequence;
  private int count;
  private long baseTimestamp;
  private long maxTimestamp;
  private long appendTime;

  /// @param targetBytes the uncompressed batch size after which [#hasRoomFor] says no; a first
  ///   record is always taken
  public BatchBuilder(Compression compression, int targetBytes) {
    this.compression = compression;
    this.targetBytes = targetBytes;
    this.plain = new GrowingBytes(BatchHeader.SIZE_BYTES + 512);
    this.compressed = new GrowingBytes(compression == Compression.NONE ? 0 : 512);
    begin(0);
  }

  /// Starts a new batch without producer id whose first record has `baseOffset` (a producer says 0:
  /// the writer stamps the offset later).
  public BatchBuilder begin(long baseOffset) {
    this.baseOffset = baseOffset;
    plain.resize(BatchHeader.SIZE_BYTES);
    flags = 0;
    epoch = NONE;
    producerId = BatchHeader.NO_PRODUCER_ID;
    producerEpoch = NONE;
    baseSequence = NONE;
    count = 0;
    return this;
  }

  /// The writer's epoch; -1 (unknown, what a producer sends) unless set.
  public BatchBuilder epoch(int epoch) {
    this.epoch = epoch;
    return this;
  }

  /// Makes the batch idempotent. Control batches have a producer and the sequence -1.
  public BatchBuilder producer(long producerId, short producerEpoch, int baseSequence) {
    this.producerId = producerId;
    this.producerEpoch = producerEpoch;
    this.baseSequence = baseSequence;
    return this;
  }

  public BatchBuilder transactional() {
    flags |= TRANSACTIONAL;
    return this;
  }

  public BatchBuilder control() {
    flags |= CONTROL;
    return this;
  }

  /// Gives all records the time of the append.
  public BatchBuilder logAppendTime(long timestamp) {
    flags |= LOG_APPEND_TIME;
    appendTime = timestamp;
    return this;
  }

  public int recordCount() {
    return count;
  }

  public boolean isEmpty() {
    return count == 0;
  }

  /// Bytes of the batch so far, before compression.
  public int sizeBytes() {
    return plain.size();
  }

  /// Whether a record with so many bytes of key, value, header keys and header values keeps the
  /// batch within its target. True for an empty batch.
  public boolean hasRoomFor(int payloadBytes, int headers) {
    long overheadMax = 1 + VARLONG_BYTES_MAX + VARINT_BYTES_MAX * (5 + 2L * headers);
    return count == 0 || plain.size() + payloadBytes + overheadMax <= targetBytes;
  }

  public BatchBuilder append(long timestamp, @Nullable ByteBuffer key, @Nullable ByteBuffer value) {
    return append(timestamp, key, value, List.of());
  }

  /// Adds a record. Positions of the given buffers stay as they are.
  public BatchBuilder append(
      long timestamp,
      @Nullable ByteBuffer key,
      @Nullable ByteBuffer value,
      List<RecordHeader> headers) {
    if (count == 0) {
      baseTimestamp = timestamp;
      maxTimestamp = timestamp;
    }
    long timestampDelta = timestamp - baseTimestamp;
    int bodyBytes =
        1
            + varlongSize(timestampDelta)
            + varintSize(count)
            + nullableSize(key)
            + nullableSize(value)
            + varintSize(headers.size());
    for (int i = 0; i < headers.size(); i++) {
      RecordHeader header = headers.get(i);
      int keyBytes = utf8Size(header.key());
      bodyBytes = Math.addExact(bodyBytes, varintSize(keyBytes) + keyBytes);
      bodyBytes = Math.addExact(bodyBytes, nullableSize(header.value()));
    }
    plain.ensureRoom(Math.addExact(bodyBytes, VARINT_BYTES_MAX));
    writeVarint(bodyBytes);
    plain.write(0);
    writeVarlong(timestampDelta);
    writeVarint(count);
    writeNullable(key);
    writeNullable(value);
    writeVarint(headers.size());
    for (int i = 0; i < headers.size(); i++) {
      RecordHeader header = headers.get(i);
      byte[] headerKey = header.key().getBytes(StandardCharsets.UTF_8);
      writeVarint(headerKey.length);
      plain.write(headerKey, 0, headerKey.length);
      writeNullable(header.value());
    }
    maxTimestamp = Math.max(maxTimestamp, timestamp);
    count++;
    return this;
  }

  /// Ends the batch: compresses it, writes the header and the CRC.
  public ByteBuffer build() {
    if (count == 0) {
      throw new IllegalStateException("a batch needs a record");
    }
    GrowingBytes result = plain;
    if (compression != Compression.NONE) {
      compressed.resize(BatchHeader.SIZE_BYTES);
      Compressor.compress(
          compression,
          plain.array(),
          BatchHeader.SIZE_BYTES,
          plain.size() - BatchHeader.SIZE_BYTES,
          compressed);
      result = compressed;
    }
    int sizeBytes = result.size();
    ByteBuffer batch = ByteBuffer.wrap(result.array(), 0, sizeBytes).slice();
    batch.putInt(BatchHeader.LENGTH, sizeBytes - BatchHeader.LENGTH_PREFIX_BYTES);
    batch.put(BatchHeader.MAGIC, BatchHeader.MAGIC_V2);
    batch.putShort(BatchHeader.ATTRIBUTES, (short) (flags | compression.id()));
    batch.putInt(BatchHeader.LAST_OFFSET_DELTA, count - 1);
    batch.putLong(BatchHeader.BASE_TIMESTAMP, baseTimestamp);
    batch.putLong(
        BatchHeader.MAX_TIMESTAMP, (flags & LOG_APPEND_TIME) == 0 ? maxTimestamp : appendTime);
    batch.putLong(BatchHeader.PRODUCER_ID, producerId);
    batch.putShort(BatchHeader.PRODUCER_EPOCH, producerEpoch);
    batch.putInt(BatchHeader.BASE_SEQUENCE, baseSequence);
    batch.putInt(BatchHeader.RECORD_COUNT, count);
    batch.putInt(BatchHeader.CRC, BatchHeader.computeCrc(batch, 0, sizeBytes));
    BatchHeader.stamp(batch, 0, baseOffset, epoch);
    return batch;
  }

  private static int nullableSize(@Nullable ByteBuffer bytes) {
    return bytes == null ? 1 : Math.addExact(varintSize(bytes.remaining()), bytes.remaining());
  }

  private void writeNullable(@Nullable ByteBuffer bytes) {
    if (bytes == null) {
      writeVarint(-1);
      return;
    }
    int length = bytes.remaining();
    writeVarint(length);
    plain.ensureRoom(length);
    bytes.get(bytes.position(), plain.array(), plain.size(), length);
    plain.resize(plain.size() + length);
  }

  private void writeVarint(int value) {
    writeUnsigned(Integer.toUnsignedLong((value << 1) ^ (value >> 31)));
  }

  private void writeVarlong(long value) {
    writeUnsigned((value << 1) ^ (value >> 63));
  }

  private void writeUnsigned(long value) {
    long rest = value;
    while ((rest & ~0x7FL) != 0) {
      plain.write((int) (rest & 0x7F) | 0x80);
      rest >>>= 7;
    }
    plain.write((int) rest);
  }

  static int varintSize(int value) {
    return unsignedSize(Integer.toUnsignedLong((value << 1) ^ (value >> 31)));
  }

  static int varlongSize(long value) {
    return unsignedSize((value << 1) ^ (value >> 63));
  }

  private static int unsignedSize(long value) {
    return (70 - Long.numberOfLeadingZeros(value | 1)) / 7;
  }

  private static int utf8Size(String text) {
    return text.getBytes(StandardCharsets.UTF_8).length;
  }
}
