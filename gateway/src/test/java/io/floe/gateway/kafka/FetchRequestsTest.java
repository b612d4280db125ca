package io.floe.gateway.kafka;

import static io.floe.gateway.kafka.ProduceRequestsTest.await;
import static io.floe.gateway.kafka.RawClient.batch;
import static org.assertj.core.api.Assertions.assertThat;

import io.floe.actors.log.LogRead;
import io.floe.gateway.GatewayFixture;
import io.floe.gateway.MemoryPartition;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.apache.kafka.common.Uuid;
import org.apache.kafka.common.message.FetchRequestData;
import org.apache.kafka.common.message.FetchResponseData;
import org.apache.kafka.common.message.FetchResponseData.PartitionData;
import org.apache.kafka.common.protocol.ApiKeys;
import org.apache.kafka.common.protocol.Errors;
import org.apache.kafka.common.record.internal.MemoryRecords;
import org.apache.kafka.common.record.internal.Record;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@Timeout(60)
final class FetchRequestsTest {
  private static final int VERSION = 17;

  private GatewayFixture fixture;
  private RawClient client;
  private Uuid id;
  private MemoryPartition partition;

  @BeforeEach
  void start() throws Exception {
    fixture = GatewayFixture.start("response-memory = 1MiB");
    id = Topology.uuid(fixture.log.create("t", 3, Map.of()).id());
    partition = fixture.log.memory("t", 0);
    client = new RawClient(fixture.port());
  }

  @AfterEach
  void stop() throws Exception {
    client.close();
    fixture.close();
  }

  private void produce(int toPartition, MemoryRecords records) throws Exception {
    client.call(ApiKeys.PRODUCE, 13, Requests.produce("t", id, toPartition, -1, records));
  }

  private FetchResponseData fetch(FetchRequestData request) throws Exception {
    return client.call(ApiKeys.FETCH, VERSION, request);
  }

  private PartitionData fetchFrom(long offset) throws Exception {
    return fetch(Requests.fetch("t", id, offset)).responses().get(0).partitions().get(0);
  }

  private static List<Long> offsets(PartitionData data) {
    List<Long> offsets = new ArrayList<>();
    for (Record record : ((MemoryRecords) data.records()).records()) {
      offsets.add(record.offset());
    }
    return offsets;
  }

  private static void assertError(PartitionData data, Errors error) {
    assertThat(Errors.forCode(data.errorCode())).isEqualTo(error);
    assertThat(data.highWatermark()).isEqualTo(-1);
    assertThat(data.records().sizeInBytes()).isZero();
  }

  @Test
  void returnsWholeBatchForOffsetInsideIt() throws Exception {
    produce(0, batch("a", "b", "c"));
    produce(0, batch("d"));
    assertThat(offsets(fetchFrom(1))).containsExactly(0L, 1L, 2L, 3L);
  }

  @Test
  void returnsOneBatchWhateverTheLimits() throws Exception {
    produce(0, batch("a".repeat(5_000)));
    produce(0, batch("b"));
    FetchRequestData request = Requests.fetch("t", id, 0).setMaxBytes(10);
    PartitionData data = fetch(request).responses().get(0).partitions().get(0);
    assertThat(offsets(data)).containsExactly(0L);
  }

  @Test
  void keepsToMaxBytesOverSeveralPartitions() throws Exception {
    for (int p = 0; p < 3; p++) {
      produce(p, batch("x".repeat(1_000)));
    }
    FetchRequestData request = Requests.fetch("t", id, 0).setMaxBytes(2_500);
    request
        .topics()
        .get(0)
        .setPartitions(
            List.of(
                Requests.fetchPartition(0, 0),
                Requests.fetchPartition(1, 0),
                Requests.fetchPartition(2, 0)));
    List<PartitionData> data = fetch(request).responses().get(0).partitions();
    assertThat(offsets(data.get(0))).hasSize(1);
    assertThat(offsets(data.get(1))).hasSize(1);
    // No error, and empty records, not null ones.
    assertThat(data.get(2).errorCode()).isZero();
    assertThat(data.get(2).records().sizeInBytes()).isZero();
    assertThat(data.get(2).highWatermark()).isEqualTo(1);
  }

  @Test
  void sendsLargeSliceFromWhereItLies() throws Exception {
    String large = "x".repeat(300_000);
    produce(0, batch(large));
    PartitionData data = fetchFrom(0);
    assertThat(offsets(data)).containsExactly(0L);
    assertThat(((MemoryRecords) data.records()).records().iterator().next().valueSize())
        .isEqualTo(300_000);
    await(() -> fixture.log.openSlices() == 0);
  }

