package io.floe.model.batch;

import java.nio.ByteBuffer;
import java.util.zip.CRC32C;

/// The fixed header of a record batch, read and patched in place.
///
/// ```
///   0              8        12       16  17       21      23        27
///   +--------------+--------+--------+---+--------+-------+---------+
///   | base offset  | length | epoch  |mag| crc32c | attrs | last    |
///   |              |        |        | 2 |        |       | offset d|
///   +--------------+--------+--------+---+--------+-------+---------+
///   27               35              43            51    53         57       61
///   +----------------+---------------+-------------+-----+----------+--------+---------
///   | base timestamp | max timestamp | producer id | p.e.| base seq | count  | records…
///   +----------------+---------------+-------------+-----+----------+--------+---------
/// ```
///
/// All numbers are big-endian. `length` counts the bytes after itself. The CRC covers everything
/// from `attrs` to the end: base offset and epoch are outside it, which is what lets a writer stamp
/// a client's batch without touching its payload, and why [ChainDigest] exists.
///
/// Units: positions are byte positions in the given buffer, independent of its position and limit;
/// the buffer must be big-endian (the default of every `ByteBuffer`).
///
/// Thread-safety: stateless. Errors: none here; [BatchValidation] says what is wrong with untrusted
/// bytes.
///
/// Source: Kafka protocol guide, "Record Batch".
public final class BatchHeader {
  public static final int BASE_OFFSET = 0;
  public static final int LENGTH = 8;
  public static final int EPOCH = 12;
  public static final int MAGIC = 16;
  public static final int CRC = 17;
  public static final int ATTRIBUTES = 21;
  public static final int LAST_OFFSET_DELTA = 23;
  public static final int BASE_TIMESTAMP = 27;
  public static final int MAX_TIMESTAMP = 35;
  public static final int PRODUCER_ID = 43;
  public static final int PRODUCER_EPOCH = 51;
  public static final int BASE_SEQUENCE = 53;
  public static final int RECORD_COUNT = 57;

  /// Bytes of the whole header.
  public static final int SIZE_BYTES = 61;

  /// Bytes before the part that `length` counts.
  public static final int LENGTH_PREFIX_BYTES = 12;

  public static final byte MAGIC_V2 = 2;

  /// The producer id of a batch whose producer is not idempotent.
  public static final long NO_PRODUCER_ID = -1;

  private BatchHeader() {}

  public static long baseOffset(ByteBuffer buffer, int position) {
    return buffer.getLong(position + BASE_OFFSET);
  }

  /// Bytes of the whole batch, header included.
  public static int sizeBytes(ByteBuffer buffer, int position) {
    return buffer.getInt(position + LENGTH) + LENGTH_PREFIX_BYTES;
  }

  public static int epoch(ByteBuffer buffer, int position) {
    return buffer.getInt(position + EPOCH);
  }

  public static byte magic(ByteBuffer buffer, int position) {
    return buffer.get(position + MAGIC);
  }

  public static int crc(ByteBuffer buffer, int position) {
    return buffer.getInt(position + CRC);
  }

  public static short attributes(ByteBuffer buffer, int position) {
    return buffer.getShort(position + ATTRIBUTES);
  }

  public static int lastOffsetDelta(ByteBuffer buffer, int position) {
    return buffer.getInt(position + LAST_OFFSET_DELTA);
  }

  /// The offset after the batch's last record.
  public static long nextOffset(ByteBuffer buffer, int position) {
    return baseOffset(buffer, position) + lastOffsetDelta(buffer, position) + 1;
  }

  public static long baseTimestamp(ByteBuffer buffer, int position) {
    return buffer.getLong(position + BASE_TIMESTAMP);
  }

  public static long maxTimestamp(ByteBuffer buffer, int position) {
    return buffer.getLong(position + MAX_TIMESTAMP);
  }

  public static long producerId(ByteBuffer buffer, int position) {
    return buffer.getLong(position + PRODUCER_ID);
  }

  public static short producerEpoch(ByteBuffer buffer, int position) {
    return buffer.getShort(position + PRODUCER_EPOCH);
  }

  public static int baseSequence(ByteBuffer buffer, int position) {
    return buffer.getInt(position + BASE_SEQUENCE);
  }

  public static int recordCount(ByteBuffer buffer, int position) {
    return buffer.getInt(position + RECORD_COUNT);
  }

  public static boolean isTransactional(ByteBuffer buffer, int position) {
    return (attributes(buffer, position) & 0x10) != 0;
  }

  public static boolean isControl(ByteBuffer buffer, int position) {
    return (attributes(buffer, position) & 0x20) != 0;
  }

  public static boolean isLogAppendTime(ByteBuffer buffer, int position) {
    return (attributes(buffer, position) & 0x08) != 0;
  }

  /// Stamps what the writer decides. The CRC stays as the producer made it.
  public static void stamp(ByteBuffer buffer, int position, long baseOffset, int epoch) {
    buffer.putLong(position + BASE_OFFSET, baseOffset);
    buffer.putInt(position + EPOCH, epoch);
  }

  /// The CRC that the bytes of a batch of `sizeBytes` bytes should carry.
  public static int computeCrc(ByteBuffer buffer, int position, int sizeBytes) {
    CRC32C crc = new CRC32C();
    crc.update(buffer.slice(position + ATTRIBUTES, sizeBytes - ATTRIBUTES));
    return (int) crc.getValue();
  }
}
