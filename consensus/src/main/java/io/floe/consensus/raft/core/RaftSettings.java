package io.floe.consensus.raft.core;

/// Bounds and times of a core. All members of a group need the same tick and election timeout.
///
/// @param electionTicks shortest election timeout; drawn between this and twice this (Raft paper
///   §9.3). Voters ignore candidates for so long after they heard from a leader
/// @param heartbeatTicks between heartbeats
/// @param appendBytesMax of the encoded entries of one message; with the head below a frame of 192
///   KiB
/// @param appendsInFlightMax messages with entries to one follower that are not acked
/// @param appendBytesInFlightMax their bytes
/// @param commandBytesMax of one command
/// @param uncommittedBytesMax of entries that a leader took and did not commit
/// @param readsMax open reads
/// @param chunkBytes of a snapshot in one message
/// @param snapshotBytesMax a larger one is not accepted
/// @param resendTicks without progress until a chunk is sent again
/// @param tailEntriesMax entries that stay behind a snapshot, for slow followers
/// @param tailBytesMax their bytes
/// @param promotionLagEntriesMax how far behind the commit index an observer may be promoted
public record RaftSettings(
    int electionTicks,
    int heartbeatTicks,
    int appendBytesMax,
    int appendsInFlightMax,
    int appendBytesInFlightMax,
    int commandBytesMax,
    int uncommittedBytesMax,
    int readsMax,
    int chunkBytes,
    int snapshotBytesMax,
    int resendTicks,
    int tailEntriesMax,
    int tailBytesMax,
    int promotionLagEntriesMax) {
  private static final int KIB = 1024;

  /// For ticks of 50 to 100 ms.
  public static final RaftSettings DEFAULT =
      new RaftSettings(
          10,
          2,
          160 * KIB,
          32,
          2_048 * KIB,
          128 * KIB,
          16_384 * KIB,
          10_000,
          128 * KIB,
          1 << 30,
          6,
          5_000,
          16_384 * KIB,
          100);

  public RaftSettings {
    atLeast("heartbeatTicks", heartbeatTicks, 1);
    atLeast("electionTicks", electionTicks, 2 * heartbeatTicks);
    atLeast("commandBytesMax", commandBytesMax, 1);
    atLeast("appendBytesMax", appendBytesMax, commandBytesMax + RaftCodec.ENTRY_OVERHEAD_BYTES_MAX);
    atLeast("appendsInFlightMax", appendsInFlightMax, 1);
    atLeast("appendBytesInFlightMax", appendBytesInFlightMax, 1);
    atLeast("uncommittedBytesMax", uncommittedBytesMax, 1);
    atLeast("readsMax", readsMax, 1);
    atLeast("chunkBytes", chunkBytes, 1);
    atLeast("snapshotBytesMax", snapshotBytesMax, 1);
    atLeast("resendTicks", resendTicks, 1);
    atLeast("tailEntriesMax", tailEntriesMax, 0);
    atLeast("tailBytesMax", tailBytesMax, 0);
    atLeast("promotionLagEntriesMax", promotionLagEntriesMax, 0);
  }

  private static void atLeast(String name, int value, int min) {
    if (value < min) {
      throw new IllegalArgumentException(name + " is " + value + ", below " + min);
    }
  }
}
