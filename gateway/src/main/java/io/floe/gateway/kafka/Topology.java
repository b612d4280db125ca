package io.floe.gateway.kafka;

import io.floe.actors.log.LogService;
import io.floe.consensus.metadata.core.MetadataState;
import io.floe.consensus.metadata.core.NodeRecord;
import io.floe.consensus.metadata.core.PartitionRecord;
import io.floe.consensus.metadata.core.ReplicaId;
import io.floe.consensus.metadata.core.SegmentRecord;
import io.floe.consensus.metadata.core.SegmentState;
import io.floe.model.NodeId;
import io.floe.model.TopicId;
import java.util.List;
import java.util.UUID;
import org.apache.kafka.common.Uuid;
import org.jspecify.annotations.Nullable;

/// The cluster as Kafka's clients understand it: a partition's leader is the writer of its open
/// segment, its leader epoch is that segment's epoch, its replicas are the stores of that segment,
/// writer first.
///
/// Thread-safety: stateless.
final class Topology {
  static final int NO_LEADER = -1;

  private Topology() {}

  static TopicId topicId(Uuid id) {
    return new TopicId(new UUID(id.getMostSignificantBits(), id.getLeastSignificantBits()));
  }

  static Uuid uuid(TopicId id) {
    return new Uuid(id.value().getMostSignificantBits(), id.value().getLeastSignificantBits());
  }

  /// Nodes that clients can connect to, in id order.
  static List<NodeRecord> brokers(LogService log, MetadataState state) {
    return state.nodes().stream()
        .filter(node -> isReachable(node) && log.isLive(node.id()))
        .toList();
  }

  private static boolean isReachable(NodeRecord node) {
    return node.kafkaPort() != 0;
  }

  /// The node that writes the partition now, or null while none does: the segment is being sealed,
  /// or its writer process has ended or cannot be reached.
  static @Nullable NodeRecord leader(
      LogService log, MetadataState state, PartitionRecord partition) {
    SegmentRecord last = partition.last();
    if (!(last.state() instanceof SegmentState.Open)) {
      return null;
    }
    NodeRecord node = state.node(last.writer().node());
    return node != null
            && isReachable(node)
            && node.writer().equals(last.writer())
            && log.isLive(node.id())
        ? node
        : null;
  }

  static List<Integer> replicas(PartitionRecord partition) {
    SegmentRecord last = partition.last();
    NodeId writer = last.writer().node();
    return last.replicas().stream()
        .map(ReplicaId::node)
        .sorted((a, b) -> Boolean.compare(!a.equals(writer), !b.equals(writer)))
        .map(NodeId::value)
        .toList();
  }

  /// Replicas whose node is not registered, or is with another store.
  static List<Integer> offlineReplicas(MetadataState state, PartitionRecord partition) {
    return partition.last().replicas().stream()
        .filter(replica -> !isRegistered(state, replica))
        .map(replica -> replica.node().value())
        .toList();
  }

  private static boolean isRegistered(MetadataState state, ReplicaId replica) {
    NodeRecord node = state.node(replica.node());
    return node != null && node.store().equals(replica.incarnation());
  }

  static List<Integer> liveReplicas(MetadataState state, PartitionRecord partition) {
    List<Integer> offline = offlineReplicas(state, partition);
    return replicas(partition).stream().filter(id -> !offline.contains(id)).toList();
  }

  /// The epoch that wrote, or will write, the offset.
  static int epochAt(PartitionRecord partition, long offset) {
    int epoch = partition.chain().get(0).epoch();
    for (SegmentRecord segment : partition.chain()) {
      if (segment.baseOffset() > offset) {
        break;
      }
      epoch = segment.epoch();
    }
    return epoch;
  }
}
