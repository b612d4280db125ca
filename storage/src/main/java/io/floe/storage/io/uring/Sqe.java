package io.floe.storage.io.uring;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/// Codec of a submission queue entry, `struct io_uring_sqe` of `linux/io_uring.h`, written as eight
/// little-endian words:
///
/// ```
/// byte  0        1        2        4                      8
///    0  | opcode | flags  | ioprio | fd                   |
///    8  | position in the file                            |
///   16  | address of the memory                           |
///   24  | length                   | flags of the opcode  |
///   32  | user data                                       |
///   40  | buffer, personality, splice, …: zero            |
/// ```
final class Sqe {
  private static final long INT_MASK = 0xFFFF_FFFFL;

  private Sqe() {}

  /// Writes one entry; words that an earlier entry left are overwritten.
  static void encode(
      MemorySegment entries,
      long at,
      int opcode,
      int descriptor,
      long position,
      long address,
      int length,
      int opcodeFlags,
      long userData) {
    entries.set(ValueLayout.JAVA_LONG, at, opcode | (long) descriptor << 32);
    entries.set(ValueLayout.JAVA_LONG, at + 8, position);
    entries.set(ValueLayout.JAVA_LONG, at + 16, address);
    entries.set(ValueLayout.JAVA_LONG, at + 24, (length & INT_MASK) | (long) opcodeFlags << 32);
    entries.set(ValueLayout.JAVA_LONG, at + 32, userData);
    entries.set(ValueLayout.JAVA_LONG, at + 40, 0L);
    entries.set(ValueLayout.JAVA_LONG, at + 48, 0L);
    entries.set(ValueLayout.JAVA_LONG, at + 56, 0L);
  }
}
