package io.floe.gateway.network;

import static org.assertj.core.api.Assertions.assertThat;

import io.floe.gateway.GatewayFixture;
import io.floe.gateway.kafka.RawClient;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.function.BooleanSupplier;
import org.apache.kafka.common.message.MetadataRequestData;
import org.apache.kafka.common.message.ProduceRequestData;
import org.apache.kafka.common.protocol.ApiKeys;
import org.apache.kafka.common.protocol.ApiMessage;
import org.apache.kafka.common.requests.RequestHeader;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
final class LimitsTest {
  private static void await(BooleanSupplier condition) throws InterruptedException {
    long deadline = System.nanoTime() + Duration.ofSeconds(20).toNanos();
    while (!condition.getAsBoolean()) {
      assertThat(System.nanoTime()).as("time is up").isLessThan(deadline);
      Thread.sleep(5);
    }
  }

  private static void assertServes(RawClient client) throws IOException {
    ApiMessage answer =
        client.call(ApiKeys.METADATA, 12, new MetadataRequestData().setTopics(null));
    assertThat(answer).isNotNull();
  }

  @Test
  void closesConnectionsAboveTheLimitAndTakesNewOnesWhenSomeClosed() throws Exception {
    try (GatewayFixture fixture = GatewayFixture.start("connections-max = 2");
        RawClient first = new RawClient(fixture.port())) {
      assertServes(first);
      try (RawClient second = new RawClient(fixture.port());
          RawClient third = new RawClient(fixture.port())) {
        assertServes(second);
        assertThat(third.isClosedByPeer()).isTrue();
      }
      assertServes(first);
      await(() -> fixture.gateway.connections() == 1);
      try (RawClient third = new RawClient(fixture.port())) {
        assertServes(third);
      }
    }
  }

  @Test
  void closesConnectionsAboveTheLimitOfOneAddress() throws Exception {
    try (GatewayFixture fixture = GatewayFixture.start("connections-per-address-max = 1");
        RawClient first = new RawClient(fixture.port())) {
      assertServes(first);
      try (RawClient second = new RawClient(fixture.port())) {
        assertThat(second.isClosedByPeer()).isTrue();
      }
    }
  }

  @Test
  void closesConnectionThatIsIdle() throws Exception {
    try (GatewayFixture fixture = GatewayFixture.start("idle-timeout = 1s");
        RawClient client = new RawClient(fixture.port())) {
      assertServes(client);
      assertThat(client.isClosedByPeer()).isTrue();
      await(() -> fixture.gateway.connections() == 0);
    }
  }

  @Test
  void closesConnectionWithOversizedOrNegativeLength() throws Exception {
    try (GatewayFixture fixture =
            GatewayFixture.start("request-bytes-max = 64KiB, batch-bytes-max = 32KiB");
        RawClient other = new RawClient(fixture.port())) {
      for (int length : new int[] {(64 << 10) + 1, Integer.MAX_VALUE, -1, Integer.MIN_VALUE}) {
        try (RawClient client = new RawClient(fixture.port())) {
          client.sendBytes(ByteBuffer.allocate(4).putInt(length).array());
          assertThat(client.isClosedByPeer()).as("length " + length).isTrue();
        }
      }
      assertServes(other);
    }
  }

  @Test
  void closesConnectionThatSendsARequestTooSlowly() throws Exception {
    try (GatewayFixture fixture =
            GatewayFixture.start("transfer-timeout = 500ms, transfer-rate-min = 1MiB");
        RawClient client = new RawClient(fixture.port());
        RawClient other = new RawClient(fixture.port())) {
      client.sendBytes(ByteBuffer.allocate(14).putInt(1_000_000).array());
      long begin = System.nanoTime();
      assertThat(client.isClosedByPeer()).isTrue();
      assertThat(Duration.ofNanos(System.nanoTime() - begin)).isGreaterThan(Duration.ofMillis(300));
      assertServes(other);
    }
  }

  @Test
  void closesConnectionAfterGarbageAndServesOthers() throws Exception {
    long seed = System.nanoTime();
    Random random = new Random(seed);
    try (GatewayFixture fixture = GatewayFixture.start("request-bytes-max = 17MiB");
        RawClient other = new RawClient(fixture.port())) {
      fixture.log.create("t", 1, Map.of());
      for (int i = 0; i < 300; i++) {
        try (RawClient client = new RawClient(fixture.port())) {
          client.sendFrame(garbage(random));
          if (i % 50 == 0) {
            assertServes(other);
          }
        } catch (IOException e) {
          // Closed while we were still sending: as it should be.
        }
      }
      assertServes(other);
      await(() -> fixture.gateway.connections() == 1);
      assertThat(fixture.gateway.requestMemoryUsed()).as("leaked, seed " + seed).isZero();
    } catch (AssertionError e) {
      throw new AssertionError("seed " + seed, e);
    }
  }

