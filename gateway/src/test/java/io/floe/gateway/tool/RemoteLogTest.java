package io.floe.gateway.tool;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.floe.gateway.GatewayFixture;
import io.floe.gateway.tool.ConsumeOptions.Start;
import io.floe.gateway.tool.RemoteException.Kind;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
final class RemoteLogTest {
  private GatewayFixture fixture;
  private RemoteLog remote;

  @BeforeEach
  void start() throws Exception {
    fixture = GatewayFixture.start();
    remote = RemoteLog.connect(fixture.bootstrap());
  }

  @AfterEach
  void stop() {
    remote.close();
    fixture.close();
  }

  private static void assertKind(Kind kind, ThrowingCallable call) {
    assertThatThrownBy(call)
        .isInstanceOfSatisfying(RemoteException.class, e -> assertThat(e.kind()).isEqualTo(kind));
  }

  private void produce(String topic, int partition, String... values) {
    try (RemoteProducer producer = remote.producer(ProduceOptions.defaults())) {
      List<CompletableFuture<Position>> sent = new ArrayList<>();
      for (int i = 0; i < values.length; i++) {
        sent.add(
            producer.send(
                topic,
                partition,
                ("key " + i).getBytes(UTF_8),
                values[i].getBytes(UTF_8),
                List.of(new RemoteHeader("h", new byte[] {1})),
                1_000 + i));
      }
      producer.flush();
      assertThat(sent).allMatch(CompletableFuture::isDone);
      for (int i = 0; i < values.length; i++) {
        assertThat(sent.get(i).join()).isEqualTo(new Position(partition, i));
      }
    }
  }

  private List<String> consume(ConsumeOptions options) {
    List<String> values = new ArrayList<>();
    try (RemoteRecords records = remote.consume(options)) {
      records.forEachRemaining(
          record -> values.add(new String(Objects.requireNonNull(record.value()), UTF_8)));
    }
    return values;
  }

  @Test
  void createsListsDescribesAndDeletesTopics() {
    CreatedTopic created = remote.createTopic("b", 3, 2, Map.of("retention.ms", "5000"));
    assertThat(created.partitions()).isEqualTo(3);
    assertThat(created.replicas()).as("asked for 2, there is one node").isEqualTo(1);
    remote.createTopic("a", -1, -1, Map.of());
    assertThat(remote.listTopics()).containsExactly("a", "b");
    produce("b", 1, "x", "y");
    TopicDescription described = remote.describeTopic("b");
    assertThat(described.configs()).isEqualTo(Map.of("retention.ms", "5000"));
    assertThat(described.id()).isEqualTo(created.id());
    assertThat(described.replicasWished()).isEqualTo(2);
    assertThat(described.damagedSegments()).isEmpty();
    assertThat(described.partitions()).hasSize(3);
    TopicDescription.PartitionDescription partition = described.partitions().get(1);
    assertThat(partition.leader()).isEqualTo(7);
    assertThat(partition.epoch()).isEqualTo(fixture.log.memory("b", 1).epoch());
    assertThat(partition.replicas()).containsExactly(7);
    assertThat(partition.earliest()).isZero();
    assertThat(partition.latest()).isEqualTo(2);
    remote.deleteTopic("b");
    assertThat(remote.listTopics()).containsExactly("a");
  }

  @Test
  void tellsMistakesByTheirKind() {
    remote.createTopic("a", 1, 1, Map.of());
    assertKind(Kind.TOPIC_EXISTS, () -> remote.createTopic("a", 1, 1, Map.of()));
    assertKind(Kind.INVALID, () -> remote.createTopic("no spaces", 1, 1, Map.of()));
    assertKind(Kind.INVALID, () -> remote.createTopic("b", 0, 1, Map.of()));
    assertKind(Kind.INVALID, () -> remote.createTopic("b", 1, 1, Map.of("no.such", "1")));
    assertKind(Kind.UNKNOWN_TOPIC, () -> remote.deleteTopic("none"));
    assertKind(Kind.UNKNOWN_TOPIC, () -> remote.describeTopic("none"));
    assertKind(Kind.UNKNOWN_TOPIC, () -> remote.consume(ConsumeOptions.earliest("none")));
    assertKind(
        Kind.UNKNOWN_PARTITION,
        () -> remote.consume(ConsumeOptions.earliest("a").withPartitions(Set.of(5))));
    assertKind(
        Kind.OUT_OF_RANGE,
        () -> remote.consume(ConsumeOptions.earliest("a").withFrom(new Start.Offset(9))));
    assertKind(Kind.INVALID, () -> RemoteLog.connect("nonsense"));
    assertKind(Kind.UNREACHABLE, () -> RemoteLog.connect("127.0.0.1:1"));
  }

  @Test
  void consumesFromEveryStartUntilTheEnd() {
    remote.createTopic("t", 1, 1, Map.of());
    produce("t", 0, "a", "b", "c", "d");
    ConsumeOptions all = ConsumeOptions.earliest("t").withUntilEnd(true);
    assertThat(consume(all)).containsExactly("a", "b", "c", "d");
    assertThat(consume(all.withCount(2))).containsExactly("a", "b");
    assertThat(consume(all.withFrom(new Start.Offset(2)))).containsExactly("c", "d");
    assertThat(consume(all.withFrom(new Start.Timestamp(1_003)))).containsExactly("d");
    assertThat(consume(all.withFrom(new Start.Timestamp(9_999)))).isEmpty();
    assertThat(consume(all.withFrom(new Start.Latest()))).isEmpty();
  }

  @Test
  void keepsKeyHeadersAndTimestamp() {
    remote.createTopic("t", 1, 1, Map.of());
    produce("t", 0, "a");
    try (RemoteRecords records = remote.consume(ConsumeOptions.earliest("t").withCount(1))) {
      RemoteRecord record = records.next();
      assertThat(record.key()).isEqualTo("key 0".getBytes(UTF_8));
      assertThat(record.timestamp()).isEqualTo(1_000);
      assertThat(record.headers()).hasSize(1);
      assertThat(record.headers().get(0).name()).isEqualTo("h");
      assertThat(records.hasNext()).isFalse();
    }
  }

  @Test
  void endsTheIterationWhenClosedMeanwhile() throws Exception {
    remote.createTopic("t", 1, 1, Map.of());
    RemoteRecords records = remote.consume(ConsumeOptions.earliest("t"));
    CompletableFuture<Boolean> next = CompletableFuture.supplyAsync(records::hasNext);
    Thread.sleep(200);
    records.close();
    assertThat(next.get(20, TimeUnit.SECONDS)).isFalse();
  }

  @Test
  void failsTheFutureOfARecordThatIsTooLarge() {
    remote.createTopic("t", 1, 1, Map.of("max.message.bytes", "2000"));
    try (RemoteProducer producer = remote.producer(ProduceOptions.defaults())) {
      CompletableFuture<Position> sent =
          producer.send("t", 0, null, new byte[5_000], List.of(), -1);
      producer.flush();
      assertThatThrownBy(sent::join)
          .hasCauseInstanceOf(RemoteException.class)
          .cause()
          .satisfies(e -> assertThat(((RemoteException) e).kind()).isEqualTo(Kind.TOO_LARGE));
    }
  }
}
