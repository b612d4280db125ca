package io.floe.consensus.replication.core;

/// Why an append was refused. Nothing of the batch is in the log, and nothing of it will be.
public enum AppendRefusal {
  /// The sequence does not follow the producer's last one.
  OUT_OF_ORDER_SEQUENCE,
  /// A newer epoch of the producer was seen.
  PRODUCER_FENCED,
  /// This process does not write the partition now.
  NOT_WRITER,
  /// The partition is deleted.
  UNKNOWN_PARTITION,
  /// Too much is in flight, or waits for a roll: try again.
  OVERLOADED,
  /// The disk is full.
  NO_SPACE,
  /// The store failed.
  STORE_FAILED
}
