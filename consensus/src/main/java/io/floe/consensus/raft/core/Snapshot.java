package io.floe.consensus.raft.core;

/// The state machine's bytes at a place of the log, and the membership there (Raft thesis §5.1).
///
/// @param lastIndex of the last entry that it covers; 0 for [#NONE]
/// @param lastTerm of that entry
/// @param membership the latest one at or before `lastIndex`
/// @param data of the state machine, client sessions included
public record Snapshot(long lastIndex, long lastTerm, Membership membership, Payload data) {
  /// Nothing: the state machine begins empty.
  public static final Snapshot NONE = new Snapshot(0, 0, Membership.NONE, Payload.EMPTY);

  public Snapshot {
    if (lastIndex < 0 || lastTerm < 0 || (lastIndex == 0) != (lastTerm == 0)) {
      throw new IllegalArgumentException("snapshot at " + lastIndex + " of term " + lastTerm);
    }
  }

  @Override
  public String toString() {
    return "snapshot at " + lastIndex + "@" + lastTerm + ", " + data;
  }
}
