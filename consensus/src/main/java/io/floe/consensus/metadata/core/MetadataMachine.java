package io.floe.consensus.metadata.core;

import static io.floe.consensus.metadata.core.Refusal.Reason.CONFLICT;
import static io.floe.consensus.metadata.core.Refusal.Reason.INVALID_CONFIG;
import static io.floe.consensus.metadata.core.Refusal.Reason.INVALID_NAME;
import static io.floe.consensus.metadata.core.Refusal.Reason.INVALID_PARTITIONS;
import static io.floe.consensus.metadata.core.Refusal.Reason.INVALID_REPLICATION_FACTOR;
import static io.floe.consensus.metadata.core.Refusal.Reason.LIMIT_REACHED;
import static io.floe.consensus.metadata.core.Refusal.Reason.TOPIC_EXISTS;
import static io.floe.consensus.metadata.core.Refusal.Reason.UNKNOWN_NODE;
import static io.floe.consensus.metadata.core.Refusal.Reason.UNKNOWN_SEGMENT;
import static io.floe.consensus.metadata.core.Refusal.Reason.UNKNOWN_TOPIC;

import io.floe.consensus.metadata.core.MetadataCommand.AllocateProducerIds;
import io.floe.consensus.metadata.core.MetadataCommand.AlterTopicConfigs;
import io.floe.consensus.metadata.core.MetadataCommand.BeginSeal;
import io.floe.consensus.metadata.core.MetadataCommand.ConfigChange;
import io.floe.consensus.metadata.core.MetadataCommand.CreatePartitions;
import io.floe.consensus.metadata.core.MetadataCommand.CreateTopic;
import io.floe.consensus.metadata.core.MetadataCommand.DeleteTopic;
import io.floe.consensus.metadata.core.MetadataCommand.FoundCluster;
import io.floe.consensus.metadata.core.MetadataCommand.RegisterNode;
import io.floe.consensus.metadata.core.MetadataCommand.SealAndOpen;
import io.floe.consensus.metadata.core.MetadataCommand.UnregisterNode;
import io.floe.model.NodeId;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;
import org.pcollections.TreePMap;
import org.pcollections.TreePVector;

/// The metadata state machine: `decide` turns a command into events or a refusal, [MetadataApply]
/// turns state and event into the next state. The host stores the events of a decision, all or
/// none, before it applies them and answers.
///
/// Commands are judged against the newest state by the one who orders them; events were judged
/// already and are only applied. Nothing a command can say is fatal: what does not fit is refused.
///
/// Thread-safety: stateless.
public final class MetadataMachine {
  private MetadataMachine() {}

  public static Decision decide(MetadataState state, MetadataCommand command) {
    if (command instanceof FoundCluster found) {
      return found(state, found);
    }
    if (!state.isFounded()) {
      return refused(CONFLICT, "the cluster is not founded yet");
    }
    return switch (command) {
      case FoundCluster found -> found(state, found);
      case RegisterNode register -> register(state, register.node());
      case UnregisterNode unregister -> unregister(state, unregister.node());
      case CreateTopic create -> createTopic(state, create);
      case DeleteTopic delete -> deleteTopic(state, delete);
      case CreatePartitions create -> createPartitions(state, create);
      case AlterTopicConfigs alter -> alterConfigs(state, alter);
      case SealAndOpen seal -> sealAndOpen(state, seal);
      case BeginSeal begin -> beginSeal(state, begin);
      case AllocateProducerIds allocate -> allocateProducerIds(state, allocate);
    };
  }

  /// The next state. See [MetadataApply].
  public static MetadataState apply(MetadataState state, MetadataEvent event) {
    return MetadataApply.apply(state, event);
  }

  private static Decision found(MetadataState state, FoundCluster command) {
    String id = command.clusterId();
    if (state.isFounded()) {
      return refused(CONFLICT, "the cluster is founded already, as " + state.clusterId());
    }
    if (!id.matches("[A-Za-z0-9_-]{1," + MetadataLimits.CLUSTER_ID_LENGTH_MAX + "}")) {
      return refused(
          INVALID_NAME,
          "cluster id must be 1 to "
              + MetadataLimits.CLUSTER_ID_LENGTH_MAX
              + " of A-Z, a-z, 0-9, '_' and '-'");
    }
    return accepted(new MetadataEvent.ClusterFounded(id));
  }

