package io.floe.actors.metadata;

import io.floe.consensus.raft.core.DurableEvent;
import java.util.List;

/// What the core wants durable together: one event of the journal.
record RaftBatch(List<DurableEvent> events) {
  RaftBatch {
    events = List.copyOf(events);
  }
}
