package io.floe.gateway.tool;

import io.floe.gateway.kafka.TopicFacts;
import io.floe.gateway.tool.RemoteException.Kind;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.UUID;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.AdminClientConfig;
import org.apache.kafka.clients.admin.Config;
import org.apache.kafka.clients.admin.ConfigEntry;
import org.apache.kafka.clients.admin.CreateTopicsResult;
import org.apache.kafka.clients.admin.DescribeClusterResult;
import org.apache.kafka.clients.admin.ListOffsetsResult.ListOffsetsResultInfo;
import org.apache.kafka.clients.admin.NewPartitionReassignment;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.admin.OffsetSpec;
import org.apache.kafka.clients.admin.QuorumInfo;
import org.apache.kafka.clients.admin.RaftVoterEndpoint;
import org.apache.kafka.common.Node;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.TopicPartitionInfo;
import org.apache.kafka.common.Uuid;
import org.apache.kafka.common.config.ConfigResource;
import org.jspecify.annotations.Nullable;

/// A connection to a running node or cluster, for tools.
///
/// Thread-safety: any thread. Errors: every method throws [RemoteException] and nothing else.
public final class RemoteLog implements AutoCloseable {
  private static final Duration CONNECT_TIMEOUT = Duration.ofSeconds(5);
  private static final Duration CALL_TIMEOUT = Duration.ofSeconds(15);

  private final String bootstrap;
  private final Admin admin;

  private RemoteLog(String bootstrap, Admin admin) {
    this.bootstrap = bootstrap;
    this.admin = admin;
  }

  /// Connects, and asks the node who it is, so that a wrong address fails here and at once.
  ///
  /// @param bootstrap `HOST:PORT`, several separated by commas
  public static RemoteLog connect(String bootstrap) {
    requireSomeoneListens(bootstrap);
    Map<String, Object> settings = new HashMap<>();
    settings.put(AdminClientConfig.BOOTSTRAP_SERVERS_CONFIG, bootstrap);
    settings.put(AdminClientConfig.CLIENT_ID_CONFIG, "floe-tool");
    settings.put(AdminClientConfig.DEFAULT_API_TIMEOUT_MS_CONFIG, (int) CALL_TIMEOUT.toMillis());
    settings.put(AdminClientConfig.REQUEST_TIMEOUT_MS_CONFIG, (int) CALL_TIMEOUT.toMillis());
    settings.put(AdminClientConfig.METRIC_REPORTER_CLASSES_CONFIG, "");
    settings.put(AdminClientConfig.ENABLE_METRICS_PUSH_CONFIG, false);
    Admin admin =
        RemoteFailures.translating("connect to " + bootstrap, () -> Admin.create(settings));
    RemoteLog log = new RemoteLog(bootstrap, admin);
    try {
      RemoteFailures.await("connect to " + bootstrap, admin.describeCluster().clusterId());
    } catch (RemoteException e) {
      log.close();
      throw e.kind() == Kind.TIMEOUT
          ? new RemoteException(
              bootstrap + " accepts connections and does not answer as a Floe node",
              Kind.UNREACHABLE,
              e)
          : e;
    }
    return log;
  }

  /// Creates a topic; returns when it can be used.
  ///
  /// @param partitions -1 for the node's default
  /// @param replicas -1 for the node's default
  public CreatedTopic createTopic(
      String name, int partitions, int replicas, Map<String, String> configs) {
    if (replicas < -1 || replicas > Short.MAX_VALUE) {
      throw new RemoteException(
          "replicas " + replicas + " is not between 1 and " + Short.MAX_VALUE, Kind.INVALID);
    }
    NewTopic topic =
        new NewTopic(
            name,
            partitions == -1 ? Optional.empty() : Optional.of(partitions),
            replicas == -1 ? Optional.empty() : Optional.of((short) replicas));
    topic.configs(configs);
    String action = "create topic " + name;
    CreateTopicsResult result = admin.createTopics(List.of(topic));
    return new CreatedTopic(
        toUuid(RemoteFailures.await(action, result.topicId(name))),
        RemoteFailures.await(action, result.numPartitions(name)),
        RemoteFailures.await(action, result.replicationFactor(name)));
  }