  /// Noise, a request cut short, or a request with some bytes changed.
  private static byte[] garbage(Random random) {
    byte[] frame;
    if (random.nextInt(3) == 0) {
      frame = new byte[random.nextInt(2_000)];
      random.nextBytes(frame);
      return frame;
    }
    ApiKeys api = random.nextBoolean() ? ApiKeys.PRODUCE : ApiKeys.METADATA;
    ApiMessage request =
        api == ApiKeys.METADATA
            ? new MetadataRequestData()
                .setTopics(List.of(new MetadataRequestData.MetadataRequestTopic().setName("t")))
                .setAllowAutoTopicCreation(false)
            : produce();
    frame =
        RawClient.bytes(
            new RequestHeader(api, (short) (4 + random.nextInt(8)), "fuzz", random.nextInt()),
            request);
    for (int k = random.nextInt(4); k >= 0; k--) {
      frame[random.nextInt(frame.length)] = (byte) random.nextInt();
    }
    return random.nextBoolean() ? frame : Arrays.copyOf(frame, random.nextInt(frame.length));
  }

  private static ProduceRequestData produce() {
    ProduceRequestData data = new ProduceRequestData().setAcks((short) 1).setTimeoutMs(1_000);
    data.topicData()
        .add(
            new ProduceRequestData.TopicProduceData()
                .setName("t")
                .setPartitionData(
                    List.of(
                        new ProduceRequestData.PartitionProduceData()
                            .setIndex(0)
                            .setRecords(RawClient.batch("a", "b")))));
    return data;
  }

  @Test
  void readsNoFurtherThanTheRequestsInFlightAllow() throws Exception {
    try (GatewayFixture fixture = GatewayFixture.start("in-flight-requests-max = 3");
        RawClient client = new RawClient(fixture.port())) {
      fixture.log.create("t", 1, Map.of());
      fixture.log.memory("t", 0).holdCommits();
      for (int i = 0; i < 10; i++) {
        client.send(ApiKeys.PRODUCE, 9, produce());
      }
      await(() -> fixture.log.memory("t", 0).heldCommits() == 3);
      Thread.sleep(300);
      assertThat(fixture.log.memory("t", 0).heldCommits()).isEqualTo(3);
      fixture.log.memory("t", 0).commitHeld();
      for (int i = 0; i < 10; i++) {
        assertThat(client.receive()).isNotNull();
      }
      await(() -> fixture.gateway.requestMemoryUsed() == 0);
    }
  }

  @Test
  void readsNoFurtherThanTheRequestMemoryAllows() throws Exception {
    try (GatewayFixture fixture = GatewayFixture.start("request-memory = 1KiB")) {
      fixture.log.create("t", 1, Map.of());
      fixture.log.memory("t", 0).holdCommits();
      List<RawClient> clients = new ArrayList<>();
      for (int i = 0; i < 30; i++) {
        RawClient client = new RawClient(fixture.port());
        clients.add(client);
        client.send(ApiKeys.PRODUCE, 9, produce());
      }
      await(() -> fixture.gateway.requestMemoryUsed() >= 1024);
      Thread.sleep(300);
      // A request has some 170 bytes; each network thread may pass the bound by one.
      assertThat(fixture.gateway.requestMemoryUsed()).isLessThan(3_000);
      assertThat(fixture.log.memory("t", 0).heldCommits()).isLessThan(20);
      fixture.log.memory("t", 0).commitHeld();
      for (RawClient client : clients) {
        assertThat(client.receive()).isNotNull();
        client.close();
      }
    }
  }

  @Test
  void releasesRequestsOfDeadConnectionsWhenTheLogIsDoneWithThem() throws Exception {
    try (GatewayFixture fixture = GatewayFixture.start()) {
      fixture.log.create("t", 1, Map.of());
      fixture.log.memory("t", 0).holdCommits();
      try (RawClient client = new RawClient(fixture.port())) {
        client.send(ApiKeys.PRODUCE, 9, produce());
        await(() -> fixture.log.memory("t", 0).heldCommits() == 1);
      }
      await(() -> fixture.gateway.connections() == 0);
      assertThat(fixture.gateway.requestMemoryUsed()).as("the log still has it").isPositive();
      fixture.log.memory("t", 0).commitHeld();
      await(() -> fixture.gateway.requestMemoryUsed() == 0);
    }
  }

  @Test
  void closesInBoundedTimeWithRequestsThatAreNeverAnswered() throws Exception {
    GatewayFixture fixture = GatewayFixture.start();
    fixture.log.create("t", 1, Map.of());
    fixture.log.memory("t", 0).holdCommits();
    try (RawClient client = new RawClient(fixture.port())) {
      client.send(ApiKeys.PRODUCE, 9, produce());
      await(() -> fixture.log.memory("t", 0).heldCommits() == 1);
      long begin = System.nanoTime();
      fixture.close();
      assertThat(Duration.ofNanos(System.nanoTime() - begin)).isLessThan(Duration.ofSeconds(10));
      assertThat(client.isClosedByPeer()).isTrue();
    }
  }
}
