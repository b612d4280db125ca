package io.floe.gateway.kafka;

import static java.nio.charset.StandardCharsets.UTF_8;
import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.floe.gateway.GatewayFixture;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Future;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.clients.producer.RecordMetadata;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.RetriableException;
import org.apache.kafka.common.errors.UnsupportedVersionException;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// Kafka's own Java clients against the gateway.
@Timeout(60)
final class KafkaClientsTest {
  private GatewayFixture fixture;

  @BeforeEach
  void start() throws Exception {
    fixture = GatewayFixture.start();
  }

  @AfterEach
  void stop() {
    fixture.close();
  }

  private KafkaProducer<byte[], byte[]> producer(Object... settings) {
    return new KafkaProducer<>(
        fixture.client(settings), new ByteArraySerializer(), new ByteArraySerializer());
  }

  private KafkaConsumer<byte[], byte[]> consumer(Object... settings) {
    return new KafkaConsumer<>(
        fixture.client(settings), new ByteArrayDeserializer(), new ByteArrayDeserializer());
  }

  private List<ConsumerRecord<byte[], byte[]>> readAll(String topic, int count) {
    try (KafkaConsumer<byte[], byte[]> consumer = consumer()) {
      TopicPartition partition = new TopicPartition(topic, 0);
      consumer.assign(List.of(partition));
      consumer.seekToBeginning(List.of(partition));
      List<ConsumerRecord<byte[], byte[]>> records = new ArrayList<>();
      long deadline = System.nanoTime() + Duration.ofSeconds(20).toNanos();
      while (records.size() < count && System.nanoTime() < deadline) {
        consumer.poll(Duration.ofMillis(200)).forEach(records::add);
      }
      return records;
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"0", "1", "all"})
  void consumesWhatWasProduced(String acks) throws Exception {
    fixture.log.create("t", 1, Map.of());
    try (KafkaProducer<byte[], byte[]> producer =
        producer("acks", acks, "enable.idempotence", false)) {
      for (int i = 0; i < 1_000; i++) {
        var _ = producer.send(new ProducerRecord<>("t", ("value " + i).getBytes(UTF_8)));
      }
      producer.flush();
    }
    List<ConsumerRecord<byte[], byte[]>> records = readAll("t", 1_000);
    assertThat(records).hasSize(1_000);
    for (int i = 0; i < 1_000; i++) {
      assertThat(records.get(i).offset()).isEqualTo(i);
      assertThat(new String(records.get(i).value(), UTF_8)).isEqualTo("value " + i);
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"none", "gzip", "snappy", "lz4", "zstd"})
  void keepsEveryCompression(String compression) throws Exception {
    fixture.log.create("t", 1, Map.of());
    List<Future<RecordMetadata>> sent = new ArrayList<>();
    try (KafkaProducer<byte[], byte[]> producer =
        producer("compression.type", compression, "linger.ms", 20)) {
      for (int i = 0; i < 200; i++) {
        sent.add(producer.send(new ProducerRecord<>("t", 0, 1_000L + i, new byte[] {1}, bytes(i))));
      }
    }
    for (int i = 0; i < 200; i++) {
      assertThat(sent.get(i).get().offset()).isEqualTo(i);
    }
    List<ConsumerRecord<byte[], byte[]>> records = readAll("t", 200);
    assertThat(records).hasSize(200);
    for (int i = 0; i < 200; i++) {
      assertThat(records.get(i).timestamp()).isEqualTo(1_000L + i);
      assertThat(records.get(i).value()).isEqualTo(bytes(i));
    }
  }

  private static byte[] bytes(int i) {
    return "some words that can be compressed, ".repeat(1 + i % 7).concat("" + i).getBytes(UTF_8);
  }

  @Test
  void createsTopicByUse() throws Exception {
    try (KafkaProducer<byte[], byte[]> producer = producer()) {
      assertThat(producer.send(new ProducerRecord<>("new", new byte[3])).get().offset()).isZero();
    }
    assertThat(fixture.log.topic("new").partitions()).hasSize(1);
  }

  @Test
  void producesIdempotentlyInOrderWithSeveralRequestsInFlight() throws Exception {
    fixture.log.create("t", 1, Map.of());
    List<Future<RecordMetadata>> sent = new ArrayList<>();
    try (KafkaProducer<byte[], byte[]> producer =
        producer("acks", "all", "enable.idempotence", true, "batch.size", 200)) {
      for (int i = 0; i < 2_000; i++) {
        sent.add(producer.send(new ProducerRecord<>("t", ("" + i).getBytes(UTF_8))));
      }
    }
    for (int i = 0; i < sent.size(); i++) {
      assertThat(sent.get(i).get().offset()).isEqualTo(i);
    }
  }

  @Test
  void seeksToOffsetsAndTimes() throws Exception {
    fixture.log.create("t", 1, Map.of());
    try (KafkaProducer<byte[], byte[]> producer = producer("linger.ms", 20)) {
      for (int i = 0; i < 100; i++) {
        var _ = producer.send(new ProducerRecord<>("t", 0, 10_000L + i, null, bytes(i)));
      }
    }
    TopicPartition partition = new TopicPartition("t", 0);
    try (KafkaConsumer<byte[], byte[]> consumer = consumer("isolation.level", "read_committed")) {
      consumer.assign(List.of(partition));
      assertThat(consumer.beginningOffsets(List.of(partition))).containsEntry(partition, 0L);
      assertThat(consumer.endOffsets(List.of(partition))).containsEntry(partition, 100L);
      assertThat(consumer.offsetsForTimes(Map.of(partition, 10_037L)).get(partition))
          .satisfies(found -> assertThat(requireNonNull(found).offset()).isEqualTo(37));
      consumer.seek(partition, 55);
      List<ConsumerRecord<byte[], byte[]>> records = new ArrayList<>();
      while (records.size() < 45) {
        consumer.poll(Duration.ofMillis(200)).forEach(records::add);
      }
      assertThat(records.get(0).offset()).isEqualTo(55);
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"classic", "consumer"})
  void failsInAGroupWithAClearErrorAndDoesNotHang(String protocol) {
    fixture.log.create("t", 1, Map.of());
    try (KafkaConsumer<byte[], byte[]> consumer =
        consumer("group.id", "g", "group.protocol", protocol)) {
      consumer.subscribe(List.of("t"));
      assertThatThrownBy(
              () -> {
                long deadline = System.nanoTime() + Duration.ofSeconds(15).toNanos();
                while (System.nanoTime() < deadline) {
                  consumer.poll(Duration.ofMillis(500));
                }
              })
          .isInstanceOf(UnsupportedVersionException.class);
    }
  }

  @Test
  void failsTransactionsWithAClearError() {
    try (KafkaProducer<byte[], byte[]> producer =
        producer("transactional.id", "tx", "max.block.ms", 15_000)) {
      assertThatThrownBy(producer::initTransactions)
          .isInstanceOf(KafkaException.class)
          .isNotInstanceOf(RetriableException.class)
          .hasMessageContaining("version of API is not supported");
    }
  }
}
