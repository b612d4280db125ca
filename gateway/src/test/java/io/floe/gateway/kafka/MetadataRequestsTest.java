package io.floe.gateway.kafka;

import static org.assertj.core.api.Assertions.assertThat;

import io.floe.consensus.metadata.core.MetadataCommand;
import io.floe.consensus.metadata.core.NodeRecord;
import io.floe.gateway.GatewayFixture;
import io.floe.gateway.MemoryLog;
import io.floe.model.NodeId;
import io.floe.model.ProcessIncarnation;
import io.floe.model.StoreIncarnation;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.apache.kafka.common.Uuid;
import org.apache.kafka.common.message.DescribeClusterResponseData;
import org.apache.kafka.common.message.DescribeTopicPartitionsRequestData;
import org.apache.kafka.common.message.DescribeTopicPartitionsResponseData;
import org.apache.kafka.common.message.MetadataRequestData;
import org.apache.kafka.common.message.MetadataRequestData.MetadataRequestTopic;
import org.apache.kafka.common.message.MetadataResponseData;
import org.apache.kafka.common.message.MetadataResponseData.MetadataResponseTopic;
import org.apache.kafka.common.protocol.ApiKeys;
import org.apache.kafka.common.protocol.Errors;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
final class MetadataRequestsTest {
  private GatewayFixture fixture;
  private RawClient client;

  @BeforeEach
  void start() throws Exception {
    fixture = GatewayFixture.start("default-partitions = 4");
    fixture.log.create("a", 2, Map.of());
    fixture.log.create("b", 3, Map.of());
    client = new RawClient(fixture.port());
  }

  @AfterEach
  void stop() throws Exception {
    client.close();
    fixture.close();
  }

  private MetadataResponseData metadata(int version, MetadataRequestData request) throws Exception {
    return client.call(ApiKeys.METADATA, version, request);
  }

  private static List<String> names(MetadataResponseData answer) {
    List<String> names = new ArrayList<>();
    answer.topics().forEach(topic -> names.add(topic.name()));
    return names;
  }

  @Test
  void takesNullForAllAndEmptyForNone() throws Exception {
    assertThat(names(metadata(12, new MetadataRequestData().setTopics(null))))
        .containsExactly("a", "b");
    assertThat(names(metadata(12, new MetadataRequestData()))).isEmpty();
    // In version 0 an empty list is all.
    assertThat(names(metadata(0, new MetadataRequestData()))).containsExactly("a", "b");
  }

  @Test
  void showsTheClusterAsClientsNeedIt() throws Exception {
    fixture.log.register(new NodeId(8), "other.example", 9093);
    MetadataResponseData answer = metadata(12, Requests.metadata("b"));
    assertThat(answer.clusterId()).isEqualTo("test-cluster");
    assertThat(answer.brokers().find(7).port()).isEqualTo(fixture.port());
    assertThat(answer.brokers().find(8).host()).isEqualTo("other.example");
    assertThat(answer.brokers().find(answer.controllerId())).isNotNull();
    MetadataResponseTopic topic = answer.topics().find("b");
    assertThat(topic.topicId()).isEqualTo(Topology.uuid(fixture.log.topic("b").id()));
    assertThat(topic.partitions()).hasSize(3);
    topic
        .partitions()
        .forEach(
            partition -> {
              assertThat(partition.leaderId()).isEqualTo(MemoryLog.NODE.value());
              assertThat(partition.leaderEpoch())
                  .isEqualTo(fixture.log.memory("b", partition.partitionIndex()).epoch());
              assertThat(partition.replicaNodes()).containsExactly(7);
              assertThat(partition.isrNodes()).containsExactly(7);
            });
    DescribeClusterResponseData cluster =
        client.call(ApiKeys.DESCRIBE_CLUSTER, 1, Requests.describeCluster());
    assertThat(cluster.clusterId()).isEqualTo("test-cluster");
    assertThat(cluster.controllerId()).isEqualTo(answer.controllerId());
    assertThat(cluster.brokers().find(7).port()).isEqualTo(fixture.port());
  }

