package io.floe.gateway.kafka;

import io.floe.actors.log.LogService;
import io.floe.consensus.metadata.core.MetadataState;
import io.floe.consensus.metadata.core.NodeRecord;
import io.floe.consensus.metadata.core.PartitionRecord;
import io.floe.consensus.metadata.core.TopicNames;
import io.floe.consensus.metadata.core.TopicRecord;
import io.floe.gateway.GatewaySettings;
import java.util.ArrayList;
import java.util.List;
import java.util.SortedSet;
import java.util.TreeSet;
import java.util.concurrent.CompletableFuture;
import org.apache.kafka.common.Uuid;
import org.apache.kafka.common.message.DescribeClusterResponseData;
import org.apache.kafka.common.message.DescribeClusterResponseData.DescribeClusterBroker;
import org.apache.kafka.common.message.MetadataRequestData.MetadataRequestTopic;
import org.apache.kafka.common.message.MetadataResponseData;
import org.apache.kafka.common.message.MetadataResponseData.MetadataResponseBroker;
import org.apache.kafka.common.message.MetadataResponseData.MetadataResponsePartition;
import org.apache.kafka.common.message.MetadataResponseData.MetadataResponseTopic;
import org.apache.kafka.common.protocol.Errors;
import org.apache.kafka.common.requests.DescribeClusterRequest;
import org.apache.kafka.common.requests.DescribeClusterResponse;
import org.apache.kafka.common.requests.MetadataRequest;
import org.apache.kafka.common.requests.MetadataResponse;
import org.jspecify.annotations.Nullable;

/// Metadata and DescribeCluster: who is there, and who writes what.
///
/// Thread-safety: stateless.
final class MetadataRequests {
  private static final byte ENDPOINT_BROKERS = 1;

  /// First version in which a topic may be asked for by its id, and a name may be null.
  private static final short BY_ID_SINCE = 12;

  private final LogService log;
  private final GatewaySettings settings;
  private final TopicRequests topics;

  MetadataRequests(LogService log, GatewaySettings settings, TopicRequests topics) {
    this.log = log;
    this.settings = settings;
    this.topics = topics;
  }

  void metadata(Call<MetadataRequest> call) {
    String problem = problem(call);
    if (problem != null) {
      call.refuse(Errors.INVALID_REQUEST.exception(problem));
      return;
    }
    SortedSet<String> missing = toCreate(call);
    if (missing.isEmpty()) {
      call.answer(response(call));
      return;
    }
    List<CompletableFuture<?>> creations = new ArrayList<>();
    missing.forEach(name -> creations.add(topics.createByUse(name)));
    // A failed creation shows as a topic that is still unknown, which clients ask for again.
    var _ =
        CompletableFuture.allOf(creations.toArray(CompletableFuture[]::new))
            .whenComplete((done, failure) -> call.answerInTurn(() -> response(call)));
  }

  private static @Nullable String problem(Call<MetadataRequest> call) {
    if (call.request().isAllTopics()) {
      return null;
    }
    for (MetadataRequestTopic topic : call.request().data().topics()) {
      boolean isById = isById(topic);
      if (call.version() < BY_ID_SINCE && (isById || topic.name() == null)) {
        return "topics cannot be asked for by id before version " + BY_ID_SINCE;
      }
      if (!isById && topic.name() == null) {
        return "a topic has neither a name nor an id";
      }
    }
    return null;
  }

  /// The name of a topic that is asked for by id is empty, or null, and means nothing.
  private static boolean isById(MetadataRequestTopic topic) {
    return !topic.topicId().equals(Uuid.ZERO_UUID);
  }

  private SortedSet<String> toCreate(Call<MetadataRequest> call) {
    SortedSet<String> missing = new TreeSet<>();
    if (settings.isAutoCreateTopics()
        && call.request().allowAutoTopicCreation()
        && !call.request().isAllTopics()) {
      MetadataState state = log.metadata();
      for (MetadataRequestTopic topic : call.request().data().topics()) {
        if (!isById(topic) && state.topic(topic.name()) == null && isUsableName(topic.name())) {
          missing.add(topic.name());
        }
      }
    }
    return missing;
  }

