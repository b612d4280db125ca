package io.floe.actors.log;

/// How an append ended.
public sealed interface AppendResult {

  /// The batch is on the ack quorum's disks, synced, at these offsets.
  ///
  /// @param baseOffset offset of its first record; of the original when it is a duplicate
  /// @param isDuplicate whether an earlier append of the same producer sequence put it there
  record Acked(long baseOffset, long logStartOffset, boolean isDuplicate) implements AppendResult {}

  /// The batch was not accepted; nothing of it is in the log.
  record Refused(Reason reason, String message) implements AppendResult {}

  /// The batch was accepted and its fate is not known: it may be in the log or not. Only its
  /// producer may send it again.
  record Unknown(String message) implements AppendResult {}

  /// Why an append was refused.
  enum Reason {
    /// The sequence does not follow the producer's last one.
    OUT_OF_ORDER_SEQUENCE,
    /// A newer epoch of the producer was seen.
    PRODUCER_FENCED,
    /// This node does not write the partition now: look up the metadata again.
    NOT_WRITER,
    /// The partition is deleted or was never here.
    UNKNOWN_PARTITION,
    /// Too much is in flight: try again.
    OVERLOADED,
    /// The disk is full: nothing was written; heals when space is back.
    NO_SPACE,
    /// The store failed and takes nothing until it was recovered by a restart.
    STORE_FAILED
  }
}
