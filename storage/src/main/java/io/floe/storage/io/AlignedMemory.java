package io.floe.storage.io;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/// Native memory at page boundaries, as direct transfers need it.
///
/// Ownership: the memory is the arena's and is freed with it. Operations of [StorageIo] may run on
/// another thread than the one that submits, so a confined arena will not do: take
/// [Arena#ofShared()], once for a large chunk, because closing a shared arena stops every thread
/// for a moment.
public final class AlignedMemory {
  /// What suffices for every common disk: a page, and a physical sector of 4 KiB.
  public static final int ALIGNMENT_BYTES = 4096;

  private AlignedMemory() {}

  /// Zeroed memory at a multiple of [#ALIGNMENT_BYTES].
  ///
  /// @param sizeBytes any positive size; it is not rounded up
  public static MemorySegment allocate(Arena arena, long sizeBytes) {
    return allocate(arena, sizeBytes, ALIGNMENT_BYTES);
  }

  /// Zeroed memory at a multiple of `alignmentBytes`, for a file whose
  /// [StorageFile#alignmentBytes()] is larger than a page.
  public static MemorySegment allocate(Arena arena, long sizeBytes, int alignmentBytes) {
    if (sizeBytes <= 0) {
      throw new IllegalArgumentException("sizeBytes is " + sizeBytes + ", must be positive");
    }
    return arena.allocate(sizeBytes, Math.max(alignmentBytes, ALIGNMENT_BYTES));
  }

  /// The smallest multiple of `alignmentBytes` (a power of two) that is not below `bytes`.
  public static long roundUp(long bytes, int alignmentBytes) {
    return (bytes + alignmentBytes - 1) & -(long) alignmentBytes;
  }

  /// The largest multiple of `alignmentBytes` (a power of two) that is not above `bytes`.
  public static long roundDown(long bytes, int alignmentBytes) {
    return bytes & -(long) alignmentBytes;
  }
}
