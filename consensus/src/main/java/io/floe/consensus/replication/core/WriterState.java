package io.floe.consensus.replication.core;

/// Where a writer is in its segment's life.
///
/// ```
///            RollRequested         HW = end            NextOpened
///   OPEN ───────────────▶ DRAINING ───────▶ PROPOSED ────────────▶ SEALED
///     │                      │                 │
///     └──────────────────────┴───────┬─────────┘
///                                    ├─ RollRefused, Fenced, NextOpened unasked ─▶ RESIGNED
///                                    ├─ StoreFailed ─────────────────────────────▶ FAILED
///                                    └─ Stop ────────────────────────────────────▶ STOPPED
/// ```
///
/// There is no way back, and none out of the last four: whatever comes next is another segment.
public enum WriterState {
  /// Takes appends.
  OPEN,
  /// Assigns no more; waits until everything it assigned is below the high watermark.
  DRAINING,
  /// Proposed the end of the segment; never appends to it again, however long the answer takes.
  PROPOSED,
  /// The segment is sealed where it was proposed; the successor is open.
  SEALED,
  /// Someone else seals the segment.
  RESIGNED,
  /// The store failed.
  FAILED,
  /// Told to stop.
  STOPPED;

  boolean isFinal() {
    return compareTo(SEALED) >= 0;
  }
}
