package io.floe.model.batch;

import java.nio.ByteBuffer;

/// Reads the records of batches, one batch at a time, decompressing into memory that it keeps.
///
/// The bytes need not be trusted: every length is checked against what is there, and the
/// decompressed size against a limit. What it does not check is the CRC (see [BatchValidation]).
///
/// Ownership: the cursor and all slices that it gives are valid until the next [#open]. Slices of
/// an uncompressed batch share the given buffer, those of a compressed one the reader's memory.
///
/// Thread-safety: none; one reader per thread.
public final class BatchReader {
  /// Bytes of the smallest record: length, attributes, two deltas, two null lengths, header count.
  static final int RECORD_BYTES_MIN = 7;

  private final Decompressor decompressor;
  private final RecordCursor cursor = new RecordCursor();

  /// @param decompressedBytesMax the most bytes that the records of one batch may decompress to
  public BatchReader(int decompressedBytesMax) {
    // The upper bound leaves room for doubling an array.
    if (decompressedBytesMax < 1 || decompressedBytesMax > 1 << 30) {
      throw new IllegalArgumentException(
          "decompressedBytesMax is " + decompressedBytesMax + ", must be 1 to " + (1 << 30));
    }
    this.decompressor = new Decompressor(decompressedBytesMax);
  }

  /// Opens the batch at `position` (absolute; the buffer's own position is not used).
  ///
  /// Errors: [InvalidBatchException], here for the header and the decompression, from the cursor
  /// for the records.
  public RecordCursor open(ByteBuffer buffer, int position) {
    int available = buffer.limit() - position;
    if (available < BatchHeader.SIZE_BYTES) {
      throw new InvalidBatchException(
          "batch", "ends early: " + available + " bytes, a header has " + BatchHeader.SIZE_BYTES);
    }
    byte magic = BatchHeader.magic(buffer, position);
    if (magic != BatchHeader.MAGIC_V2) {
      throw new InvalidBatchException("magic", magic, "must be 2");
    }
    long sizeBytes =
        (long) buffer.getInt(position + BatchHeader.LENGTH) + BatchHeader.LENGTH_PREFIX_BYTES;
    if (sizeBytes < BatchHeader.SIZE_BYTES || sizeBytes > available) {
      throw new InvalidBatchException(
          "batch size", sizeBytes, "must be " + BatchHeader.SIZE_BYTES + " to " + available);
    }
    Compression compression = Compression.of(BatchHeader.attributes(buffer, position));
    int recordsStart = position + BatchHeader.SIZE_BYTES;
    int recordsBytes = (int) sizeBytes - BatchHeader.SIZE_BYTES;
    int count = BatchHeader.recordCount(buffer, position);
    if (count < 0) {
      throw new InvalidBatchException("record count", count, "must not be negative");
    }
    ByteBuffer records = buffer;
    int start = recordsStart;
    int end = recordsStart + recordsBytes;
    // A batch that compaction emptied has no records, and no compressed stream either.
    if (compression != Compression.NONE && !(count == 0 && recordsBytes == 0)) {
      decompressor.decompress(compression, buffer, recordsStart, recordsBytes);
      records = decompressor.view();
      start = 0;
      end = decompressor.sizeBytes();
    }
    if (count > (end - start) / RECORD_BYTES_MIN) {
      throw new InvalidBatchException(
          "record count", count, "does not fit in " + (end - start) + " bytes of records");
    }
    cursor.reset(buffer, position, records, start, end);
    return cursor;
  }
}
