package io.floe.consensus.metadata.core;

import io.floe.consensus.metadata.core.MetadataCommand.ConfigChange;
import io.floe.model.NodeId;
import io.floe.model.PartitionId;
import io.floe.model.SegmentId;
import io.floe.model.TopicId;
import java.util.List;
import java.util.SortedMap;
import org.pcollections.PSortedMap;
import org.pcollections.TreePMap;

/// A change of the metadata that was decided: what is stored, replicated and applied, by every node
/// in the same order. Holds results (assigned ids, epochs, placement), so that applying one decides
/// nothing.
public sealed interface MetadataEvent {

  record ClusterFounded(String clusterId) implements MetadataEvent {}

  record NodeRegistered(NodeRecord node) implements MetadataEvent {}

  record NodeUnregistered(NodeId node) implements MetadataEvent {}

  /// A topic with its partitions.
  ///
  /// @param segments the first segment of each partition, by partition index
  record TopicCreated(
      TopicId id,
      String name,
      int replicationFactor,
      PSortedMap<String, String> configs,
      List<SegmentRecord> segments)
      implements MetadataEvent {
    public TopicCreated {
      segments = List.copyOf(segments);
    }

    static TopicCreated of(
        MetadataCommand.CreateTopic command,
        SortedMap<String, String> configs,
        List<SegmentRecord> segments) {
      return new TopicCreated(
          command.id(),
          command.name(),
          command.replicationFactor(),
          TreePMap.from(configs),
          segments);
    }
  }

  record TopicDeleted(TopicId id) implements MetadataEvent {}

  /// More partitions of a topic.
  ///
  /// @param firstPartition index of the first new one
  /// @param segments the first segment of each new partition
  record PartitionsCreated(TopicId id, int firstPartition, List<SegmentRecord> segments)
      implements MetadataEvent {
    public PartitionsCreated {
      segments = List.copyOf(segments);
    }
  }

  record TopicConfigsAltered(TopicId id, List<ConfigChange> changes) implements MetadataEvent {
    public TopicConfigsAltered {
      changes = List.copyOf(changes);
    }
  }

  /// Segments that became immutable, with the successors that were opened for them.
  ///
  /// @param applied never empty
  /// @param refused items that were left out; nothing changed for them
  record SegmentsSealedAndOpened(List<SealedAndOpened> applied, List<SealRefused> refused)
      implements MetadataEvent {
    public SegmentsSealedAndOpened {
      applied = List.copyOf(applied);
      refused = List.copyOf(refused);
    }
  }

  /// One segment sealed and its successor opened.
  ///
  /// @param segment when `sealed` ends at its base it holds no record and leaves the chain
  record SealedAndOpened(
      PartitionId partition, SegmentId segment, SegmentState.Sealed sealed, SegmentRecord next) {}

  /// One item that was left out of a seal.
  record SealRefused(PartitionId partition, SegmentId segment, Refusal refusal) {}

  record SegmentSealingBegun(PartitionId partition, SegmentId segment, long attempt, NodeId sealer)
      implements MetadataEvent {}

  /// The node owns the ids from `firstId` on, `count` of them.
  record ProducerIdsAllocated(NodeId node, long firstId, int count) implements MetadataEvent {}
}