  private static Decision register(MetadataState state, NodeRecord node) {
    NodeRecord known = state.node(node.id());
    if (node.equals(known)) {
      return new Decision.Accepted(List.of());
    }
    if (known == null && state.nodes().size() >= MetadataLimits.NODES_MAX) {
      return refused(LIMIT_REACHED, "the cluster has " + MetadataLimits.NODES_MAX + " nodes");
    }
    if (known != null
        && known.store().equals(node.store())
        && known.process().value() >= node.process().value()) {
      return refused(
          CONFLICT,
          "node "
              + node.id()
              + " is registered with process incarnation "
              + known.process()
              + ", which is not older than "
              + node.process());
    }
    for (NodeRecord other : state.nodes()) {
      if (!other.id().equals(node.id()) && other.store().equals(node.store())) {
        // A copied data directory: its copies would count twice in a quorum.
        return refused(
            CONFLICT, "store " + node.store() + " is registered already, by node " + other.id());
      }
    }
    return accepted(new MetadataEvent.NodeRegistered(node));
  }

  private static Decision unregister(MetadataState state, NodeId id) {
    if (state.node(id) == null) {
      return refused(UNKNOWN_NODE, "node " + id + " is not registered");
    }
    for (TopicRecord topic : state.topics()) {
      for (PartitionRecord partition : topic.partitions()) {
        for (SegmentRecord segment : partition.chain()) {
          if (holds(segment, id)) {
            return refused(
                CONFLICT,
                "node "
                    + id
                    + " holds segment "
                    + segment.id()
                    + " of topic "
                    + topic.name()
                    + ", partition "
                    + partition.index()
                    + ": delete the topic or move its segments first");
          }
        }
      }
    }
    return accepted(new MetadataEvent.NodeUnregistered(id));
  }

  /// Whether a segment is written or held by the node.
  static boolean holdsAnything(MetadataState state, NodeId node) {
    return state.topics().stream()
        .flatMap(topic -> topic.partitions().stream())
        .flatMap(partition -> partition.chain().stream())
        .anyMatch(segment -> holds(segment, node));
  }

  private static boolean holds(SegmentRecord segment, NodeId node) {
    if (segment.state() instanceof SegmentState.Sealed sealed) {
      return sealed.replicas().stream().anyMatch(replica -> replica.node().equals(node));
    }
    return segment.writer().node().equals(node)
        || segment.replicas().stream().anyMatch(replica -> replica.node().equals(node));
  }

  private static Decision createTopic(MetadataState state, CreateTopic command) {
    String problem = TopicNames.problem(command.name());
    if (problem != null) {
      return refused(INVALID_NAME, problem);
    }
    if (state.topic(command.name()) != null) {
      return refused(TOPIC_EXISTS, "topic " + command.name() + " exists already");
    }
    if (state.topic(command.id()) != null) {
      return refused(CONFLICT, "topic id " + command.id() + " is taken");
    }
    String colliding = state.collidingName(command.name());
    if (colliding != null) {
      return refused(
          INVALID_NAME,
          "topic "
              + command.name()
              + " collides with the existing topic "
              + colliding
              + ": names that differ only in '.' and '_' are one name to metric systems");
    }
    Refusal partitions = partitionsProblem(state, command.partitions(), 0);
    if (partitions != null) {
      return new Decision.Refused(partitions);
    }
    if (command.replicationFactor() < 1
        || command.replicationFactor() > MetadataLimits.REPLICATION_FACTOR_MAX) {
      return refused(
          INVALID_REPLICATION_FACTOR,
          "replication factor "
              + command.replicationFactor()
              + " is not 1 to "
              + MetadataLimits.REPLICATION_FACTOR_MAX);
    }
    if (state.nodes().isEmpty()) {
      return refused(INVALID_REPLICATION_FACTOR, "no node is registered yet");
    }
    TreeMap<String, String> configs = new TreeMap<>();
    for (Map.Entry<String, String> config : command.configs().entrySet()) {
      String configProblem = TopicConfigs.problem(config.getKey(), config.getValue());
      if (configProblem != null) {
        return refused(INVALID_CONFIG, configProblem);
      }
      configs.put(config.getKey(), normalized(config.getKey(), config.getValue()));
    }
    TopicRecord topic =
        new TopicRecord(
            command.id(),
            command.name(),
            command.replicationFactor(),
            TreePMap.from(configs),
            TreePVector.empty(),
            0);
    String combination = configCombinationProblem(topic);
    if (combination != null) {
      return refused(INVALID_CONFIG, combination);
    }
    return accepted(
        MetadataEvent.TopicCreated.of(
            command,
            configs,
            new Placement(state).firstSegments(state, topic, command.partitions())));
  }

