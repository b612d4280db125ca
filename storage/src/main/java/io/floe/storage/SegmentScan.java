package io.floe.storage;

import io.floe.model.batch.BatchHeader;
import io.floe.model.batch.ChainDigest;
import java.io.IOException;
import java.nio.ByteBuffer;

/// Steps through the batches of a segment file and verifies each: size, format, continuity, epoch,
/// CRC. Makes the index and the chain digest on the way.
///
/// Thread-safety: none.
final class SegmentScan {
  static final int WINDOW_BYTES = 1 << 20;

  /// In place of an epoch: batches may have any, and leave offsets out, as in a log that no store
  /// of ours wrote.
  static final int FOREIGN = Integer.MIN_VALUE;

  /// What is wrong with the bytes at [#position()].
  enum Finding {
    VALID,
    /// The file, or the part of it that counts, ends inside the batch.
    TRUNCATED,
    SIZE,
    MAGIC,
    OFFSET,
    EPOCH,
    CRC
  }

  private final ByteWindow window;
  private final int epoch;
  private final int indexIntervalBytes;
  private final SparseIndex index = new SparseIndex();

  private long limit;
  private long position;
  private long offset;
  private long digest;
  private long maxTimestamp = SparseIndex.NO_TIMESTAMP;
  private long indexedPosition = -1;

  SegmentScan(
      ByteWindow window,
      long limit,
      long baseOffset,
      int epoch,
      long digest,
      int indexIntervalBytes) {
    this.window = window;
    this.limit = limit;
    this.offset = baseOffset;
    this.epoch = epoch;
    this.digest = digest;
    this.indexIntervalBytes = indexIntervalBytes;
  }

  long position() {
    return position;
  }

  /// Offset that the batch at the position must have.
  long offset() {
    return offset;
  }

  long digest() {
    return digest;
  }

  long maxTimestamp() {
    return maxTimestamp;
  }

  SparseIndex index() {
    return index;
  }

  void limit(long newLimit) {
    limit = newLimit;
  }

  boolean isAtLimit() {
    return position >= limit;
  }

  /// Goes on at a place that is known otherwise; the next batch gets an index entry.
  void jump(long toPosition, long toOffset, long toDigest) {
    position = toPosition;
    offset = toOffset;
    digest = toDigest;
    indexedPosition = -1;
  }

  /// Verifies the batch at the position and steps over it if it is valid.
  Finding next() throws IOException, StoreException {
    Finding finding = check(position, offset, epoch == FOREIGN ? Long.MAX_VALUE - 1 : offset);
    if (finding == Finding.VALID) {
      ByteBuffer bytes = window.bytes();
      int at = window.at(position);
      if (indexedPosition < 0 || position - indexedPosition >= indexIntervalBytes) {
        index.add(offset, position, digest, maxTimestamp);
        indexedPosition = position;
      }
      int sizeBytes = BatchHeader.sizeBytes(bytes, at);
      maxTimestamp = Math.max(maxTimestamp, BatchHeader.maxTimestamp(bytes, at));
      digest =
          ChainDigest.next(
              digest,
              BatchHeader.baseOffset(bytes, at),
              BatchHeader.epoch(bytes, at),
              sizeBytes,
              BatchHeader.crc(bytes, at));
      offset = BatchHeader.nextOffset(bytes, at);
      position += sizeBytes;
    }
    return finding;
  }

  /// Looks for the next valid batch behind a bad one and goes there. False when there is none
  /// before the limit; then nothing moved.
  ///
  /// @param offsetMax its base offset is at most this
  boolean skipDamage(long offsetMax) throws IOException, StoreException {
    for (long at = position + 1; at + BatchHeader.SIZE_BYTES <= limit; at++) {
      if (!window.has(at, BatchHeader.SIZE_BYTES)) {
        // The file ends before the limit: each further byte would be one more futile read.
        return false;
      }
      if (check(at, offset + 1, offsetMax) == Finding.VALID) {
        long found = BatchHeader.baseOffset(window.bytes(), window.at(at));
        jump(at, found, digest);
        return true;
      }
    }
    return false;
  }

  private Finding check(long at, long offsetMin, long offsetMax)
      throws IOException, StoreException {
    if (at + BatchHeader.SIZE_BYTES > limit || !window.has(at, BatchHeader.SIZE_BYTES)) {
      return Finding.TRUNCATED;
    }
    ByteBuffer bytes = window.bytes();
    int start = window.at(at);
    // Cheap checks first: a search for the end of a damage tries every byte.
    if (BatchHeader.magic(bytes, start) != BatchHeader.MAGIC_V2) {
      return Finding.MAGIC;
    }
    if (epoch != FOREIGN && BatchHeader.epoch(bytes, start) != epoch) {
      return Finding.EPOCH;
    }
    long baseOffset = BatchHeader.baseOffset(bytes, start);
    if (baseOffset < offsetMin || baseOffset > offsetMax) {
      return Finding.OFFSET;
    }
    long sizeBytes =
        (long) bytes.getInt(start + BatchHeader.LENGTH) + BatchHeader.LENGTH_PREFIX_BYTES;
    if (sizeBytes < BatchHeader.SIZE_BYTES || BatchHeader.lastOffsetDelta(bytes, start) < 0) {
      return Finding.SIZE;
    }
    if (at + sizeBytes > limit || sizeBytes > Integer.MAX_VALUE - (2 << 20)) {
      return Finding.TRUNCATED;
    }
    if (!window.has(at, (int) sizeBytes)) {
      return Finding.TRUNCATED;
    }
    bytes = window.bytes();
    start = window.at(at);
    return BatchHeader.computeCrc(bytes, start, (int) sizeBytes) == BatchHeader.crc(bytes, start)
        ? Finding.VALID
        : Finding.CRC;
  }
}
