package io.floe.gateway.kafka;

import static io.floe.gateway.kafka.RawClient.batch;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import io.floe.actors.log.AppendResult;
import io.floe.gateway.GatewayFixture;
import io.floe.model.NodeId;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.function.BooleanSupplier;
import org.apache.kafka.common.Uuid;
import org.apache.kafka.common.compress.Compression;
import org.apache.kafka.common.message.MetadataResponseData;
import org.apache.kafka.common.message.ProduceRequestData;
import org.apache.kafka.common.message.ProduceResponseData;
import org.apache.kafka.common.message.ProduceResponseData.PartitionProduceResponse;
import org.apache.kafka.common.protocol.ApiKeys;
import org.apache.kafka.common.protocol.Errors;
import org.apache.kafka.common.record.internal.MemoryRecords;
import org.apache.kafka.common.record.internal.SimpleRecord;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

@Timeout(60)
final class ProduceRequestsTest {
  private GatewayFixture fixture;
  private RawClient client;
  private Uuid id;

  @BeforeEach
  void start() throws Exception {
    fixture = GatewayFixture.start();
    id = Topology.uuid(fixture.log.create("t", 2, Map.of("max.message.bytes", "2000")).id());
    client = new RawClient(fixture.port());
  }

  @AfterEach
  void stop() throws Exception {
    client.close();
    fixture.close();
  }

  private PartitionProduceResponse produce(int version, int acks, @Nullable MemoryRecords records)
      throws Exception {
    ProduceResponseData answer =
        client.call(ApiKeys.PRODUCE, version, Requests.produce("t", id, acks, records));
    return only(answer);
  }

  private static PartitionProduceResponse only(ProduceResponseData answer) {
    assertThat(answer.responses()).hasSize(1);
    return answer.responses().iterator().next().partitionResponses().get(0);
  }

  private static void assertError(PartitionProduceResponse response, Errors error) {
    assertThat(Errors.forCode(response.errorCode())).isEqualTo(error);
    assertThat(response.baseOffset()).isEqualTo(-1);
  }

  static void await(BooleanSupplier condition) throws InterruptedException {
    long deadline = System.nanoTime() + Duration.ofSeconds(20).toNanos();
    while (!condition.getAsBoolean()) {
      assertThat(System.nanoTime()).as("time is up").isLessThan(deadline);
      Thread.sleep(5);
    }
  }

  @Test
  void tellsOffsetAndLogStartAndNoAppendTime() throws Exception {
    produce(9, -1, batch("a", "b"));
    fixture.log.memory("t", 0).deleteBelow(1);
    PartitionProduceResponse second = produce(9, 1, batch("c"));
    assertThat(second.errorCode()).isZero();
    assertThat(second.baseOffset()).isEqualTo(2);
    assertThat(second.logStartOffset()).isEqualTo(1);
    assertThat(second.logAppendTimeMs()).isEqualTo(-1);
  }

  @Test
  void keepsTheClientsBytesButForOffsetAndEpoch() throws Exception {
    MemoryRecords sent = batch("a", "b");
    produce(9, -1, sent);
    ByteBuffer stored = fixture.log.memory("t", 0).stored().get(0);
    ByteBuffer original = sent.buffer();
    assertThat(stored.slice(16, stored.limit() - 16))
        .isEqualTo(original.slice(16, original.limit() - 16));
    assertThat(stored.getInt(12)).isEqualTo(fixture.log.memory("t", 0).epoch());
  }

  @Test
  void refusesDamagedBatch() throws Exception {
    MemoryRecords damaged = batch("a", "b");
    ByteBuffer bytes = damaged.buffer();
    bytes.put(bytes.limit() - 1, (byte) (bytes.get(bytes.limit() - 1) ^ 1));
    assertError(produce(9, -1, damaged), Errors.CORRUPT_MESSAGE);
    assertThat(fixture.log.memory("t", 0).stored()).isEmpty();
  }

  @Test
  void refusesTwoBatchesForOnePartition() throws Exception {
    ByteBuffer one = batch("a").buffer();
    ByteBuffer two = ByteBuffer.allocate(2 * one.limit()).put(one.duplicate()).put(one).flip();
    assertError(produce(9, -1, MemoryRecords.readableRecords(two)), Errors.INVALID_RECORD);
  }

  @Test
  void refusesNoBatch() throws Exception {
    assertError(produce(9, -1, MemoryRecords.EMPTY), Errors.INVALID_RECORD);
    assertError(produce(9, -1, null), Errors.INVALID_RECORD);
  }

