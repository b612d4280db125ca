package io.floe.actors.metadata;

import io.floe.consensus.raft.core.DurableEvent;
import io.floe.consensus.raft.core.DurableState;

/// What the journal holds of a Raft member. Immutable, since the snapshot store writes it on
/// another thread; entries are shared between one and the next.
record RaftLogState(DurableState durable) {
  static final RaftLogState EMPTY = new RaftLogState(new DurableState());

  RaftLogState after(RaftBatch batch) {
    DurableState next = durable.copy();
    for (DurableEvent event : batch.events()) {
      next.apply(event);
    }
    return new RaftLogState(next);
  }
}
