package io.floe.gateway.kafka;

import java.util.List;
import org.apache.kafka.common.Uuid;
import org.apache.kafka.common.message.AddRaftVoterRequestData;
import org.apache.kafka.common.message.AlterPartitionReassignmentsRequestData;
import org.apache.kafka.common.message.ApiVersionsRequestData;
import org.apache.kafka.common.message.CreatePartitionsRequestData;
import org.apache.kafka.common.message.CreateTopicsRequestData;
import org.apache.kafka.common.message.DeleteTopicsRequestData;
import org.apache.kafka.common.message.DescribeClusterRequestData;
import org.apache.kafka.common.message.DescribeConfigsRequestData;
import org.apache.kafka.common.message.DescribeQuorumRequestData;
import org.apache.kafka.common.message.DescribeTopicPartitionsRequestData;
import org.apache.kafka.common.message.FetchRequestData;
import org.apache.kafka.common.message.IncrementalAlterConfigsRequestData;
import org.apache.kafka.common.message.InitProducerIdRequestData;
import org.apache.kafka.common.message.ListOffsetsRequestData;
import org.apache.kafka.common.message.MetadataRequestData;
import org.apache.kafka.common.message.OffsetForLeaderEpochRequestData;
import org.apache.kafka.common.message.ProduceRequestData;
import org.apache.kafka.common.record.internal.BaseRecords;
import org.jspecify.annotations.Nullable;

/// Requests with every field that their version has.
final class Requests {
  private Requests() {}

  static ProduceRequestData produce(
      String topic, Uuid id, int acks, @Nullable BaseRecords records) {
    return produce(topic, id, 0, acks, records);
  }

  static ProduceRequestData produce(
      String topic, Uuid id, int partition, int acks, @Nullable BaseRecords records) {
    ProduceRequestData data = new ProduceRequestData().setAcks((short) acks).setTimeoutMs(20_000);
    data.topicData()
        .add(
            new ProduceRequestData.TopicProduceData()
                .setName(topic)
                .setTopicId(id)
                .setPartitionData(
                    List.of(
                        new ProduceRequestData.PartitionProduceData()
                            .setIndex(partition)
                            .setRecords(records))));
    return data;
  }

  static FetchRequestData fetch(String topic, Uuid id, long offset) {
    FetchRequestData data =
        new FetchRequestData()
            .setMaxWaitMs(0)
            .setMinBytes(1)
            .setMaxBytes(1 << 20)
            .setSessionEpoch(-1);
    data.topics()
        .add(
            new FetchRequestData.FetchTopic()
                .setTopic(topic)
                .setTopicId(id)
                .setPartitions(List.of(fetchPartition(0, offset))));
    return data;
  }

  static FetchRequestData.FetchPartition fetchPartition(int partition, long offset) {
    return new FetchRequestData.FetchPartition()
        .setPartition(partition)
        .setFetchOffset(offset)
        .setPartitionMaxBytes(1 << 20);
  }

  static ListOffsetsRequestData listOffsets(String topic, long timestamp) {
    ListOffsetsRequestData data = new ListOffsetsRequestData().setReplicaId(-1);
    data.topics()
        .add(
            new ListOffsetsRequestData.ListOffsetsTopic()
                .setName(topic)
                .setPartitions(
                    List.of(
                        new ListOffsetsRequestData.ListOffsetsPartition()
                            .setPartitionIndex(0)
                            .setTimestamp(timestamp))));
    return data;
  }

  static OffsetForLeaderEpochRequestData epochEnd(String topic, int epoch) {
    OffsetForLeaderEpochRequestData data = new OffsetForLeaderEpochRequestData().setReplicaId(-1);
    data.topics()
        .add(
            new OffsetForLeaderEpochRequestData.OffsetForLeaderTopic()
                .setTopic(topic)
                .setPartitions(
                    List.of(
                        new OffsetForLeaderEpochRequestData.OffsetForLeaderPartition()
                            .setPartition(0)
                            .setLeaderEpoch(epoch))));
    return data;
  }

  static MetadataRequestData metadata(String... topics) {
    MetadataRequestData data = new MetadataRequestData();
    for (String topic : topics) {
      data.topics().add(new MetadataRequestData.MetadataRequestTopic().setName(topic));
    }
    return data;
  }

