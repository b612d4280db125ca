package io.floe.storage;

/// What tests set otherwise than users ever would.
///
/// @param journalBytes first size of each file of the tail journal
/// @param idleNanos how long a segment is not used before its file is closed
/// @param ioDepth operations in flight
record StoreTuning(long journalBytes, long idleNanos, int ioDepth) {
  /// 16 MiB: at the fullest, some two hundred groups of sixteen segments between two switches.
  static final StoreTuning DEFAULT = new StoreTuning(16L << 20, 30_000_000_000L, 256);
}