  /// The cluster as its leader sees it, or, when there is none, as the connected node does.
  public ClusterDescription describeCluster() {
    String action = "describe the cluster";
    DescribeClusterResult cluster = admin.describeCluster();
    Map<Integer, String> addresses = new HashMap<>();
    for (Node node : RemoteFailures.await(action, cluster.nodes())) {
      addresses.put(node.id(), node.host() + ":" + node.port());
    }
    String clusterId = RemoteFailures.await(action, cluster.clusterId());
    QuorumInfo quorum = RemoteFailures.await(action, admin.describeMetadataQuorum().quorumInfo());
    TreeMap<Integer, ClusterDescription.ClusterNode> nodes = new TreeMap<>();
    for (QuorumInfo.ReplicaState voter : quorum.voters()) {
      nodes.put(voter.replicaId(), clusterNode(voter, true, addresses));
    }
    for (QuorumInfo.ReplicaState observer : quorum.observers()) {
      nodes.put(observer.replicaId(), clusterNode(observer, false, addresses));
    }
    return new ClusterDescription(
        clusterId,
        quorum.leaderId(),
        quorum.leaderEpoch(),
        quorum.highWatermark(),
        List.copyOf(nodes.values()));
  }

  private static ClusterDescription.ClusterNode clusterNode(
      QuorumInfo.ReplicaState state, boolean isVoter, Map<Integer, String> addresses) {
    return new ClusterDescription.ClusterNode(
        state.replicaId(),
        isVoter,
        addresses.getOrDefault(state.replicaId(), ""),
        Math.max(-1, state.logEndOffset() - 1));
  }

  /// Makes an observer of the metadata group a voter.
  public void addVoter(int node) {
    RemoteFailures.await(
        "add voter " + node,
        admin
            .addRaftVoter(
                node, Uuid.ZERO_UUID, Set.of(new RaftVoterEndpoint("CLUSTER", "0.0.0.0", 1)))
            .all());
  }

  /// Takes a node out of the cluster for good.
  public void removeNode(int node) {
    RemoteFailures.await("remove node " + node, admin.unregisterBroker(node).all());
  }

  /// Makes a voter the leader of the metadata group.
  public void transferLeadership(int node) {
    RemoteFailures.await(
        "transfer the leadership to node " + node,
        admin
            .alterPartitionReassignments(
                Map.of(
                    new TopicPartition("__cluster_metadata", 0),
                    Optional.of(new NewPartitionReassignment(List.of(node)))))
            .all());
  }

  /// Names of all topics, sorted.
  public List<String> listTopics() {
    return List.copyOf(
        new TreeSet<>(RemoteFailures.await("list topics", admin.listTopics().names())));
  }

  public TopicDescription describeTopic(String name) {
    String action = "describe topic " + name;
    org.apache.kafka.clients.admin.TopicDescription topic =
        RemoteFailures.await(
            action, admin.describeTopics(List.of(name)).topicNameValues().get(name));
    Map<TopicPartition, OffsetSpec> first = new HashMap<>();
    Map<TopicPartition, OffsetSpec> last = new HashMap<>();
    for (TopicPartitionInfo partition : topic.partitions()) {
      TopicPartition id = new TopicPartition(name, partition.partition());
      first.put(id, OffsetSpec.earliest());
      last.put(id, OffsetSpec.latest());
    }
    Map<TopicPartition, ListOffsetsResultInfo> earliest =
        RemoteFailures.await(action, admin.listOffsets(first).all());
    Map<TopicPartition, ListOffsetsResultInfo> latest =
        RemoteFailures.await(action, admin.listOffsets(last).all());
    List<TopicDescription.PartitionDescription> partitions = new ArrayList<>();
    for (TopicPartitionInfo partition : topic.partitions()) {
      TopicPartition id = new TopicPartition(name, partition.partition());
      ListOffsetsResultInfo begin = RemoteFailures.present(action, earliest.get(id));
      ListOffsetsResultInfo end = RemoteFailures.present(action, latest.get(id));
      Node leader = partition.leader();
      partitions.add(
          new TopicDescription.PartitionDescription(
              partition.partition(),
              leader == null ? -1 : leader.id(),
              end.leaderEpoch().orElse(-1),
              partition.replicas().stream().map(Node::id).toList(),
              partition.isr().stream().map(Node::id).toList(),
              begin.offset(),
              end.offset()));
    }
    Config configs = configs(name);
    return new TopicDescription(
        toUuid(topic.topicId()),
        name,
        partitions,
        configsSet(configs),
        replicasWished(configs),
        damagedSegments(configs));
  }

