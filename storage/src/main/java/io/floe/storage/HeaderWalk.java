package io.floe.storage;

import io.floe.model.batch.BatchHeader;
import io.floe.model.batch.ChainDigest;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// Steps from batch header to batch header through verified bytes, in memory where they are, else
/// in the file.
///
/// The caller holds a pin of the segment. Thread-safety: none.
final class HeaderWalk {
  private static final int WINDOW_BYTES = 16 << 10;

  private final StoredSegment segment;
  private final long limit;
  private final ByteBuffer header = ByteBuffer.allocate(BatchHeader.SIZE_BYTES);
  private @Nullable ByteBuffer window;
  private long windowStart;
  private int windowLength;

  private long position;
  private long offset;
  private long digest;
  private long maxTimestamp;

  private int sizeBytes;
  private long nextOffset;
  private long batchMaxTimestamp;

  /// Starts at an index entry.
  ///
  /// @param limit position where the readable bytes end
  HeaderWalk(StoredSegment segment, SparseIndex.Entry entry, long limit) {
    this.segment = segment;
    this.limit = limit;
    this.position = entry.position();
    this.offset = entry.offset();
    this.digest = entry.digest();
    this.maxTimestamp = entry.maxTimestampBefore();
  }

  /// Position of the current batch.
  long position() {
    return position;
  }

  /// Base offset of the current batch.
  long offset() {
    return offset;
  }

  /// Digest of what lies before the current batch.
  long digest() {
    return digest;
  }

  /// Largest timestamp before the current batch.
  long maxTimestamp() {
    return maxTimestamp;
  }

  int sizeBytes() {
    return sizeBytes;
  }

  long nextOffset() {
    return nextOffset;
  }

  long batchMaxTimestamp() {
    return batchMaxTimestamp;
  }

  /// Reads the header at the position. False at the limit.
  boolean look() throws IOException, StoreException {
    if (position >= limit) {
      return false;
    }
    readHeader();
    sizeBytes = BatchHeader.sizeBytes(header, 0);
    nextOffset = BatchHeader.nextOffset(header, 0);
    batchMaxTimestamp = BatchHeader.maxTimestamp(header, 0);
    boolean isSane =
        sizeBytes >= BatchHeader.SIZE_BYTES
            && BatchHeader.baseOffset(header, 0) == offset
            && nextOffset > offset
            && position + sizeBytes <= limit;
    if (!isSane) {
      throw new StoreException(
          StoreException.Category.DAMAGED,
          segment.path
              + " at position "
              + position
              + " does not hold the batch of offset "
              + offset);
    }
    return true;
  }

  /// Goes behind the batch that was looked at.
  void step() {
    digest =
        ChainDigest.next(
            digest, offset, BatchHeader.epoch(header, 0), sizeBytes, BatchHeader.crc(header, 0));
    maxTimestamp = Math.max(maxTimestamp, batchMaxTimestamp);
    position += sizeBytes;
    offset = nextOffset;
  }

  private void readHeader() throws IOException, StoreException {
    long end = position + BatchHeader.SIZE_BYTES;
    ByteBuffer loaded = window;
    if (loaded != null && position >= windowStart && end <= windowStart + windowLength) {
      header.put(0, loaded, (int) (position - windowStart), BatchHeader.SIZE_BYTES);
      return;
    }
    List<TailChunk> pinned = segment.cache.pin(position, end);
    if (pinned != null) {
      copy(pinned, position, header);
      return;
    }
    if (loaded == null) {
      loaded = ByteBuffer.allocateDirect(WINDOW_BYTES);
      window = loaded;
    }
    loaded.clear();
    windowStart = position;
    int read = 0;
    while (loaded.hasRemaining() && read >= 0) {
      read = segment.channel().read(loaded, windowStart + loaded.position());
    }
    windowLength = loaded.position();
    if (windowLength < BatchHeader.SIZE_BYTES) {
      throw new StoreException(
          StoreException.Category.DAMAGED,
          segment.path + " ends at position " + (windowStart + windowLength));
    }
    header.put(0, loaded, 0, BatchHeader.SIZE_BYTES);
  }

  /// Copies from pinned chunks into the whole of a buffer and releases them.
  static void copy(List<TailChunk> pinned, long from, ByteBuffer target) {
    int done = 0;
    for (TailChunk chunk : pinned) {
      int at = (int) (from + done - chunk.position());
      int part = Math.min(target.capacity() - done, chunk.sizeBytes() - at);
      target.put(done, chunk.bytes, at, part);
      done += part;
      chunk.release();
    }
  }
}
