package io.floe.gateway.kafka;

import static io.floe.gateway.kafka.ProduceRequestsTest.await;
import static io.floe.gateway.kafka.RawClient.batch;
import static org.assertj.core.api.Assertions.assertThat;

import io.floe.gateway.GatewayFixture;
import java.time.Duration;
import java.util.Map;
import org.apache.kafka.common.Uuid;
import org.apache.kafka.common.message.CreateTopicsRequestData;
import org.apache.kafka.common.message.CreateTopicsResponseData;
import org.apache.kafka.common.message.FetchRequestData;
import org.apache.kafka.common.message.FetchResponseData;
import org.apache.kafka.common.message.ProduceResponseData;
import org.apache.kafka.common.protocol.ApiKeys;
import org.apache.kafka.common.protocol.Errors;
import org.apache.kafka.common.record.internal.MemoryRecords;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/// Each bound of the configuration holds, whatever a client asks for.
@Timeout(60)
final class ConfiguredLimitsTest {
  private static Uuid topic(GatewayFixture fixture) {
    return Topology.uuid(fixture.log.create("t", 1, Map.of()).id());
  }

  private static Errors produce(RawClient client, Uuid id, MemoryRecords records) throws Exception {
    ProduceResponseData answer =
        client.call(ApiKeys.PRODUCE, 13, Requests.produce("t", id, -1, records));
    return Errors.forCode(
        answer.responses().iterator().next().partitionResponses().get(0).errorCode());
  }

  private static FetchResponseData.PartitionData only(FetchResponseData answer) {
    return answer.responses().get(0).partitions().get(0);
  }

  @Test
  void refusesBatchesAboveTheNodesBoundWhateverTheTopicAllows() throws Exception {
    try (GatewayFixture fixture = GatewayFixture.start("batch-bytes-max = 4KiB");
        RawClient client = new RawClient(fixture.port())) {
      Uuid id = topic(fixture);
      assertThat(produce(client, id, batch("x".repeat(5_000)))).isEqualTo(Errors.MESSAGE_TOO_LARGE);
      assertThat(produce(client, id, batch("x".repeat(3_000)))).isEqualTo(Errors.NONE);
    }
  }

  @Test
  void readsNoFurtherThanTheBytesInFlightAllow() throws Exception {
    try (GatewayFixture fixture = GatewayFixture.start("in-flight-bytes-max = 25KiB");
        RawClient client = new RawClient(fixture.port())) {
      Uuid id = topic(fixture);
      fixture.log.memory("t", 0).holdCommits();
      for (int i = 0; i < 8; i++) {
        client.send(ApiKeys.PRODUCE, 13, Requests.produce("t", id, -1, batch("x".repeat(10_000))));
      }
      // The third one passes the bound, and no more come.
      await(() -> fixture.log.memory("t", 0).heldCommits() == 3);
      Thread.sleep(200);
      assertThat(fixture.log.memory("t", 0).heldCommits()).isEqualTo(3);
      fixture.log.memory("t", 0).commitHeld();
      for (int i = 0; i < 8; i++) {
        assertThat(client.receive()).isNotNull();
      }
    }
  }

  @Test
  void capsTheBytesAndTheWaitOfAFetch() throws Exception {
    try (GatewayFixture fixture =
            GatewayFixture.start("fetch-bytes-max = 1500, fetch-wait-max = 200ms");
        RawClient client = new RawClient(fixture.port())) {
      Uuid id = topic(fixture);
      for (int i = 0; i < 5; i++) {
        assertThat(produce(client, id, batch("x".repeat(1_000)))).isEqualTo(Errors.NONE);
      }
      FetchResponseData answer =
          client.call(ApiKeys.FETCH, 17, Requests.fetch("t", id, 0).setMaxBytes(Integer.MAX_VALUE));
      assertThat(only(answer).records().sizeInBytes()).isBetween(1_000, 1_500);
      long begin = System.nanoTime();
      client.call(
          ApiKeys.FETCH,
          17,
          Requests.fetch("t", id, 5).setMinBytes(1).setMaxWaitMs(Integer.MAX_VALUE));
      assertThat(Duration.ofNanos(System.nanoTime() - begin))
          .isBetween(Duration.ofMillis(200), Duration.ofSeconds(20));
    }
  }