  @Test
  void showsOnlyWhatIsCommitted() throws Exception {
    partition.holdCommits();
    client.send(ApiKeys.PRODUCE, 13, Requests.produce("t", id, 0, -1, batch("a", "b")));
    await(() -> partition.logEndOffset() == 2);
    try (RawClient reader = new RawClient(fixture.port())) {
      for (long offset = 0; offset <= 2; offset++) {
        // Above the high watermark and up to the log end: empty, not out of range.
        FetchResponseData answer =
            reader.call(ApiKeys.FETCH, VERSION, Requests.fetch("t", id, offset));
        PartitionData data = answer.responses().get(0).partitions().get(0);
        assertThat(data.errorCode()).isZero();
        assertThat(data.records().sizeInBytes()).isZero();
        assertThat(data.highWatermark()).isZero();
      }
    }
    partition.commitHeld();
    client.receive();
    assertThat(offsets(fetchFrom(0))).containsExactly(0L, 1L);
  }

  @Test
  void saysOutOfRangeBelowStartAndAboveEnd() throws Exception {
    produce(0, batch("a", "b", "c"));
    partition.deleteBelow(2);
    assertError(fetchFrom(1), Errors.OFFSET_OUT_OF_RANGE);
    assertError(fetchFrom(4), Errors.OFFSET_OUT_OF_RANGE);
    assertThat(fetchFrom(3).errorCode()).isZero();
  }

  @Test
  void checksTheClientsLeaderEpoch() throws Exception {
    produce(0, batch("a"));
    int epoch = partition.epoch();
    for (int claimed : new int[] {epoch - 1, epoch, epoch + 1}) {
      FetchRequestData request = Requests.fetch("t", id, 0);
      request.topics().get(0).partitions().get(0).setCurrentLeaderEpoch(claimed);
      Errors error =
          Errors.forCode(fetch(request).responses().get(0).partitions().get(0).errorCode());
      assertThat(error)
          .isEqualTo(
              claimed == epoch
                  ? Errors.NONE
                  : claimed < epoch ? Errors.FENCED_LEADER_EPOCH : Errors.UNKNOWN_LEADER_EPOCH);
    }
  }

  @Test
  void saysNotLeaderForPartitionThatIsNotServedYet() throws Exception {
    fixture.log.serve(false);
    assertError(fetchFrom(0), Errors.NOT_LEADER_OR_FOLLOWER);
  }

  @Test
  void saysDamagedBytesAreDamaged() throws Exception {
    produce(0, batch("a"));
    partition.readAs(new LogRead.Damaged(5, "bits flipped by the test"));
    assertError(fetchFrom(0), Errors.CORRUPT_MESSAGE);
    partition.readAs(new LogRead.Failed("by the test"));
    assertError(fetchFrom(0), Errors.KAFKA_STORAGE_ERROR);
  }

  @Test
  void givesNoSessionsAndKnowsNone() throws Exception {
    produce(0, batch("a"));
    FetchResponseData full = fetch(Requests.fetch("t", id, 0).setSessionEpoch(0));
    assertThat(full.sessionId()).isZero();
    assertThat(offsets(full.responses().get(0).partitions().get(0))).hasSize(1);
    assertThat(fetch(Requests.fetch("t", id, 0).setSessionId(9).setSessionEpoch(3)).errorCode())
        .isEqualTo(Errors.FETCH_SESSION_ID_NOT_FOUND.code());
    assertThat(fetch(Requests.fetch("t", id, 0).setSessionEpoch(3)).errorCode())
        .isEqualTo(Errors.INVALID_FETCH_SESSION_EPOCH.code());
  }

  @Test
  void answersReadCommittedWithNoAbortedTransactions() throws Exception {
    produce(0, batch("a"));
    PartitionData data =
        fetch(Requests.fetch("t", id, 0).setIsolationLevel((byte) 1))
            .responses()
            .get(0)
            .partitions()
            .get(0);
    assertThat(data.lastStableOffset()).isEqualTo(1);
    assertThat(data.abortedTransactions()).isEmpty();
    assertThat(data.preferredReadReplica()).isEqualTo(-1);
  }

  // Waiting

  private void sendWaiting(int minBytes, int maxWaitMillis) throws Exception {
    client.send(
        ApiKeys.FETCH,
        VERSION,
        Requests.fetch("t", id, partition.logEndOffset())
            .setMinBytes(minBytes)
            .setMaxWaitMs(maxWaitMillis));
  }

  private PartitionData receiveFetched() throws Exception {
    return ((FetchResponseData) client.receive().data()).responses().get(0).partitions().get(0);
  }