  @Test
  void refusesTruncatedBatch() throws Exception {
    ByteBuffer bytes = batch("abcdef").buffer();
    bytes.limit(bytes.limit() - 3);
    assertError(
        produce(9, -1, MemoryRecords.readableRecords(bytes.slice())), Errors.CORRUPT_MESSAGE);
  }

  @Test
  void refusesBatchThatIsTooLargeForTheTopic() throws Exception {
    assertError(produce(9, -1, batch("x".repeat(2_000))), Errors.MESSAGE_TOO_LARGE);
    assertThat(produce(9, -1, batch("x".repeat(1_000))).errorCode()).isZero();
  }

  @Test
  void refusesUnknownAcks() throws Exception {
    assertError(produce(9, 2, batch("a")), Errors.INVALID_REQUIRED_ACKS);
    assertThat(fixture.log.memory("t", 0).stored()).isEmpty();
  }

  @Test
  void refusesZstdBeforeVersion7() throws Exception {
    MemoryRecords zstd =
        MemoryRecords.withRecords(
            Compression.zstd().build(), new SimpleRecord(1, null, new byte[100]));
    assertError(produce(6, -1, zstd), Errors.UNSUPPORTED_COMPRESSION_TYPE);
    assertThat(produce(7, -1, zstd).errorCode()).isZero();
  }

  @Test
  void refusesTransactions() throws Exception {
    ProduceResponseData answer =
        client.call(
            ApiKeys.PRODUCE, 9, Requests.produce("t", id, -1, batch("a")).setTransactionalId("tx"));
    assertError(only(answer), Errors.INVALID_TXN_STATE);
    MemoryRecords transactional =
        MemoryRecords.withTransactionalRecords(
            Compression.NONE, 5, (short) 0, 0, new SimpleRecord(1, null, new byte[1]));
    assertError(produce(9, -1, transactional), Errors.INVALID_TXN_STATE);
  }

  @Test
  void refusesSamePartitionTwiceInOneRequest() throws Exception {
    ProduceRequestData request = Requests.produce("t", id, -1, batch("a"));
    ProduceRequestData.TopicProduceData topic = request.topicData().iterator().next();
    topic.setPartitionData(
        List.of(
            topic.partitionData().get(0),
            new ProduceRequestData.PartitionProduceData().setIndex(0).setRecords(batch("b"))));
    ProduceResponseData answer = client.call(ApiKeys.PRODUCE, 9, request);
    List<PartitionProduceResponse> answers =
        answer.responses().iterator().next().partitionResponses();
    assertThat(answers.get(0).errorCode()).isZero();
    assertError(answers.get(1), Errors.INVALID_REQUEST);
    assertThat(fixture.log.memory("t", 0).stored()).hasSize(1);
  }

  @Test
  void namesRecordsWithoutKeyOnCompactedTopic() throws Exception {
    Uuid compacted =
        Topology.uuid(fixture.log.create("c", 1, Map.of("cleanup.policy", "compact")).id());
    MemoryRecords records =
        MemoryRecords.withRecords(
            Compression.gzip().build(),
            new SimpleRecord(1, "k".getBytes(UTF_8), new byte[1]),
            new SimpleRecord(1, null, new byte[1]));
    PartitionProduceResponse answer =
        only(client.call(ApiKeys.PRODUCE, 9, Requests.produce("c", compacted, -1, records)));
    assertError(answer, Errors.INVALID_RECORD);
    assertThat(answer.recordErrors()).hasSize(1);
    assertThat(answer.recordErrors().get(0).batchIndex()).isEqualTo(1);
  }

  @Test
  void answersDuplicateWithOriginalOffset() throws Exception {
    produce(9, -1, batch("before"));
    assertThat(produce(9, -1, batch(42, 0, "a", "b")).baseOffset()).isEqualTo(1);
    produce(9, -1, batch(42, 2, "c"));
    PartitionProduceResponse again = produce(9, -1, batch(42, 0, "a", "b"));
    assertThat(again.errorCode()).isZero();
    assertThat(again.baseOffset()).isEqualTo(1);
    assertThat(fixture.log.memory("t", 0).logEndOffset()).isEqualTo(4);
  }

  @Test
  void refusesSequenceGap() throws Exception {
    produce(9, -1, batch(42, 0, "a"));
    assertError(produce(9, -1, batch(42, 5, "f")), Errors.OUT_OF_ORDER_SEQUENCE_NUMBER);
  }

