package io.floe.model.batch;

/// The running digest of a segment: one 64-bit number over (base offset, epoch, length, CRC) of
/// every batch so far, in order.
///
/// It covers the stamped header fields that a batch's own CRC does not, and it is what tells live
/// bytes from stale ones in a recycled file. Each step is XXH64 of the 24 bytes {base offset,
/// epoch, length, CRC, 0} as little-endian words, seeded with the digest before; a segment starts
/// from [#start(long)] of its id, so that equal bytes in two segments have different digests.
///
/// Thread-safety: stateless. Source: XXH64 specification (a 24-byte input takes the short path:
/// three 8-byte lanes).
public final class ChainDigest {
  private static final long PRIME_1 = 0x9E3779B185EBCA87L;
  private static final long PRIME_2 = 0xC2B2AE3D27D4EB4FL;
  private static final long PRIME_3 = 0x165667B19E3779F9L;
  private static final long PRIME_4 = 0x85EBCA77C2B2AE63L;
  private static final long PRIME_5 = 0x27D4EB2F165667C5L;

  private ChainDigest() {}

  /// The digest of a segment without a batch.
  public static long start(long segmentId) {
    return xxh64(segmentId, 0, 0, 0);
  }

  /// The digest after one more batch.
  public static long next(long digest, long baseOffset, int epoch, int sizeBytes, int crc) {
    long middle = (epoch & 0xFFFFFFFFL) | ((long) sizeBytes << 32);
    return xxh64(baseOffset, middle, crc & 0xFFFFFFFFL, digest);
  }

  /// XXH64 of three little-endian lanes.
  static long xxh64(long lane0, long lane1, long lane2, long seed) {
    long hash = seed + PRIME_5 + 24;
    hash = lane(hash, lane0);
    hash = lane(hash, lane1);
    hash = lane(hash, lane2);
    hash ^= hash >>> 33;
    hash *= PRIME_2;
    hash ^= hash >>> 29;
    hash *= PRIME_3;
    hash ^= hash >>> 32;
    return hash;
  }

  private static long lane(long hash, long lane) {
    long mixed = Long.rotateLeft(lane * PRIME_2, 31) * PRIME_1;
    return Long.rotateLeft(hash ^ mixed, 27) * PRIME_1 + PRIME_4;
  }
}
