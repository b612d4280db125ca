package io.floe.model.batch;

import java.nio.ByteBuffer;

/// Checks a batch that came from outside, before anything relies on it.
///
/// Two levels. [#check] reads only the header and the CRC: the CRC covers everything from the
/// attributes on, so it finds every flipped bit there; of the fields before it, the length and the
/// magic are checked and the base offset, the epoch and the CRC itself are the writer's to stamp or
/// caught by the comparison. [#checkRecords] also decompresses and walks every record, as a broker
/// must that does not trust its producers' encoders.
///
/// A base offset other than 0 is accepted, since the writer overwrites it.
///
/// Thread-safety: stateless; the reader given to [#checkRecords] is not. Errors: none thrown, a
/// refusal is a result.
public final class BatchValidation {
  /// Compression, timestamp type, transactional, control: what a batch may set. Bit 6 (delete
  /// horizon) is for compaction, the rest is undefined.
  private static final int ATTRIBUTES_ALLOWED = 0x3F;

  private BatchValidation() {}

  /// What the check says.
  public sealed interface Result {}

  /// The batch may be appended.
  public record Valid(BatchInfo info) implements Result {}

  /// The batch must not be appended.
  public record Refused(Reason reason, String message) implements Result {}

  /// Why a batch is refused, as far as an edge tells its client.
  public enum Reason {
    /// The bytes end before the batch does, or the length cannot be one.
    TRUNCATED,
    /// Larger than the limit, as it is or decompressed.
    TOO_LARGE,
    /// Another format than v2.
    UNSUPPORTED_MAGIC,
    /// A compression that nobody defined.
    UNSUPPORTED_COMPRESSION,
    /// The CRC does not match.
    CORRUPT,
    /// Header fields or records that contradict each other or that the sender may not set.
    INVALID_RECORD,
    /// The sender claims the log's own time.
    INVALID_TIMESTAMP
  }

  /// Who sent the batch.
  public enum Origin {
    /// A client: may write neither control batches nor the log's timestamps.
    CLIENT,
    /// This cluster.
    INTERNAL
  }

  /// Checks the batch at `position` by its header and CRC.
  ///
  /// @param batchBytesMax the most bytes that a batch may have
  public static Result check(ByteBuffer buffer, int position, int batchBytesMax, Origin origin) {
    int available = buffer.limit() - position;
    if (available < BatchHeader.SIZE_BYTES) {
      return refused(
          Reason.TRUNCATED,
          "batch has " + available + " bytes, a header alone has " + BatchHeader.SIZE_BYTES);
    }
    // The magic first: in older formats the other fields mean something else.
    byte magic = BatchHeader.magic(buffer, position);
    if (magic != BatchHeader.MAGIC_V2) {
      return refused(Reason.UNSUPPORTED_MAGIC, "magic is " + magic + ", must be 2");
    }
    long size =
        (long) buffer.getInt(position + BatchHeader.LENGTH) + BatchHeader.LENGTH_PREFIX_BYTES;
    if (size < BatchHeader.SIZE_BYTES) {
      return refused(
          Reason.TRUNCATED,
          "batch size is " + size + ", must be at least " + BatchHeader.SIZE_BYTES);
    }
    if (size > batchBytesMax) {
      return refused(
          Reason.TOO_LARGE, "batch size is " + size + ", the limit is " + batchBytesMax + " bytes");
    }
    if (size > available) {
      return refused(Reason.TRUNCATED, "batch size is " + size + ", only " + available + " follow");
    }
    int computed = BatchHeader.computeCrc(buffer, position, (int) size);
    int stored = BatchHeader.crc(buffer, position);
    if (computed != stored) {
      return refused(
          Reason.CORRUPT,
          "crc is " + Integer.toHexString(stored) + ", must be " + Integer.toHexString(computed));
    }
    return checkFields(buffer, position, (int) size, origin);
  }

