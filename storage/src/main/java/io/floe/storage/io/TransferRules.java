package io.floe.storage.io;

import java.lang.foreign.MemorySegment;

/// What every implementation refuses before it touches the disk, so that a caller's mistake looks
/// the same whichever is in use.
public final class TransferRules {
  /// The longest transfer of one Linux system call.
  ///
  /// Source: `MAX_RW_COUNT` in `linux/fs.h`, for pages of 4 KiB.
  public static final int TRANSFER_BYTES_MAX = 0x7ffff000;

  private TransferRules() {}

  /// Refuses a position, length or memory that no implementation can take.
  ///
  /// @throws IllegalArgumentException naming what is wrong, its value and the limit
  public static void check(StorageFile file, long position, MemorySegment memory) {
    long sizeBytes = memory.byteSize();
    if (position < 0 || sizeBytes > TRANSFER_BYTES_MAX || !memory.isNative()) {
      refuse(file, position, memory);
    }
    long misaligned = (position | sizeBytes | memory.address()) & (file.alignmentBytes() - 1L);
    if (misaligned != 0) {
      refuse(file, position, memory);
    }
  }

  /// Also checks that a read may write to its target.
  public static void checkTarget(StorageFile file, long position, MemorySegment target) {
    check(file, position, target);
    if (target.isReadOnly()) {
      throw new IllegalArgumentException("target of a read from " + file.path() + " is read-only");
    }
  }

  private static void refuse(StorageFile file, long position, MemorySegment memory) {
    if (!memory.isNative()) {
      throw new IllegalArgumentException(
          "memory of a transfer to or from " + file.path() + " is on the heap, must be native");
    }
    refuseUnless(position >= 0, file, "position", position, "must not be negative");
    refuseUnless(
        memory.byteSize() <= TRANSFER_BYTES_MAX,
        file,
        "length",
        memory.byteSize(),
        "must not exceed " + TRANSFER_BYTES_MAX);
    String limit = "must be a multiple of " + file.alignmentBytes() + " for a direct file";
    long mask = file.alignmentBytes() - 1L;
    refuseUnless((position & mask) == 0, file, "position", position, limit);
    refuseUnless((memory.byteSize() & mask) == 0, file, "length", memory.byteSize(), limit);
    refuseUnless((memory.address() & mask) == 0, file, "memory address", memory.address(), limit);
  }

  private static void refuseUnless(
      boolean isRight, StorageFile file, String field, long value, String limit) {
    if (!isRight) {
      throw new IllegalArgumentException(
          field + " " + value + " of a transfer to or from " + file.path() + " " + limit);
    }
  }
}
