package io.floe.consensus.metadata.core;

import io.floe.model.SegmentId;
import java.util.List;

/// One segment of a partition's chain.
///
/// @param epoch tenure number of its writer, unique in the cluster and increasing
/// @param baseOffset its first offset (B)
/// @param replicas stores that hold it while it is open; never changes
/// @param ackQuorum how many of them must have synced a record before it is acknowledged (Qa)
public record SegmentRecord(
    SegmentId id,
    int epoch,
    long baseOffset,
    WriterId writer,
    List<ReplicaId> replicas,
    int ackQuorum,
    SegmentState state) {
  public SegmentRecord {
    replicas = List.copyOf(replicas);
    if (baseOffset < 0 || epoch < 0 || ackQuorum < 1 || ackQuorum > replicas.size()) {
      throw new IllegalArgumentException(
          "segment "
              + id
              + ": base "
              + baseOffset
              + ", epoch "
              + epoch
              + ", ack quorum "
              + ackQuorum
              + " of "
              + replicas.size());
    }
  }

  public boolean isSealed() {
    return state instanceof SegmentState.Sealed;
  }
}