  @Test
  void waitsForDataAndIsWokenByIt() throws Exception {
    sendWaiting(1, 25_000);
    await(() -> partition.openWaits() == 1);
    try (RawClient producer = new RawClient(fixture.port())) {
      producer.call(ApiKeys.PRODUCE, 13, Requests.produce("t", id, 0, -1, batch("a")));
    }
    assertThat(offsets(receiveFetched())).containsExactly(0L);
    assertThat(fixture.log.openWaits()).isZero();
  }

  @Test
  void waitsForMinBytes() throws Exception {
    sendWaiting(200, 25_000);
    await(() -> partition.openWaits() == 1);
    try (RawClient producer = new RawClient(fixture.port())) {
      producer.call(ApiKeys.PRODUCE, 13, Requests.produce("t", id, 0, -1, batch("a")));
      assertThat(client.hasBytesWithin(200)).as("one batch of 70 bytes is not enough").isFalse();
      producer.call(ApiKeys.PRODUCE, 13, Requests.produce("t", id, 0, -1, batch("b".repeat(200))));
    }
    assertThat(offsets(receiveFetched())).containsExactly(0L, 1L);
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 100})
  void answersEmptyWhenTheTimeIsUp(int maxWaitMillis) throws Exception {
    long begin = System.nanoTime();
    sendWaiting(1, maxWaitMillis);
    assertThat(receiveFetched().records().sizeInBytes()).isZero();
    assertThat(Duration.ofNanos(System.nanoTime() - begin))
        .isGreaterThanOrEqualTo(Duration.ofMillis(maxWaitMillis));
    assertThat(fixture.log.openWaits()).isZero();
  }

  @Test
  void doesNotWaitForMinBytesZero() throws Exception {
    sendWaiting(0, 25_000);
    assertThat(receiveFetched().errorCode()).isZero();
  }

  @Test
  void doesNotWaitWhenAnyPartitionIsInError() throws Exception {
    FetchRequestData request = Requests.fetch("t", id, 0).setMaxWaitMs(25_000);
    request
        .topics()
        .get(0)
        .setPartitions(List.of(Requests.fetchPartition(0, 0), Requests.fetchPartition(9, 0)));
    List<PartitionData> data = fetch(request).responses().get(0).partitions();
    assertThat(data.get(0).errorCode()).isZero();
    assertError(data.get(1), Errors.UNKNOWN_TOPIC_OR_PARTITION);
  }

  @Test
  void isWokenByAnEpochChange() throws Exception {
    FetchRequestData request = Requests.fetch("t", id, 0).setMaxWaitMs(25_000);
    request.topics().get(0).partitions().get(0).setCurrentLeaderEpoch(partition.epoch());
    client.send(ApiKeys.FETCH, VERSION, request);
    await(() -> partition.openWaits() == 1);
    partition.newEpoch(partition.epoch() + 5);
    assertError(receiveFetched(), Errors.FENCED_LEADER_EPOCH);
  }

  @Test
  void letsGoOfItsWaitsWhenTheClientIsGone() throws Exception {
    sendWaiting(1, 25_000);
    await(() -> partition.openWaits() == 1);
    client.close();
    await(() -> partition.openWaits() == 0);
    await(() -> fixture.gateway.connections() == 0);
  }

  @Test
  void answersWaitingFetchWhenTheGatewayCloses() throws Exception {
    sendWaiting(1, 25_000);
    await(() -> partition.openWaits() == 1);
    long begin = System.nanoTime();
    fixture.gateway.close();
    assertThat(receiveFetched().errorCode()).isZero();
    assertThat(Duration.ofNanos(System.nanoTime() - begin)).isLessThan(Duration.ofSeconds(10));
  }

  @Test
  void pinsBoundedMemoryForClientsThatDoNotRead() throws Exception {
    for (int i = 0; i < 8; i++) {
      produce(0, batch("x".repeat(400_000)));
    }
    List<RawClient> slow = new ArrayList<>();
    try {
      for (int i = 0; i < 12; i++) {
        RawClient reader = new RawClient(fixture.port(), 4_096);
        slow.add(reader);
        // Several fetches each; none of the answers is read.
        for (int k = 0; k < 4; k++) {
          reader.send(ApiKeys.FETCH, VERSION, Requests.fetch("t", id, 0).setMaxBytes(4 << 20));
        }
      }
      Thread.sleep(500);
      // 1 MiB may be pinned, passed by one answer: of 48 slices of 800 kB to 3.2 MB hardly any.
      assertThat(fixture.log.openSlices()).isBetween(1, 12);
    } finally {
      for (RawClient reader : slow) {
        reader.close();
      }
    }
    await(() -> fixture.log.openSlices() == 0);
    // And whoever reads is served again.
    assertThat(offsets(fetchFrom(7))).containsExactly(7L);
  }
}
