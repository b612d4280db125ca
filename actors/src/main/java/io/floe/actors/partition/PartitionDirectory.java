package io.floe.actors.partition;

import io.floe.actors.log.PartitionLog;
import io.floe.model.PartitionId;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/// The partitions that this node serves, for look-up by any thread. Only the node's guardian
/// changes it.
public final class PartitionDirectory {
  private final ConcurrentHashMap<PartitionId, ServedPartition> served = new ConcurrentHashMap<>();

  public @Nullable PartitionLog get(PartitionId id) {
    return served.get(id);
  }

  /// The node's actors have ended: answers every append that they left.
  public void stopped() {
    served.values().forEach(ServedPartition::stopped);
  }

  void put(ServedPartition partition) {
    served.put(partition.id(), partition);
  }

  @Nullable ServedPartition remove(PartitionId id) {
    return served.remove(id);
  }
}