  @ParameterizedTest
  @EnumSource(AppendResult.Reason.class)
  void tellsEveryRefusalOfTheLog(AppendResult.Reason reason) throws Exception {
    fixture.log.memory("t", 0).refuse(reason);
    PartitionProduceResponse answer = produce(9, -1, batch("a"));
    assertError(answer, KafkaErrors.of(reason));
    assertThat(answer.errorMessage()).contains("refused by the test");
    if (reason == AppendResult.Reason.UNKNOWN_PARTITION) {
      assertError(produce(13, -1, batch("a")), Errors.UNKNOWN_TOPIC_ID);
    }
  }

  @Test
  void saysNotLeaderForPartitionThatIsNotServedYet() throws Exception {
    fixture.log.serve(false);
    assertError(produce(9, -1, batch("a")), Errors.NOT_LEADER_OR_FOLLOWER);
    assertError(produce(13, -1, batch("a")), Errors.NOT_LEADER_OR_FOLLOWER);
  }

  @Test
  void namesTheLeaderOnAnotherNode() throws Exception {
    fixture.log.register(new NodeId(8), "other.example", 9093);
    int elsewhere = -1;
    // Placement spreads the partitions; one of eight is on the other node.
    Uuid spread = Topology.uuid(fixture.log.create("spread", 8, Map.of()).id());
    for (int p = 0; p < 8; p++) {
      if (fixture.log.topic("spread").partitions().get(p).last().writer().node().value() == 8) {
        elsewhere = p;
      }
    }
    assertThat(elsewhere).isNotNegative();
    int epoch = fixture.log.topic("spread").partitions().get(elsewhere).last().epoch();
    for (int version : new int[] {9, 10, 13}) {
      ProduceResponseData answer =
          client.call(
              ApiKeys.PRODUCE,
              version,
              Requests.produce("spread", spread, elsewhere, -1, batch("a")));
      PartitionProduceResponse partition = only(answer);
      assertError(partition, Errors.NOT_LEADER_OR_FOLLOWER);
      if (version >= 10) {
        assertThat(partition.currentLeader().leaderId()).isEqualTo(8);
        assertThat(partition.currentLeader().leaderEpoch()).isEqualTo(epoch);
        assertThat(answer.nodeEndpoints().find(8).host()).isEqualTo("other.example");
      }
    }
  }

  @Test
  void answersNothingToAcks0() throws Exception {
    client.sendSilent(ApiKeys.PRODUCE, 9, Requests.produce("t", id, 0, batch("a")));
    // The next answer on the connection is the next request's.
    MetadataResponseData metadata = client.call(ApiKeys.METADATA, 12, Requests.metadata("t"));
    assertThat(metadata.topics()).hasSize(1);
    assertThat(fixture.log.memory("t", 0).logEndOffset()).isEqualTo(1);
  }

  @Test
  void closesConnectionWhenAcks0Fails() throws Exception {
    client.sendSilent(ApiKeys.PRODUCE, 9, Requests.produce("none", id, 0, batch("a")));
    assertThat(client.isClosedByPeer()).isTrue();
  }

  @Test
  void answersPipelinedRequestsInOrderWhileTheirWaitsOverlap() throws Exception {
    fixture.log.memory("t", 0).holdCommits();
    for (int i = 0; i < 5; i++) {
      client.send(ApiKeys.PRODUCE, 9, Requests.produce("t", id, -1, batch("v" + i)));
    }
    // A request that is answered at once waits for its turn behind them.
    client.send(ApiKeys.METADATA, 12, Requests.metadata("t"));
    // All five were appended although none was answered.
    await(() -> fixture.log.memory("t", 0).heldCommits() == 5);
    fixture.log.memory("t", 0).commitHeld();
    for (int i = 0; i < 5; i++) {
      ProduceResponseData answer = (ProduceResponseData) client.receive().data();
      assertThat(only(answer).baseOffset()).isEqualTo(i);
    }
    assertThat(client.receive().data()).isInstanceOf(MetadataResponseData.class);
  }

  @Test
  void answersTimeoutWhenTheQuorumIsSilent() throws Exception {
    fixture.log.memory("t", 0).holdCommits();
    ProduceRequestData request = Requests.produce("t", id, -1, batch("a")).setTimeoutMs(100);
    PartitionProduceResponse answer = only(client.call(ApiKeys.PRODUCE, 9, request));
    assertError(answer, Errors.REQUEST_TIMED_OUT);
    // The late result is for nobody and harms nothing.
    fixture.log.memory("t", 0).commitHeld();
    assertThat(produce(9, -1, batch("b")).baseOffset()).isEqualTo(1);
  }
}