  @Test
  void refusesTopicNamesAboveTheBoundAlsoThoseThatAreJustUsed() throws Exception {
    try (GatewayFixture fixture = GatewayFixture.start("topic-name-length-max = 20");
        RawClient client = new RawClient(fixture.port())) {
      for (int length : new int[] {20, 21}) {
        String name = "n".repeat(length);
        CreateTopicsResponseData answer =
            client.call(ApiKeys.CREATE_TOPICS, 7, Requests.createTopic(name));
        assertThat(Errors.forCode(answer.topics().iterator().next().errorCode()))
            .isEqualTo(length == 20 ? Errors.NONE : Errors.INVALID_TOPIC_EXCEPTION);
        client.call(ApiKeys.METADATA, 12, Requests.metadata(name).setAllowAutoTopicCreation(true));
        assertThat(fixture.log.metadata().topic(name) != null).isEqualTo(length == 20);
      }
    }
  }

  @Test
  void createsNothingThatIsTwiceInTheRequest() throws Exception {
    try (GatewayFixture fixture = GatewayFixture.start();
        RawClient client = new RawClient(fixture.port())) {
      CreateTopicsRequestData request = Requests.createTopic("twice");
      request.topics().add(request.topics().iterator().next().duplicate());
      request
          .topics()
          .add(
              new CreateTopicsRequestData.CreatableTopic()
                  .setName("once")
                  .setNumPartitions(1)
                  .setReplicationFactor((short) 1));
      CreateTopicsResponseData answer = client.call(ApiKeys.CREATE_TOPICS, 7, request);
      assertThat(answer.topics()).hasSize(2);
      assertThat(Errors.forCode(answer.topics().find("twice").errorCode()))
          .isEqualTo(Errors.INVALID_REQUEST);
      assertThat(Errors.forCode(answer.topics().find("once").errorCode())).isEqualTo(Errors.NONE);
      assertThat(fixture.log.metadata().topic("twice")).isNull();
    }
  }

  @Test
  void pinsOneAnswerOfAConnectionHoweverManyFetchesItSends() throws Exception {
    try (GatewayFixture fixture = GatewayFixture.start();
        RawClient client = new RawClient(fixture.port());
        RawClient slow = new RawClient(fixture.port(), 4_096)) {
      Uuid id = topic(fixture);
      for (int i = 0; i < 8; i++) {
        assertThat(produce(client, id, batch("x".repeat(900_000)))).isEqualTo(Errors.NONE);
      }
      for (int i = 0; i < 10; i++) {
        slow.send(ApiKeys.FETCH, 17, Requests.fetch("t", id, 0).setMaxBytes(16 << 20));
      }
      await(() -> fixture.log.openSlices() == 1);
      Thread.sleep(300);
      assertThat(fixture.log.openSlices()).isEqualTo(1);
    }
  }

  @Test
  void cutsOffAReaderThatStandsStillOnlyWhenOthersWaitForItsMemory() throws Exception {
    try (GatewayFixture fixture =
            GatewayFixture.start(
                "fetch-bytes-max = 32MiB, response-memory = 1MiB, transfer-timeout = 300ms,"
                    + " transfer-rate-min = 1GiB");
        RawClient client = new RawClient(fixture.port());
        RawClient slow = new RawClient(fixture.port(), 4_096)) {
      Uuid id = topic(fixture);
      for (int i = 0; i < 24; i++) {
        assertThat(produce(client, id, batch("x".repeat(900_000)))).isEqualTo(Errors.NONE);
      }
      // More than the buffers of two sockets take.
      FetchRequestData all = Requests.fetch("t", id, 0).setMaxBytes(Integer.MAX_VALUE);
      all.topics().get(0).partitions().get(0).setPartitionMaxBytes(Integer.MAX_VALUE);
      slow.send(ApiKeys.FETCH, 17, all);
      await(() -> fixture.log.openSlices() == 1);
      Thread.sleep(1_200);
      assertThat(fixture.gateway.connections()).as("it disturbs nobody").isEqualTo(2);
      FetchResponseData served =
          client.call(ApiKeys.FETCH, 17, Requests.fetch("t", id, 7).setMaxBytes(1 << 20));
      assertThat(only(served).records().sizeInBytes()).isGreaterThan(900_000);
      await(() -> fixture.gateway.connections() == 1);
      await(() -> fixture.log.openSlices() == 0);
    }
  }
}
