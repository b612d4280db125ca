package io.floe.gateway.kafka;

import static io.floe.gateway.kafka.RawClient.batch;
import static io.floe.gateway.kafka.RawClient.batchAt;
import static org.assertj.core.api.Assertions.assertThat;

import io.floe.gateway.GatewayFixture;
import io.floe.gateway.MemoryPartition;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.apache.kafka.common.Uuid;
import org.apache.kafka.common.message.ListOffsetsRequestData;
import org.apache.kafka.common.message.ListOffsetsResponseData;
import org.apache.kafka.common.message.ListOffsetsResponseData.ListOffsetsPartitionResponse;
import org.apache.kafka.common.message.OffsetForLeaderEpochRequestData;
import org.apache.kafka.common.message.OffsetForLeaderEpochResponseData;
import org.apache.kafka.common.message.OffsetForLeaderEpochResponseData.EpochEndOffset;
import org.apache.kafka.common.protocol.ApiKeys;
import org.apache.kafka.common.protocol.Errors;
import org.apache.kafka.common.record.internal.MemoryRecords;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
final class OffsetRequestsTest {
  private GatewayFixture fixture;
  private RawClient client;
  private Uuid id;
  private MemoryPartition partition;

  @BeforeEach
  void start() throws Exception {
    fixture = GatewayFixture.start();
    id = Topology.uuid(fixture.log.create("t", 1, Map.of()).id());
    partition = fixture.log.memory("t", 0);
    client = new RawClient(fixture.port());
  }

  @AfterEach
  void stop() throws Exception {
    client.close();
    fixture.close();
  }

  private void produce(MemoryRecords records) throws Exception {
    client.call(ApiKeys.PRODUCE, 13, Requests.produce("t", id, -1, records));
  }

  private ListOffsetsPartitionResponse list(int version, long timestamp) throws Exception {
    return list(version, Requests.listOffsets("t", timestamp));
  }

  private ListOffsetsPartitionResponse list(int version, ListOffsetsRequestData request)
      throws Exception {
    ListOffsetsResponseData answer = client.call(ApiKeys.LIST_OFFSETS, version, request);
    return answer.topics().get(0).partitions().get(0);
  }

  @Test
  void findsEnds() throws Exception {
    produce(batch("a", "b", "c"));
    partition.deleteBelow(1);
    for (int version = 1; version <= 11; version++) {
      assertThat(list(version, -1).offset()).isEqualTo(3);
      assertThat(list(version, -2).offset()).isEqualTo(1);
      assertThat(list(version, -1).timestamp()).isEqualTo(-1);
    }
    assertThat(list(8, -4).offset()).isEqualTo(1);
  }

  @Test
  void findsLatestBelowHighWatermarkForAnyIsolation() throws Exception {
    produce(batch("a"));
    partition.holdCommits();
    client.send(ApiKeys.PRODUCE, 13, Requests.produce("t", id, -1, batch("b")));
    ProduceRequestsTest.await(() -> partition.logEndOffset() == 2);
    try (RawClient reader = new RawClient(fixture.port())) {
      for (byte isolation = 0; isolation <= 1; isolation++) {
        ListOffsetsResponseData answer =
            reader.call(
                ApiKeys.LIST_OFFSETS,
                11,
                Requests.listOffsets("t", -1).setIsolationLevel(isolation));
        assertThat(answer.topics().get(0).partitions().get(0).offset()).isEqualTo(1);
      }
    }
    partition.commitHeld();
  }

  @Test
  void findsFirstRecordAtOrAfterTimeInsideBatch() throws Exception {
    produce(batchAt(1_000, 10));
    produce(batchAt(2_000, 10));
    assertThat(list(11, 1_004).offset()).isEqualTo(4);
    assertThat(list(11, 1_004).timestamp()).isEqualTo(1_004);
    assertThat(list(11, 1_500).offset()).isEqualTo(10);
    assertThat(list(11, 0).offset()).isZero();
    ListOffsetsPartitionResponse none = list(11, 2_010);
    assertThat(none.errorCode()).isZero();
    assertThat(none.offset()).isEqualTo(-1);
    assertThat(none.timestamp()).isEqualTo(-1);
  }

