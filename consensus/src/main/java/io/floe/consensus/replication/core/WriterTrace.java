package io.floe.consensus.replication.core;

import io.floe.model.SegmentId;

/// Hears of each state change of a writer.
@FunctionalInterface
public interface WriterTrace {
  /// Hears nothing.
  WriterTrace NONE = (segment, action, from, to, reason) -> {};

  /// The names of the actions are those of the specification.
  void became(SegmentId segment, Action action, WriterState from, WriterState to, String reason);

  /// What changed the state.
  enum Action {
    BEGIN_ROLL,
    PROPOSE_SEAL_AND_OPEN,
    LEARN_SEALED,
    STEP_DOWN,
    FAIL_STORE,
    STOP
  }
}
