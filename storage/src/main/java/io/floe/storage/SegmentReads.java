package io.floe.storage;

import io.floe.model.SegmentId;
import org.jspecify.annotations.Nullable;

/// The read side of a store. Methods may read the disk; call them on a thread that may block.
///
/// Thread-safety: any thread. Errors: [StoreException] with DAMAGED when the wanted bytes lie in a
/// damaged range ([StoreException#readableFrom()] says where to go on), IO when the segment is not
/// here.
public interface SegmentReads {

  /// Whole batches from the one that holds `offset`, ending at or before `endOffset`, which is a
  /// batch boundary (the high watermark, or the segment's end).
  ///
  /// @param maxBytes bound on the slice; the first batch is whole even if larger
  LogSlice read(SegmentId segment, long offset, long endOffset, int maxBytes) throws StoreException;

  /// First record with a timestamp ≥ `timestamp` and an offset < `endOffset`, or null. Exact:
  /// batches are decoded.
  @Nullable Found firstAtOrAfter(SegmentId segment, long timestamp, long endOffset)
      throws StoreException;

  /// Record with the largest timestamp below `endOffset` (the first of equals), or null when there
  /// is none.
  @Nullable Found maxTimestamp(SegmentId segment, long endOffset) throws StoreException;

  /// Bytes between two offsets by the sparse index: exact at batch boundaries that are indexed or
  /// in the tail, otherwise to within one index interval.
  long bytesBetween(SegmentId segment, long fromOffset, long toOffset) throws StoreException;

  /// A record's place and time.
  record Found(long offset, long timestamp) {}
}
