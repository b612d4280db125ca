package io.floe.gateway.kafka;

import io.floe.actors.log.ClusterChange;
import io.floe.actors.log.ClusterReply;
import io.floe.actors.log.ClusterView;
import io.floe.actors.log.LogService;
import io.floe.consensus.metadata.core.NodeRecord;
import io.floe.model.NodeId;
import java.util.List;
import java.util.concurrent.CompletionStage;
import org.apache.kafka.common.Uuid;
import org.apache.kafka.common.message.AddRaftVoterResponseData;
import org.apache.kafka.common.message.AlterPartitionReassignmentsRequestData.ReassignablePartition;
import org.apache.kafka.common.message.AlterPartitionReassignmentsRequestData.ReassignableTopic;
import org.apache.kafka.common.message.AlterPartitionReassignmentsResponseData;
import org.apache.kafka.common.message.AlterPartitionReassignmentsResponseData.ReassignablePartitionResponse;
import org.apache.kafka.common.message.AlterPartitionReassignmentsResponseData.ReassignableTopicResponse;
import org.apache.kafka.common.message.DescribeQuorumRequestData;
import org.apache.kafka.common.message.DescribeQuorumResponseData;
import org.apache.kafka.common.message.DescribeQuorumResponseData.Listener;
import org.apache.kafka.common.message.DescribeQuorumResponseData.Node;
import org.apache.kafka.common.message.DescribeQuorumResponseData.PartitionData;
import org.apache.kafka.common.message.DescribeQuorumResponseData.ReplicaState;
import org.apache.kafka.common.message.DescribeQuorumResponseData.TopicData;
import org.apache.kafka.common.message.UnregisterBrokerResponseData;
import org.apache.kafka.common.protocol.Errors;
import org.apache.kafka.common.requests.AddRaftVoterRequest;
import org.apache.kafka.common.requests.AddRaftVoterResponse;
import org.apache.kafka.common.requests.AlterPartitionReassignmentsRequest;
import org.apache.kafka.common.requests.AlterPartitionReassignmentsResponse;
import org.apache.kafka.common.requests.DescribeQuorumRequest;
import org.apache.kafka.common.requests.DescribeQuorumResponse;
import org.apache.kafka.common.requests.UnregisterBrokerRequest;
import org.apache.kafka.common.requests.UnregisterBrokerResponse;
import org.jspecify.annotations.Nullable;

/// The group that keeps the metadata, by the names that Kafka's own tools use for theirs: its log
/// is partition 0 of `__cluster_metadata`.
///
/// | Kafka | here |
/// |---|---|
/// | DescribeQuorum | who leads, votes and observes |
/// | AddRaftVoter | an observer becomes a voter; the directory id does not count |
/// | UnregisterBroker | a node leaves for good |
/// | AlterPartitionReassignments of `__cluster_metadata`-0 | the first replica becomes the leader; of any other partition: refused |
///
/// Thread-safety: any thread.
final class ClusterRequests {
  private static final String METADATA_TOPIC = "__cluster_metadata";
  private static final int PARTITION = 0;
  private static final long UNKNOWN = -1;

  private final LogService log;

  ClusterRequests(LogService log) {
    this.log = log;
  }

  void describe(Call<DescribeQuorumRequest> call) {
    DescribeQuorumRequestData asked = call.request().data();
    boolean isOne =
        asked.topics().size() == 1
            && asked.topics().getFirst().topicName().equals(METADATA_TOPIC)
            && asked.topics().getFirst().partitions().size() == 1
            && asked.topics().getFirst().partitions().getFirst().partitionIndex() == PARTITION;
    if (!isOne) {
      call.refuse(
          Errors.UNKNOWN_TOPIC_OR_PARTITION.exception(
              "only partition 0 of " + METADATA_TOPIC + " has a quorum"));
      return;
    }
    var _ =
        log.cluster()
            .whenComplete(
                (view, failure) -> {
                  if (view == null) {
                    call.refuse(Errors.REQUEST_TIMED_OUT.exception("the node is busy"));
                  } else {
                    call.answer(new DescribeQuorumResponse(described(view, call)));
                  }
                });
  }

