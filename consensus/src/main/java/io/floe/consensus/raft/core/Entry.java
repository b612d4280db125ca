package io.floe.consensus.raft.core;

/// One place of the log. Index and term together name its content: no two entries of a group have
/// both in common and differ (Raft paper §5.3, Log Matching).
///
/// @param index 1 is the first
/// @param term of the leader that made it
/// @param payload opaque for a [Kind#COMMAND], a [Membership] for a [Kind#CONFIG], empty for a
///   [Kind#NOOP]
public record Entry(long index, long term, Kind kind, Payload payload) {

  /// What an entry is for.
  public enum Kind {
    /// Begins a term, so that the leader has an entry of its own to commit (Raft thesis §6.4).
    NOOP,
    /// A [Membership]; holds from the moment when it is in the log (Raft thesis §4.1).
    CONFIG,
    /// For the state machine.
    COMMAND
  }

  public Entry {
    if (index < 1 || term < 1) {
      throw new IllegalArgumentException("entry " + index + " of term " + term);
    }
  }

  /// Bytes that it takes in a message, at most.
  int encodedBytesMax() {
    return payload.sizeBytes() + RaftCodec.ENTRY_OVERHEAD_BYTES_MAX;
  }

  @Override
  public String toString() {
    return index + "@" + term + (kind == Kind.COMMAND ? "" : " " + kind);
  }
}