  private static Decision deleteTopic(MetadataState state, DeleteTopic command) {
    return state.topic(command.id()) == null
        ? unknownTopic(command.id().toString())
        : accepted(new MetadataEvent.TopicDeleted(command.id()));
  }

  private static Decision createPartitions(MetadataState state, CreatePartitions command) {
    TopicRecord topic = state.topic(command.id());
    if (topic == null) {
      return unknownTopic(command.id().toString());
    }
    int present = topic.partitions().size();
    if (command.expectedPartitions() != present) {
      return refused(
          CONFLICT,
          "topic "
              + topic.name()
              + " has "
              + present
              + " partitions, not "
              + command.expectedPartitions());
    }
    if (command.partitions() <= present) {
      return refused(
          INVALID_PARTITIONS,
          "topic "
              + topic.name()
              + " has "
              + present
              + " partitions; "
              + command.partitions()
              + " is not more");
    }
    Refusal problem = partitionsProblem(state, command.partitions(), present);
    if (problem != null) {
      return new Decision.Refused(problem);
    }
    return accepted(
        new MetadataEvent.PartitionsCreated(
            topic.id(),
            present,
            new Placement(state).firstSegments(state, topic, command.partitions() - present)));
  }

  private static @Nullable Refusal partitionsProblem(
      MetadataState state, int partitions, int present) {
    if (partitions < 1 || partitions > MetadataLimits.TOPIC_PARTITIONS_MAX) {
      return new Refusal(
          INVALID_PARTITIONS,
          "number of partitions "
              + partitions
              + " is not 1 to "
              + MetadataLimits.TOPIC_PARTITIONS_MAX);
    }
    int more = partitions - present;
    if (more > MetadataLimits.CLUSTER_PARTITIONS_MAX - state.partitionCount()) {
      return new Refusal(
          LIMIT_REACHED,
          "the cluster has "
              + state.partitionCount()
              + " partitions; "
              + more
              + " more exceed its limit of "
              + MetadataLimits.CLUSTER_PARTITIONS_MAX);
    }
    if (more > Integer.MAX_VALUE - state.nextEpoch()) {
      return new Refusal(LIMIT_REACHED, "all epochs are used up");
    }
    return null;
  }

  private static Decision alterConfigs(MetadataState state, AlterTopicConfigs command) {
    TopicRecord topic = state.topic(command.id());
    if (topic == null) {
      return unknownTopic(command.id().toString());
    }
    if (command.expectedVersion() != -1 && command.expectedVersion() != topic.version()) {
      return refused(
          CONFLICT,
          "topic "
              + topic.name()
              + " is at version "
              + topic.version()
              + ", not "
              + command.expectedVersion());
    }
    TreeSet<String> names = new TreeSet<>();
    List<ConfigChange> changes = new ArrayList<>();
    TopicRecord altered = topic;
    for (ConfigChange change : command.changes()) {
      String value = change.value();
      String problem = TopicConfigs.problem(change.name(), value == null ? "" : value);
      if (TopicConfigs.named(change.name()) == null || (value != null && problem != null)) {
        return refused(INVALID_CONFIG, String.valueOf(problem));
      }
      if (!names.add(change.name())) {
        return refused(INVALID_CONFIG, "topic config " + change.name() + " is changed twice");
      }
      ConfigChange normalized =
          new ConfigChange(change.name(), value == null ? null : normalized(change.name(), value));
      TopicRecord next = MetadataApply.withConfig(altered, normalized);
      if (!next.configs().equals(altered.configs())) {
        changes.add(normalized);
        altered = next;
      }
    }
    String combination = configCombinationProblem(altered);
    if (combination != null) {
      return refused(INVALID_CONFIG, combination);
    }
    return changes.isEmpty()
        ? new Decision.Accepted(List.of())
        : accepted(new MetadataEvent.TopicConfigsAltered(topic.id(), changes));
  }

