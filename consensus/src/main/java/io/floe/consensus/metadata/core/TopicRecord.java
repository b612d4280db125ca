package io.floe.consensus.metadata.core;

import io.floe.model.TopicId;
import org.jspecify.annotations.Nullable;
import org.pcollections.PSortedMap;
import org.pcollections.PVector;

/// A topic.
///
/// @param configs only what was set, by Kafka's names, in name order; defaults are not here
/// @param partitions by index, dense
/// @param version number of the last metadata entry that changed the topic or one of its settings
///   (segments do not count)
public record TopicRecord(
    TopicId id,
    String name,
    int replicationFactor,
    PSortedMap<String, String> configs,
    PVector<PartitionRecord> partitions,
    long version) {

  /// The partition, or null when the index is not one of the topic's.
  public @Nullable PartitionRecord partition(int index) {
    return index >= 0 && index < partitions.size() ? partitions.get(index) : null;
  }

  /// The value that counts: what was set, else the default.
  public String config(TopicConfig config) {
    return configs.getOrDefault(config.name(), config.defaultValue());
  }

  /// How many copies must have synced a record before its ack, when the cluster has this many nodes
  /// (Qa): a majority of the copies that there can be, or `min.insync.replicas` when that is more.
  public int ackQuorum(int registeredNodes) {
    int copies = Math.max(1, Math.min(replicationFactor, registeredNodes));
    int wished = Integer.parseInt(config(TopicConfigs.MIN_INSYNC_REPLICAS));
    return Math.min(copies, Math.max(copies / 2 + 1, wished));
  }
}