  private Config configs(String topic) {
    ConfigResource resource = new ConfigResource(ConfigResource.Type.TOPIC, topic);
    return RemoteFailures.await(
        "describe configs of topic " + topic,
        admin.describeConfigs(List.of(resource)).values().get(resource));
  }

  private static SortedMap<String, String> configsSet(Config configs) {
    SortedMap<String, String> set = new TreeMap<>();
    for (ConfigEntry entry : configs.entries()) {
      if (entry.source() == ConfigEntry.ConfigSource.DYNAMIC_TOPIC_CONFIG) {
        set.put(entry.name(), entry.value());
      }
    }
    return set;
  }

  private static int replicasWished(Config configs) {
    ConfigEntry wished = configs.get(TopicFacts.REPLICAS_WISHED);
    return wished == null ? -1 : Integer.parseInt(wished.value());
  }

  private static List<String> damagedSegments(Config configs) {
    ConfigEntry damaged = configs.get(TopicFacts.DAMAGED_SEGMENTS);
    return damaged == null || damaged.value().isEmpty()
        ? List.of()
        : List.of(damaged.value().split("; ", -1));
  }

  public void deleteTopic(String name) {
    RemoteFailures.await(
        "delete topic " + name, admin.deleteTopics(List.of(name)).topicNameValues().get(name));
  }

  public RemoteProducer producer(ProduceOptions options) {
    return RemoteProducer.open(bootstrap, options);
  }

  /// The records that the options ask for, as they come. Order is kept within a partition.
  public RemoteRecords consume(ConsumeOptions options) {
    return RemoteRecords.open(bootstrap, options);
  }

  @Override
  public void close() {
    admin.close(Duration.ofSeconds(1));
  }

  private static UUID toUuid(org.apache.kafka.common.Uuid id) {
    return new UUID(id.getMostSignificantBits(), id.getLeastSignificantBits());
  }

  /// Kafka's clients retry a refused connection until their timeout; a person wants to know now.
  private static void requireSomeoneListens(String bootstrap) {
    @Nullable IOException lastFailure = null;
    for (String address : bootstrap.split(",", -1)) {
      InetSocketAddress target = parse(address.trim());
      try (Socket socket = new Socket()) {
        socket.connect(target, (int) CONNECT_TIMEOUT.toMillis());
        return;
      } catch (IOException e) {
        lastFailure = e;
      }
    }
    throw new RemoteException(
        "no node answers at "
            + bootstrap
            + (lastFailure == null ? "" : ": " + lastFailure.getMessage())
            + " (is it started?)",
        Kind.UNREACHABLE);
  }

  private static InetSocketAddress parse(String address) {
    int colon = address.lastIndexOf(':');
    String host = colon < 0 ? "" : address.substring(0, colon);
    String port = address.substring(colon + 1);
    if (host.startsWith("[") && host.endsWith("]")) {
      host = host.substring(1, host.length() - 1);
    }
    try {
      int number = Integer.parseInt(port);
      if (!host.isEmpty() && number > 0 && number < 65536) {
        return new InetSocketAddress(host, number);
      }
    } catch (NumberFormatException e) {
      // The message below says it.
    }
    throw new RemoteException(
        "bootstrap address \"" + address + "\" is not HOST:PORT", Kind.INVALID);
  }
}