  private DescribeQuorumResponseData described(ClusterView view, Call<DescribeQuorumRequest> call) {
    short version = call.request().version();
    PartitionData partition =
        new PartitionData()
            .setPartitionIndex(PARTITION)
            .setErrorCode(Errors.NONE.code())
            .setLeaderId(view.leader() == null ? Topology.NO_LEADER : view.leader().value())
            .setLeaderEpoch((int) view.term())
            .setHighWatermark(view.commitIndex())
            .setCurrentVoters(states(view, true, version))
            .setObservers(states(view, false, version));
    DescribeQuorumResponseData data =
        new DescribeQuorumResponseData()
            .setTopics(
                List.of(
                    new TopicData()
                        .setTopicName(METADATA_TOPIC)
                        .setPartitions(List.of(partition))));
    if (version >= 2) {
      for (NodeRecord node : Topology.brokers(log, log.metadata())) {
        Node listed = new Node().setNodeId(node.id().value());
        listed
            .listeners()
            .add(
                new Listener()
                    .setName("PLAINTEXT")
                    .setHost(node.kafkaHost())
                    .setPort(node.kafkaPort()));
        data.nodes().add(listed);
      }
    }
    return data;
  }

  private static List<ReplicaState> states(ClusterView view, boolean isVoter, short version) {
    return view.members().stream()
        .filter(member -> member.isVoter() == isVoter)
        .map(
            member -> {
              ReplicaState state =
                  new ReplicaState()
                      .setReplicaId(member.node().value())
                      .setLogEndOffset(member.lastIndex() < 0 ? UNKNOWN : member.lastIndex() + 1);
              return version >= 2
                  ? state.setReplicaDirectoryId(new Uuid(0, member.store().value()))
                  : state;
            })
        .toList();
  }

  void addVoter(Call<AddRaftVoterRequest> call) {
    NodeId node = node(call.request().data().voterId());
    change(ClusterChange.ADD_VOTER, node)
        .thenAccept(
            reply ->
                call.answer(
                    new AddRaftVoterResponse(
                        new AddRaftVoterResponseData()
                            .setErrorCode(error(reply))
                            .setErrorMessage(reply.message()))));
  }

  void removeNode(Call<UnregisterBrokerRequest> call) {
    NodeId node = node(call.request().data().brokerId());
    change(ClusterChange.REMOVE_NODE, node)
        .thenAccept(
            reply ->
                call.answer(
                    new UnregisterBrokerResponse(
                        new UnregisterBrokerResponseData()
                            .setErrorCode(error(reply))
                            .setErrorMessage(reply.message()))));
  }

  void reassign(Call<AlterPartitionReassignmentsRequest> call) {
    List<ReassignableTopic> topics = call.request().data().topics();
    ReassignablePartition metadata = null;
    for (ReassignableTopic topic : topics) {
      for (ReassignablePartition partition : topic.partitions()) {
        if (topics.size() == 1
            && topic.partitions().size() == 1
            && topic.name().equals(METADATA_TOPIC)
            && partition.partitionIndex() == PARTITION
            && partition.replicas() != null
            && !partition.replicas().isEmpty()) {
          metadata = partition;
        }
      }
    }
    if (metadata == null) {
      call.answer(
          answered(
              topics,
              Errors.INVALID_REQUEST,
              "only the leadership of " + METADATA_TOPIC + "-0 can be moved by this request"));
      return;
    }
    NodeId target = node(metadata.replicas().getFirst());
    change(ClusterChange.TRANSFER_LEADERSHIP, target)
        .thenAccept(
            reply -> call.answer(answered(topics, Errors.forCode(error(reply)), reply.message())));
  }

  private static AlterPartitionReassignmentsResponse answered(
      List<ReassignableTopic> topics, Errors error, @Nullable String message) {
    AlterPartitionReassignmentsResponseData data = new AlterPartitionReassignmentsResponseData();
    for (ReassignableTopic topic : topics) {
      ReassignableTopicResponse response = new ReassignableTopicResponse().setName(topic.name());
      for (ReassignablePartition partition : topic.partitions()) {
        response
            .partitions()
            .add(
                new ReassignablePartitionResponse()
                    .setPartitionIndex(partition.partitionIndex())
                    .setErrorCode(error.code())
                    .setErrorMessage(error == Errors.NONE ? null : message));
      }
      data.responses().add(response);
    }
    return new AlterPartitionReassignmentsResponse(data);
  }

  private CompletionStage<ClusterReply> change(ClusterChange change, @Nullable NodeId node) {
    if (node == null) {
      return java.util.concurrent.CompletableFuture.completedStage(
          new ClusterReply(false, "a node id is 0 or more"));
    }
    return log.changeCluster(change, node)
        .exceptionally(
            failure ->
                new ClusterReply(
                    false, "no answer in time; it may still happen: look at the status"));
  }

  private static short error(ClusterReply reply) {
    return reply.isDone() ? Errors.NONE.code() : Errors.INVALID_REQUEST.code();
  }

  private static @Nullable NodeId node(int id) {
    return id < 0 ? null : new NodeId(id);
  }
}
