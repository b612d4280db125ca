package io.floe.storage;

import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;

/// A recovered segment together with what the store needs to read it, carry it and seal it.
///
/// Thread-safety: immutable.
record RecoveredTail(
    RecoveredSegment segment,
    StoredSegment stored,
    SparseIndex index,
    long position,
    boolean isRecorded)
    implements StoreThread.Journaled {

  @Override
  public int carriedBytesMax() {
    return TailRecord.HEADER_BYTES;
  }

  /// Without an image: nothing writes to the segment.
  @Override
  public void putCarried(ByteBuffer target) {
    if (!isRecorded) {
      return;
    }
    TailRecord.put(
        target,
        segment.spec(),
        true,
        segment.endOffset(),
        position,
        segment.digest(),
        segment.endOffset(),
        position,
        segment.digest(),
        MemorySegment.NULL);
  }
}
