package io.floe.gateway.kafka;

import io.floe.actors.log.LogService;
import io.floe.actors.log.PartitionLog;
import io.floe.consensus.metadata.core.MetadataState;
import io.floe.consensus.metadata.core.NodeRecord;
import io.floe.consensus.metadata.core.PartitionRecord;
import io.floe.consensus.metadata.core.TopicRecord;
import io.floe.model.PartitionId;
import org.apache.kafka.common.Uuid;
import org.apache.kafka.common.protocol.Errors;
import org.jspecify.annotations.Nullable;

/// Finds the partition that a request means, or the error that says why it cannot be served here.
///
/// Thread-safety: stateless.
final class Partitions {
  /// The epoch of a client that does not check.
  private static final int ANY_EPOCH = -1;

  private final LogService log;

  Partitions(LogService log) {
    this.log = log;
  }

  /// What was found.
  sealed interface Lookup {

    /// The partition is served here.
    record Served(PartitionLog log, TopicRecord topic, PartitionRecord partition)
        implements Lookup {}

    /// It is not.
    ///
    /// @param leader who serves it, when another node does and this one knows
    /// @param leaderEpoch epoch of that leader
    record NotServed(Errors error, @Nullable NodeRecord leader, int leaderEpoch) implements Lookup {
      NotServed(Errors error) {
        this(error, null, -1);
      }
    }
  }

  Lookup find(String topicName, int index) {
    MetadataState state = log.metadata();
    TopicRecord topic = state.topic(topicName);
    return topic == null
        ? new Lookup.NotServed(Errors.UNKNOWN_TOPIC_OR_PARTITION)
        : find(state, topic, index);
  }

  Lookup find(Uuid topicId, int index) {
    MetadataState state = log.metadata();
    TopicRecord topic = state.topic(Topology.topicId(topicId));
    return topic == null
        ? new Lookup.NotServed(Errors.UNKNOWN_TOPIC_ID)
        : find(state, topic, index);
  }

  private Lookup find(MetadataState state, TopicRecord topic, int index) {
    PartitionRecord partition = topic.partition(index);
    if (partition == null) {
      return new Lookup.NotServed(Errors.UNKNOWN_TOPIC_OR_PARTITION);
    }
    PartitionLog served = log.partition(new PartitionId(topic.id(), index));
    if (served == null) {
      return notLeader(state, partition);
    }
    return new Lookup.Served(served, topic, partition);
  }

  /// Where to go instead; nowhere yet while no node writes the partition.
  Lookup.NotServed notLeader(MetadataState state, @Nullable PartitionRecord partition) {
    NodeRecord leader = partition == null ? null : Topology.leader(log, state, partition);
    boolean isElsewhere = leader != null && !leader.id().equals(log.nodeId());
    return new Lookup.NotServed(
        Errors.NOT_LEADER_OR_FOLLOWER,
        isElsewhere ? leader : null,
        isElsewhere && partition != null ? partition.last().epoch() : -1);
  }

  /// A client with older metadata must refresh it, one with newer must wait for us.
  static Errors checkEpoch(int clientEpoch, int ourEpoch) {
    if (clientEpoch == ANY_EPOCH || clientEpoch == ourEpoch) {
      return Errors.NONE;
    }
    return clientEpoch < ourEpoch ? Errors.FENCED_LEADER_EPOCH : Errors.UNKNOWN_LEADER_EPOCH;
  }
}
