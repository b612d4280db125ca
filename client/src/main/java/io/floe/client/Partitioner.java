package io.floe.client;

/// Chooses partitions as Kafka's own producers do by default, so that records with one key land
/// together whoever writes them.
///
/// Source: the default partitioning of Kafka's Java client: the 32-bit MurmurHash2 (Austin Appleby,
/// public domain) of the key's bytes with seed 0x9747b28c, its sign bit cleared, modulo the number
/// of partitions.
final class Partitioner {
  private static final int SEED = 0x9747b28c;
  private static final int MULTIPLIER = 0x5bd1e995;
  private static final int SHIFT = 24;

  private Partitioner() {}

  static int partitionOf(byte[] key, int partitions) {
    return (murmur2(key) & Integer.MAX_VALUE) % partitions;
  }

  static int murmur2(byte[] bytes) {
    int hash = SEED ^ bytes.length;
    int whole = bytes.length & ~3;
    for (int at = 0; at < whole; at += 4) {
      int word =
          (bytes[at] & 0xff)
              | (bytes[at + 1] & 0xff) << 8
              | (bytes[at + 2] & 0xff) << 16
              | (bytes[at + 3] & 0xff) << 24;
      word *= MULTIPLIER;
      word ^= word >>> SHIFT;
      hash = hash * MULTIPLIER ^ word * MULTIPLIER;
    }
    int left = bytes.length - whole;
    if (left > 0) {
      for (int i = left - 1; i >= 0; i--) {
        hash ^= (bytes[whole + i] & 0xff) << (8 * i);
      }
      hash *= MULTIPLIER;
    }
    hash ^= hash >>> 13;
    hash *= MULTIPLIER;
    return hash ^ hash >>> 15;
  }
}