  static CreateTopicsRequestData createTopic(String name) {
    CreateTopicsRequestData data = new CreateTopicsRequestData().setTimeoutMs(20_000);
    data.topics()
        .add(
            new CreateTopicsRequestData.CreatableTopic()
                .setName(name)
                .setNumPartitions(2)
                .setReplicationFactor((short) 1));
    return data;
  }

  static DeleteTopicsRequestData deleteTopic(int version, String name) {
    DeleteTopicsRequestData data = new DeleteTopicsRequestData().setTimeoutMs(20_000);
    return version >= 6
        ? data.setTopics(List.of(new DeleteTopicsRequestData.DeleteTopicState().setName(name)))
        : data.setTopicNames(List.of(name));
  }

  static CreatePartitionsRequestData createPartitions(String name, int count) {
    CreatePartitionsRequestData data = new CreatePartitionsRequestData().setTimeoutMs(20_000);
    data.topics()
        .add(
            new CreatePartitionsRequestData.CreatePartitionsTopic()
                .setName(name)
                .setCount(count)
                .setAssignments(null));
    return data;
  }

  static DescribeConfigsRequestData describeConfigs(int version, int type, String name) {
    DescribeConfigsRequestData data =
        new DescribeConfigsRequestData()
            .setIncludeSynonyms(version >= 1)
            .setIncludeDocumentation(version >= 3);
    data.resources()
        .add(
            new DescribeConfigsRequestData.DescribeConfigsResource()
                .setResourceType((byte) type)
                .setResourceName(name)
                .setConfigurationKeys(null));
    return data;
  }

  static IncrementalAlterConfigsRequestData alterConfig(
      String topic, int operation, String config, String value) {
    IncrementalAlterConfigsRequestData.AlterConfigsResource resource =
        new IncrementalAlterConfigsRequestData.AlterConfigsResource()
            .setResourceType((byte) 2)
            .setResourceName(topic);
    resource
        .configs()
        .add(
            new IncrementalAlterConfigsRequestData.AlterableConfig()
                .setName(config)
                .setConfigOperation((byte) operation)
                .setValue(value));
    IncrementalAlterConfigsRequestData data = new IncrementalAlterConfigsRequestData();
    data.resources().add(resource);
    return data;
  }

  static DescribeTopicPartitionsRequestData describePartitions(int limit, String... topics) {
    DescribeTopicPartitionsRequestData data =
        new DescribeTopicPartitionsRequestData().setResponsePartitionLimit(limit);
    for (String topic : topics) {
      data.topics().add(new DescribeTopicPartitionsRequestData.TopicRequest().setName(topic));
    }
    return data;
  }

  static InitProducerIdRequestData initProducerId() {
    return new InitProducerIdRequestData().setTransactionalId(null).setTransactionTimeoutMs(1_000);
  }

  static DescribeQuorumRequestData describeQuorum(String topic) {
    return new DescribeQuorumRequestData()
        .setTopics(
            List.of(
                new DescribeQuorumRequestData.TopicData()
                    .setTopicName(topic)
                    .setPartitions(
                        List.of(
                            new DescribeQuorumRequestData.PartitionData().setPartitionIndex(0)))));
  }

  static AddRaftVoterRequestData addVoter(int node) {
    return new AddRaftVoterRequestData().setVoterId(node).setTimeoutMs(1_000);
  }

  static AlterPartitionReassignmentsRequestData reassign(String topic, int node) {
    return new AlterPartitionReassignmentsRequestData()
        .setTopics(
            List.of(
                new AlterPartitionReassignmentsRequestData.ReassignableTopic()
                    .setName(topic)
                    .setPartitions(
                        List.of(
                            new AlterPartitionReassignmentsRequestData.ReassignablePartition()
                                .setPartitionIndex(0)
                                .setReplicas(List.of(node))))));
  }

  static DescribeClusterRequestData describeCluster() {
    return new DescribeClusterRequestData();
  }

  static ApiVersionsRequestData apiVersions() {
    return new ApiVersionsRequestData()
        .setClientSoftwareName("raw")
        .setClientSoftwareVersion("1.0");
  }
}