  private boolean isUsableName(String name) {
    return name.length() <= settings.topicNameLengthMax() && TopicNames.problem(name) == null;
  }

  private MetadataResponse response(Call<MetadataRequest> call) {
    MetadataState state = log.metadata();
    MetadataResponseData data = new MetadataResponseData();
    for (NodeRecord node : Topology.brokers(log, state)) {
      data.brokers()
          .add(
              new MetadataResponseBroker()
                  .setNodeId(node.id().value())
                  .setHost(node.kafkaHost())
                  .setPort(node.kafkaPort())
                  .setRack(node.rack()));
    }
    data.setClusterId(state.clusterId());
    data.setControllerId(log.nodeId().value());
    if (call.request().isAllTopics()) {
      state.topics().forEach(topic -> data.topics().add(describe(state, topic)));
    } else {
      for (MetadataRequestTopic wanted : call.request().data().topics()) {
        data.topics().add(isById(wanted) ? byId(state, wanted.topicId()) : byName(state, wanted));
      }
    }
    return new MetadataResponse(data, call.version());
  }

  private MetadataResponseTopic byId(MetadataState state, Uuid id) {
    TopicRecord topic = state.topic(Topology.topicId(id));
    return topic == null
        ? new MetadataResponseTopic()
            .setErrorCode(Errors.UNKNOWN_TOPIC_ID.code())
            .setName(null)
            .setTopicId(id)
        : describe(state, topic);
  }

  private MetadataResponseTopic byName(MetadataState state, MetadataRequestTopic wanted) {
    TopicRecord topic = state.topic(wanted.name());
    if (topic != null) {
      return describe(state, topic);
    }
    Errors error =
        isUsableName(wanted.name())
            ? Errors.UNKNOWN_TOPIC_OR_PARTITION
            : Errors.INVALID_TOPIC_EXCEPTION;
    return new MetadataResponseTopic().setErrorCode(error.code()).setName(wanted.name());
  }

  private MetadataResponseTopic describe(MetadataState state, TopicRecord topic) {
    MetadataResponseTopic described =
        new MetadataResponseTopic().setName(topic.name()).setTopicId(Topology.uuid(topic.id()));
    for (PartitionRecord partition : topic.partitions()) {
      NodeRecord leader = Topology.leader(log, state, partition);
      described
          .partitions()
          .add(
              new MetadataResponsePartition()
                  .setErrorCode(
                      leader == null ? Errors.LEADER_NOT_AVAILABLE.code() : Errors.NONE.code())
                  .setPartitionIndex(partition.index())
                  .setLeaderId(leader == null ? Topology.NO_LEADER : leader.id().value())
                  .setLeaderEpoch(partition.last().epoch())
                  .setReplicaNodes(Topology.replicas(partition))
                  .setIsrNodes(Topology.liveReplicas(state, partition))
                  .setOfflineReplicas(Topology.offlineReplicas(state, partition)));
    }
    return described;
  }

  void describeCluster(Call<DescribeClusterRequest> call) {
    byte endpointType = call.request().data().endpointType();
    if (endpointType != ENDPOINT_BROKERS) {
      call.refuse(
          Errors.UNSUPPORTED_ENDPOINT_TYPE.exception(
              "endpoint type " + endpointType + " is not served, only brokers (1)"));
      return;
    }
    MetadataState state = log.metadata();
    DescribeClusterResponseData data =
        new DescribeClusterResponseData()
            .setClusterId(state.clusterId())
            .setControllerId(log.nodeId().value());
    for (NodeRecord node : Topology.brokers(log, state)) {
      data.brokers()
          .add(
              new DescribeClusterBroker()
                  .setBrokerId(node.id().value())
                  .setHost(node.kafkaHost())
                  .setPort(node.kafkaPort())
                  .setRack(node.rack()));
    }
    call.answer(new DescribeClusterResponse(data));
  }
}