  /// Checks the batch at `position` by its header, CRC and every record: offset deltas must count
  /// from 0 without gaps.
  public static Result checkRecords(
      ByteBuffer buffer, int position, int batchBytesMax, Origin origin, BatchReader reader) {
    Result header = check(buffer, position, batchBytesMax, origin);
    if (header instanceof Refused) {
      return header;
    }
    try {
      RecordCursor cursor = reader.open(buffer, position);
      for (int expected = 0; cursor.next(); expected++) {
        if (cursor.offsetDelta() != expected) {
          return refused(
              Reason.INVALID_RECORD,
              "offset delta is " + cursor.offsetDelta() + ", must be " + expected);
        }
      }
    } catch (InvalidBatchException e) {
      Reason reason =
          e.field().equals(Decompressor.SIZE_FIELD) ? Reason.TOO_LARGE : Reason.INVALID_RECORD;
      return refused(reason, String.valueOf(e.getMessage()));
    }
    return header;
  }

  private static Result checkFields(ByteBuffer buffer, int position, int size, Origin origin) {
    short attributes = BatchHeader.attributes(buffer, position);
    if (!Compression.isKnown(attributes)) {
      return refused(
          Reason.UNSUPPORTED_COMPRESSION,
          "compression is " + (attributes & Compression.ATTRIBUTE_MASK) + ", must be 0 to 4");
    }
    if ((attributes & ~ATTRIBUTES_ALLOWED) != 0) {
      return invalid(
          "attributes are 0x"
              + Integer.toHexString(attributes & 0xFFFF)
              + ", only the bits of 0x3f may be set");
    }
    int count = BatchHeader.recordCount(buffer, position);
    int lastOffsetDelta = BatchHeader.lastOffsetDelta(buffer, position);
    if (count < 1) {
      return invalid("record count is " + count + ", must be at least 1");
    }
    if (lastOffsetDelta != count - 1) {
      return invalid(
          "last offset delta is "
              + lastOffsetDelta
              + ", must be "
              + (count - 1)
              + " for the count");
    }
    if (Compression.of(attributes) == Compression.NONE
        && count > (size - BatchHeader.SIZE_BYTES) / BatchReader.RECORD_BYTES_MIN) {
      return invalid("record count is " + count + ", does not fit in " + size + " bytes");
    }
    boolean isControl = BatchHeader.isControl(buffer, position);
    if (origin == Origin.CLIENT) {
      if (isControl) {
        return invalid("control batches may not be written by clients");
      }
      if (BatchHeader.isLogAppendTime(buffer, position)) {
        return refused(
            Reason.INVALID_TIMESTAMP, "timestamp type is LogAppendTime, only the log may set it");
      }
    }
    return checkProducer(buffer, position, isControl);
  }

  private static Result checkProducer(ByteBuffer buffer, int position, boolean isControl) {
    long producerId = BatchHeader.producerId(buffer, position);
    if (producerId < BatchHeader.NO_PRODUCER_ID) {
      return invalid("producer id is " + producerId + ", must be -1 or more");
    }
    if (producerId == BatchHeader.NO_PRODUCER_ID) {
      if (BatchHeader.isTransactional(buffer, position)) {
        return invalid("a transactional batch needs a producer id");
      }
    } else {
      short producerEpoch = BatchHeader.producerEpoch(buffer, position);
      if (producerEpoch < 0) {
        return invalid("producer epoch is " + producerEpoch + ", must be 0 or more");
      }
      int baseSequence = BatchHeader.baseSequence(buffer, position);
      if (baseSequence < 0 && !isControl) {
        return invalid("base sequence is " + baseSequence + ", must be 0 or more");
      }
    }
    return new Valid(BatchInfo.of(buffer, position));
  }

  private static Refused invalid(String message) {
    return refused(Reason.INVALID_RECORD, message);
  }

  private static Refused refused(Reason reason, String message) {
    return new Refused(reason, message);
  }
}
