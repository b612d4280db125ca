package io.floe.consensus.metadata.core;

import io.floe.model.NodeId;
import io.floe.model.ProcessIncarnation;
import io.floe.model.StoreIncarnation;
import org.jspecify.annotations.Nullable;

/// A registered node.
///
/// @param kafkaHost where its Kafka listener is reached, 1 to 255 characters
/// @param kafkaPort 0 when it serves none
/// @param rack failure domain, at most 255 characters, or null
public record NodeRecord(
    NodeId id,
    StoreIncarnation store,
    ProcessIncarnation process,
    String kafkaHost,
    int kafkaPort,
    @Nullable String rack) {
  private static final int TEXT_LENGTH_MAX = 255;

  public NodeRecord {
    if (kafkaHost.isEmpty() || kafkaHost.length() > TEXT_LENGTH_MAX) {
      throw new IllegalArgumentException(
          "Kafka host of node " + id + " has " + kafkaHost.length() + " characters, not 1 to 255");
    }
    if (kafkaPort < 0 || kafkaPort > 65_535) {
      throw new IllegalArgumentException(
          "Kafka port " + kafkaPort + " of node " + id + " is not 0 to 65535");
    }
    if (rack != null && rack.length() > TEXT_LENGTH_MAX) {
      throw new IllegalArgumentException(
          "rack of node " + id + " has " + rack.length() + " characters, at most 255");
    }
  }

  /// The copies that this node's store holds are known by this name.
  public ReplicaId replica() {
    return new ReplicaId(id, store);
  }

  /// The node's present life, as a writer.
  public WriterId writer() {
    return new WriterId(id, process);
  }
}
