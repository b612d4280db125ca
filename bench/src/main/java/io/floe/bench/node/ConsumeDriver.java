package io.floe.bench.node;

import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;

/// Reads a topic from its beginning to its end with manually assigned partitions, and default
/// settings of Kafka's consumer. Runs in a JVM of its own.
///
/// The first part of the topic is read once before, uncounted: it warms the consumer up.
public final class ConsumeDriver {
  static final String RESULT = "CONSUMED ";
  private static final Duration POLL = Duration.ofSeconds(1);
  private static final long SILENCE_NANOS = 30_000_000_000L;
  private static final double LEAD_SHARE = 0.2;

  private ConsumeDriver() {}

  /// Arguments: bootstrap, topic, partitions.
  public static void main(String[] arguments) {
    String topic = arguments[1];
    List<TopicPartition> partitions =
        IntStream.range(0, Integer.parseInt(arguments[2]))
            .mapToObj(index -> new TopicPartition(topic, index))
            .toList();
    try (KafkaConsumer<byte[], byte[]> consumer =
        new KafkaConsumer<>(
            Map.of(
                ConsumerConfig.BOOTSTRAP_SERVERS_CONFIG,
                arguments[0],
                ConsumerConfig.ENABLE_AUTO_COMMIT_CONFIG,
                false),
            new ByteArrayDeserializer(),
            new ByteArrayDeserializer())) {
      consumer.assign(partitions);
      long records =
          consumer.endOffsets(partitions).values().stream().mapToLong(Long::longValue).sum();
      read(consumer, (long) (records * LEAD_SHARE));
      long beganNanos = System.nanoTime();
      long bytes = read(consumer, records);
      long nanos = System.nanoTime() - beganNanos;
      System.out.println(RESULT + records + " " + bytes + " " + nanos);
    }
  }

  /// Bytes of the values of at least so many records.
  private static long read(KafkaConsumer<byte[], byte[]> consumer, long records) {
    consumer.seekToBeginning(consumer.assignment());
    long bytes = 0;
    long left = records;
    long heardNanos = System.nanoTime();
    while (left > 0) {
      for (ConsumerRecord<byte[], byte[]> record : consumer.poll(POLL)) {
        bytes += record.value().length;
        left--;
        heardNanos = 0;
      }
      long now = System.nanoTime();
      if (heardNanos == 0) {
        heardNanos = now;
      } else if (now - heardNanos > SILENCE_NANOS) {
        throw new IllegalStateException(left + " records never came");
      }
    }
    return bytes;
  }
}