  @Test
  void findsLargestTimestamp() throws Exception {
    assertThat(list(7, -3).offset()).isEqualTo(-1);
    produce(batchAt(2_000, 3));
    produce(batchAt(1_000, 3));
    assertThat(list(7, -3).offset()).isEqualTo(2);
    assertThat(list(7, -3).timestamp()).isEqualTo(2_002);
  }

  @Test
  void hasNothingTiered() throws Exception {
    produce(batch("a"));
    assertThat(list(9, -5).offset()).isEqualTo(-1);
    assertThat(list(9, -5).errorCode()).isZero();
    assertThat(list(11, -6).offset()).isEqualTo(-1);
  }

  @Test
  void refusesSpecialTimestampsBeforeTheirVersion() throws Exception {
    Map<Long, Integer> since = Map.of(-3L, 7, -4L, 8, -5L, 9, -6L, 11);
    for (Map.Entry<Long, Integer> special : since.entrySet()) {
      assertThat(list(special.getValue() - 1, special.getKey()).errorCode())
          .isEqualTo(Errors.UNSUPPORTED_VERSION.code());
      assertThat(list(special.getValue(), special.getKey()).errorCode()).isZero();
    }
    assertThat(list(11, -7).errorCode()).isEqualTo(Errors.UNSUPPORTED_VERSION.code());
  }

  @Test
  void tellsEpochFromVersion4On() throws Exception {
    produce(batch("a"));
    assertThat(list(3, -1).leaderEpoch()).isEqualTo(-1);
    assertThat(list(4, -1).leaderEpoch()).isEqualTo(partition.epoch());
    assertThat(list(4, -2).leaderEpoch()).isEqualTo(partition.epoch());
    assertThat(list(4, 0).leaderEpoch()).isEqualTo(partition.epoch());
  }

  @Test
  void checksTheClientsLeaderEpoch() throws Exception {
    ListOffsetsRequestData request = Requests.listOffsets("t", -1);
    var wanted = request.topics().get(0).partitions().get(0);
    wanted.setCurrentLeaderEpoch(partition.epoch() + 1);
    assertThat(list(5, request).errorCode()).isEqualTo(Errors.UNKNOWN_LEADER_EPOCH.code());
    wanted.setCurrentLeaderEpoch(partition.epoch() - 1);
    assertThat(list(5, request).errorCode()).isEqualTo(Errors.FENCED_LEADER_EPOCH.code());
  }

  @Test
  void refusesSamePartitionTwice() throws Exception {
    ListOffsetsRequestData request = Requests.listOffsets("t", -1);
    List<ListOffsetsRequestData.ListOffsetsPartition> twice =
        new ArrayList<>(request.topics().get(0).partitions());
    twice.add(twice.get(0).duplicate());
    request.topics().get(0).setPartitions(twice);
    assertThat(list(5, request).errorCode()).isEqualTo(Errors.INVALID_REQUEST.code());
  }

  private EpochEndOffset end(int epoch, int clientEpoch) throws Exception {
    OffsetForLeaderEpochRequestData request = Requests.epochEnd("t", epoch);
    request.topics().iterator().next().partitions().get(0).setCurrentLeaderEpoch(clientEpoch);
    OffsetForLeaderEpochResponseData answer =
        client.call(ApiKeys.OFFSET_FOR_LEADER_EPOCH, 4, request);
    return answer.topics().iterator().next().partitions().get(0);
  }

  @Test
  void findsEndOfLargestKnownEpochUpToTheAskedOne() throws Exception {
    int first = partition.epoch();
    produce(batch("a", "b"));
    partition.newEpoch(first + 10);
    produce(batch("c"));
    assertThat(end(first, -1).endOffset()).isEqualTo(2);
    assertThat(end(first + 5, -1).leaderEpoch()).isEqualTo(first);
    assertThat(end(first + 5, -1).endOffset()).isEqualTo(2);
    assertThat(end(first + 10, -1).endOffset()).isEqualTo(3);
    EpochEndOffset unknown = end(first - 1, -1);
    assertThat(unknown.errorCode()).isZero();
    assertThat(unknown.leaderEpoch()).isEqualTo(-1);
    assertThat(unknown.endOffset()).isEqualTo(-1);
    assertThat(end(first, first).errorCode()).isEqualTo(Errors.FENCED_LEADER_EPOCH.code());
    assertThat(end(first, first + 11).errorCode()).isEqualTo(Errors.UNKNOWN_LEADER_EPOCH.code());
  }
}