  @Test
  void looksUpByIdWhenThereIsOneWhateverTheName() throws Exception {
    Uuid id = Topology.uuid(fixture.log.topic("a").id());
    for (String name : new String[] {null, ""}) {
      MetadataRequestData request = new MetadataRequestData();
      request.topics().add(new MetadataRequestTopic().setTopicId(id).setName(name));
      assertThat(names(metadata(12, request))).containsExactly("a");
    }
    MetadataRequestData unknown = new MetadataRequestData();
    unknown.topics().add(new MetadataRequestTopic().setTopicId(Uuid.randomUuid()).setName(""));
    MetadataResponseData answer = metadata(12, unknown);
    assertThat(answer.topics().iterator().next().errorCode())
        .isEqualTo(Errors.UNKNOWN_TOPIC_ID.code());
    assertThat(fixture.log.metadata().topicCount()).as("nothing was created").isEqualTo(2);
  }

  @Test
  void createsMissingTopicOnlyWhenTheClientAllowsIt() throws Exception {
    MetadataResponseData refused =
        metadata(12, Requests.metadata("new").setAllowAutoTopicCreation(false));
    assertThat(refused.topics().find("new").errorCode())
        .isEqualTo(Errors.UNKNOWN_TOPIC_OR_PARTITION.code());
    MetadataResponseData made =
        metadata(12, Requests.metadata("new", "a").setAllowAutoTopicCreation(true));
    assertThat(made.topics().find("new").errorCode()).isZero();
    assertThat(made.topics().find("new").partitions()).hasSize(4);
    // Before version 4 every client allows it.
    assertThat(metadata(1, Requests.metadata("old")).topics().find("old").errorCode()).isZero();
  }

  @Test
  void createsNoTopicWhenSwitchedOff() throws Exception {
    try (GatewayFixture off = GatewayFixture.start("auto-create-topics = off");
        RawClient other = new RawClient(off.port())) {
      MetadataResponseData answer = other.call(ApiKeys.METADATA, 12, Requests.metadata("new"));
      assertThat(answer.topics().find("new").errorCode())
          .isEqualTo(Errors.UNKNOWN_TOPIC_OR_PARTITION.code());
    }
  }

  @Test
  void refusesBadNames() throws Exception {
    for (String name : new String[] {"", "no spaces", "..", "x".repeat(250)}) {
      MetadataResponseData answer = metadata(12, Requests.metadata(name));
      assertThat(answer.topics().iterator().next().errorCode())
          .isEqualTo(Errors.INVALID_TOPIC_EXCEPTION.code());
    }
    assertThat(fixture.log.metadata().topicCount()).isEqualTo(2);
  }

  @Test
  void saysThereIsNoLeaderWhenItsProcessEnded() throws Exception {
    // The node registers again with a newer life; the segments' writer is the old one.
    fixture.log.apply(
        new MetadataCommand.RegisterNode(
            new NodeRecord(
                MemoryLog.NODE,
                new StoreIncarnation(100 + MemoryLog.NODE.value()),
                new ProcessIncarnation(2),
                "127.0.0.1",
                fixture.port(),
                null)));
    var partition = metadata(12, Requests.metadata("a")).topics().find("a").partitions().get(0);
    assertThat(partition.errorCode()).isEqualTo(Errors.LEADER_NOT_AVAILABLE.code());
    assertThat(partition.leaderId()).isEqualTo(-1);
  }

  @Test
  void describesPartitionsPageByPage() throws Exception {
    List<String> seen = new ArrayList<>();
    DescribeTopicPartitionsRequestData.Cursor cursor = null;
    int pages = 0;
    do {
      DescribeTopicPartitionsResponseData page =
          client.call(
              ApiKeys.DESCRIBE_TOPIC_PARTITIONS,
              0,
              Requests.describePartitions(2).setCursor(cursor));
      page.topics()
          .forEach(
              topic ->
                  topic
                      .partitions()
                      .forEach(p -> seen.add(topic.name() + "-" + p.partitionIndex())));
      cursor =
          page.nextCursor() == null
              ? null
              : new DescribeTopicPartitionsRequestData.Cursor()
                  .setTopicName(page.nextCursor().topicName())
                  .setPartitionIndex(page.nextCursor().partitionIndex());
      pages++;
    } while (cursor != null && pages < 10);
    assertThat(seen).containsExactly("a-0", "a-1", "b-0", "b-1", "b-2");
    assertThat(pages).isEqualTo(3);
  }
}
