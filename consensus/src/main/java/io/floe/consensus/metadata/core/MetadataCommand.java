package io.floe.consensus.metadata.core;

import io.floe.model.NodeId;
import io.floe.model.PartitionId;
import io.floe.model.SegmentId;
import io.floe.model.TopicId;
import java.util.List;
import java.util.SortedMap;
import org.jspecify.annotations.Nullable;

/// A proposed change of the metadata. Every command says what it expects to find, so that one that
/// arrives twice or late is refused instead of applied to something else.
public sealed interface MetadataCommand {

  /// Gives the cluster its identity: the first command of a metadata log, once.
  ///
  /// @param clusterId 1 to 64 of `A-Z a-z 0-9 _ -`, drawn by whoever proposes
  record FoundCluster(String clusterId) implements MetadataCommand {}

  /// Registers a node's new life, or a new node.
  record RegisterNode(NodeRecord node) implements MetadataCommand {}

  /// Forgets a node for good. Refused while it writes or holds a segment.
  record UnregisterNode(NodeId node) implements MetadataCommand {}

  /// Creates a topic. Whoever proposes draws the id, so that the state machine stays deterministic;
  /// it assigns segment ids and epochs and places the first segments on the registered nodes
  /// itself.
  ///
  /// @param replicationFactor wished copies; lowered, visibly, to the number of registered nodes
  record CreateTopic(
      TopicId id,
      String name,
      int partitions,
      int replicationFactor,
      SortedMap<String, String> configs)
      implements MetadataCommand {}

  record DeleteTopic(TopicId id) implements MetadataCommand {}

  /// Raises the number of partitions.
  ///
  /// @param expectedPartitions how many the proposer saw
  record CreatePartitions(TopicId id, int expectedPartitions, int partitions)
      implements MetadataCommand {}

  /// Sets (value) and unsets (null value) configs of a topic.
  ///
  /// @param expectedVersion the topic's version that the proposer saw, or -1 for any
  record AlterTopicConfigs(TopicId id, long expectedVersion, List<ConfigChange> changes)
      implements MetadataCommand {
    public AlterTopicConfigs {
      changes = List.copyOf(changes);
    }
  }

  record ConfigChange(String name, @Nullable String value) {}

  /// Seals segments and opens their successors in one entry, all or none of each partition.
  ///
  /// At most 1,000 in one command. Items whose precondition fails are left out and reported in the
  /// event; the rest applies.
  record SealAndOpen(List<SealAndOpenItem> items) implements MetadataCommand {
    public SealAndOpen {
      items = List.copyOf(items);
    }
  }

  /// One segment to seal.
  ///
  /// @param segment must be the last of its partition and OPEN, or SEALING with `attempt`
  /// @param attempt 0 for a planned roll of an open segment
  /// @param endOffset L; equal to the base when the segment holds no record: it then leaves the
  ///   chain
  /// @param keepEpoch true for a planned roll by the same process: its next segment keeps the epoch
  /// @param writer who writes the next segment
  record SealAndOpenItem(
      PartitionId partition,
      SegmentId segment,
      long attempt,
      long endOffset,
      long digest,
      boolean damaged,
      List<ReplicaId> finalReplicas,
      boolean keepEpoch,
      WriterId writer,
      List<ReplicaId> nextReplicas,
      int nextAckQuorum) {
    public SealAndOpenItem {
      finalReplicas = List.copyOf(finalReplicas);
      nextReplicas = List.copyOf(nextReplicas);
    }
  }

  /// Starts a try to seal on failure.
  record BeginSeal(PartitionId partition, SegmentId segment, NodeId sealer)
      implements MetadataCommand {}

  /// Reserves the next block of producer ids for a node.
  record AllocateProducerIds(NodeId node, int count) implements MetadataCommand {}
}
