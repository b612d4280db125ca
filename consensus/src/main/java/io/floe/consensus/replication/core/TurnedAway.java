package io.floe.consensus.replication.core;

import io.floe.model.batch.BatchInfo;
import java.util.LinkedHashSet;

/// New producers whose first batch was refused: for want of room, or since the writer had ended.
///
/// A producer sends several batches at once. If its first is refused and the second finds room, the
/// second would pass as the first of an unknown producer, which may have any sequence; the first,
/// sent again, would then be out of order for ever. So whoever was turned away at sequence 0 must
/// begin there. Only for a pipelined connection of this process: not part of the log, and bounded.
final class TurnedAway {
  private static final int PRODUCERS_MAX = 1_000;

  private final LinkedHashSet<Long> producers = new LinkedHashSet<>();

  void add(ProducerTable table, BatchInfo batch) {
    if (batch.isIdempotent()
        && batch.baseSequence() == 0
        && !table.knows(batch.producerId())
        && producers.add(batch.producerId())
        && producers.size() > PRODUCERS_MAX) {
      producers.removeFirst();
    }
  }

  /// Whether the batch comes before the one that was turned away.
  boolean mustWait(ProducerTable table, BatchInfo batch) {
    return !producers.isEmpty()
        && batch.isIdempotent()
        && batch.baseSequence() != 0
        && producers.contains(batch.producerId())
        && !table.knows(batch.producerId());
  }

  void accepted(BatchInfo batch) {
    if (!producers.isEmpty() && batch.isIdempotent()) {
      producers.remove(batch.producerId());
    }
  }
}