  private static String normalized(String name, String value) {
    TopicConfig config = TopicConfigs.named(name);
    return config == null ? value : config.normalized(value);
  }

  private static @Nullable String configCombinationProblem(TopicRecord topic) {
    int minInsync = Integer.parseInt(topic.config(TopicConfigs.MIN_INSYNC_REPLICAS));
    return minInsync > topic.replicationFactor()
        ? "min.insync.replicas="
            + minInsync
            + " is more than the replication factor "
            + topic.replicationFactor()
            + " of topic "
            + topic.name()
        : null;
  }

  private static Decision sealAndOpen(MetadataState state, SealAndOpen command) {
    int count = command.items().size();
    if (count < 1 || count > MetadataLimits.SEAL_ITEMS_MAX) {
      return refused(
          LIMIT_REACHED,
          "a seal of " + count + " segments is not 1 to " + MetadataLimits.SEAL_ITEMS_MAX);
    }
    SealDecision decision = new SealDecision(state);
    command.items().forEach(decision::add);
    return decision.done();
  }

  private static Decision beginSeal(MetadataState state, BeginSeal command) {
    PartitionRecord partition = state.partition(command.partition());
    if (partition == null) {
      return unknownTopic("of partition " + command.partition());
    }
    SegmentRecord last = partition.last();
    if (!last.id().equals(command.segment())) {
      return refused(
          UNKNOWN_SEGMENT,
          "segment " + command.segment() + " is not the last of partition " + command.partition());
    }
    if (state.node(command.sealer()) == null) {
      return refused(UNKNOWN_NODE, "sealer " + command.sealer() + " is not registered");
    }
    long attempt =
        switch (last.state()) {
          case SegmentState.Open open -> 1;
          case SegmentState.Sealing sealing -> sealing.attempt() + 1;
          case SegmentState.Sealed sealed -> 0;
        };
    return attempt == 0
        ? refused(CONFLICT, "segment " + last.id() + " is sealed")
        : accepted(
            new MetadataEvent.SegmentSealingBegun(
                command.partition(), last.id(), attempt, command.sealer()));
  }

  private static Decision allocateProducerIds(MetadataState state, AllocateProducerIds command) {
    if (state.node(command.node()) == null) {
      return refused(UNKNOWN_NODE, "node " + command.node() + " is not registered");
    }
    if (command.count() < 1 || command.count() > MetadataLimits.PRODUCER_ID_BLOCK_MAX) {
      return refused(
          LIMIT_REACHED,
          "a block of "
              + command.count()
              + " producer ids is not 1 to "
              + MetadataLimits.PRODUCER_ID_BLOCK_MAX);
    }
    if (command.count() > Long.MAX_VALUE - state.nextProducerId()) {
      return refused(LIMIT_REACHED, "all producer ids are used up");
    }
    return accepted(
        new MetadataEvent.ProducerIdsAllocated(
            command.node(), state.nextProducerId(), command.count()));
  }

  private static Decision unknownTopic(String topic) {
    return refused(UNKNOWN_TOPIC, "topic " + topic + " does not exist");
  }

  private static Decision accepted(MetadataEvent event) {
    return new Decision.Accepted(List.of(event));
  }

  private static Decision refused(Refusal.Reason reason, String message) {
    return new Decision.Refused(new Refusal(reason, message));
  }
}
