package io.floe.consensus.metadata.core;

import io.floe.model.NodeId;
import java.util.List;

/// Where a segment is in its life: `OPEN → SEALING → SEALED`, or `OPEN → SEALED` by a planned roll.
/// Never back.
public sealed interface SegmentState {

  /// The writer appends.
  record Open() implements SegmentState {}

  /// A sealer fences the replicas.
  ///
  /// @param attempt number of the try, 1 or more; only the highest counts
  record Sealing(long attempt, NodeId sealer) implements SegmentState {}

  /// Immutable.
  ///
  /// @param endOffset first offset after the segment (L)
  /// @param digest chain digest of all its batches
  /// @param replicas stores that hold all of it
  /// @param damaged true when a range below the end is known to be unreadable on every copy: reads
  ///   there are an error, never a gap
  record Sealed(long endOffset, long digest, List<ReplicaId> replicas, boolean damaged)
      implements SegmentState {
    public Sealed {
      replicas = List.copyOf(replicas);
    }
  }
}
