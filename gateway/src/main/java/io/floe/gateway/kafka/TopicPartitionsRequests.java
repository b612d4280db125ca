package io.floe.gateway.kafka;

import io.floe.actors.log.LogService;
import io.floe.consensus.metadata.core.MetadataState;
import io.floe.consensus.metadata.core.NodeRecord;
import io.floe.consensus.metadata.core.PartitionRecord;
import io.floe.consensus.metadata.core.TopicNames;
import io.floe.consensus.metadata.core.TopicRecord;
import java.util.List;
import java.util.TreeSet;
import org.apache.kafka.common.message.DescribeTopicPartitionsRequestData;
import org.apache.kafka.common.message.DescribeTopicPartitionsRequestData.TopicRequest;
import org.apache.kafka.common.message.DescribeTopicPartitionsResponseData;
import org.apache.kafka.common.message.DescribeTopicPartitionsResponseData.Cursor;
import org.apache.kafka.common.message.DescribeTopicPartitionsResponseData.DescribeTopicPartitionsResponsePartition;
import org.apache.kafka.common.message.DescribeTopicPartitionsResponseData.DescribeTopicPartitionsResponseTopic;
import org.apache.kafka.common.protocol.Errors;
import org.apache.kafka.common.requests.DescribeTopicPartitionsRequest;
import org.apache.kafka.common.requests.DescribeTopicPartitionsResponse;

/// DescribeTopicPartitions: topics in name order, page by page.
///
/// Thread-safety: stateless.
final class TopicPartitionsRequests {
  /// Partitions of one page at most, as in Kafka (max.request.partition.size.limit).
  private static final int PAGE_PARTITIONS_MAX = 2_000;

  private final LogService log;

  TopicPartitionsRequests(LogService log) {
    this.log = log;
  }

  void describe(Call<DescribeTopicPartitionsRequest> call) {
    DescribeTopicPartitionsRequestData wanted = call.request().data();
    DescribeTopicPartitionsRequestData.Cursor cursor = wanted.cursor();
    if (cursor != null && cursor.partitionIndex() < 0) {
      call.refuse(
          Errors.INVALID_REQUEST.exception(
              "cursor partition " + cursor.partitionIndex() + " is negative"));
      return;
    }
    MetadataState state = log.metadata();
    TreeSet<String> names = new TreeSet<>();
    if (wanted.topics().isEmpty()) {
      state.topics().forEach(topic -> names.add(topic.name()));
    } else {
      for (TopicRequest topic : wanted.topics()) {
        names.add(topic.name());
      }
    }
    DescribeTopicPartitionsResponseData page = new DescribeTopicPartitionsResponseData();
    int room = Math.clamp(wanted.responsePartitionLimit(), 1, PAGE_PARTITIONS_MAX);
    for (String name : cursor == null ? names : names.tailSet(cursor.topicName())) {
      if (room == 0) {
        page.setNextCursor(new Cursor().setTopicName(name).setPartitionIndex(0));
        break;
      }
      boolean isResumed = cursor != null && name.equals(cursor.topicName());
      room -= add(page, state, name, isResumed ? cursor.partitionIndex() : 0, room);
      if (page.nextCursor() != null) {
        break;
      }
    }
    call.answer(new DescribeTopicPartitionsResponse(page));
  }

  /// Adds a topic as far as there is room; returns how many partitions it took.
  private int add(
      DescribeTopicPartitionsResponseData page,
      MetadataState state,
      String name,
      int firstPartition,
      int room) {
    TopicRecord topic = state.topic(name);
    DescribeTopicPartitionsResponseTopic described =
        new DescribeTopicPartitionsResponseTopic().setName(name);
    page.topics().add(described);
    if (topic == null) {
      Errors error =
          TopicNames.problem(name) == null
              ? Errors.UNKNOWN_TOPIC_OR_PARTITION
              : Errors.INVALID_TOPIC_EXCEPTION;
      described.setErrorCode(error.code());
      return 0;
    }
    described.setTopicId(Topology.uuid(topic.id()));
    int end = (int) Math.min(topic.partitions().size(), (long) firstPartition + room);
    for (int index = firstPartition; index < end; index++) {
      described.partitions().add(describe(state, topic.partitions().get(index)));
    }
    if (end < topic.partitions().size()) {
      page.setNextCursor(new Cursor().setTopicName(name).setPartitionIndex(end));
    }
    return Math.max(0, end - firstPartition);
  }

  private DescribeTopicPartitionsResponsePartition describe(
      MetadataState state, PartitionRecord partition) {
    NodeRecord leader = Topology.leader(log, state, partition);
    return new DescribeTopicPartitionsResponsePartition()
        .setErrorCode(leader == null ? Errors.LEADER_NOT_AVAILABLE.code() : Errors.NONE.code())
        .setPartitionIndex(partition.index())
        .setLeaderId(leader == null ? Topology.NO_LEADER : leader.id().value())
        .setLeaderEpoch(partition.last().epoch())
        .setReplicaNodes(Topology.replicas(partition))
        .setIsrNodes(Topology.liveReplicas(state, partition))
        .setOfflineReplicas(Topology.offlineReplicas(state, partition))
        // Java's admin client fails on null, although the protocol allows it.
        .setEligibleLeaderReplicas(List.of())
        .setLastKnownElr(List.of());
  }
}
