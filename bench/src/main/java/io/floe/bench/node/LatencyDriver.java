package io.floe.bench.node;

import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.concurrent.ExecutionException;
import org.HdrHistogram.Histogram;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.consumer.ConsumerRecords;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.ByteArraySerializer;

/// One record at a time from a producer to a consumer: send, wait for the ack, wait until it is
/// read. As Kafka's `EndToEndLatency` tool does it, but with an assigned partition instead of a
/// group, finer than a millisecond, and for a time instead of a count. Runs in a JVM of its own.
public final class LatencyDriver {
  static final String RESULT = "LATENCY ";
  private static final int VALUE_BYTES = 1024;
  private static final Duration POLL_LIMIT = Duration.ofSeconds(60);

  private LatencyDriver() {}

  /// Arguments: bootstrap, topic (of one partition), seconds of warm-up, seconds.
  public static void main(String[] arguments) throws ExecutionException, InterruptedException {
    String bootstrap = arguments[0];
    TopicPartition partition = new TopicPartition(arguments[1], 0);
    try (KafkaProducer<byte[], byte[]> producer =
            new KafkaProducer<>(
                Map.of(
                    ProducerConfig.BOOTSTRAP_SERVERS_CONFIG,
                    bootstrap,
                    ProducerConfig.ACKS_CONFIG,
                    "all",
                    ProducerConfig.LINGER_MS_CONFIG,
                    0),
                new ByteArraySerializer(),
                new ByteArraySerializer());
        KafkaConsumer<byte[], byte[]> consumer =
            new KafkaConsumer<>(
                Map.of(
                    ConsumerConfig.BOOTSTRAP_SERVERS_CONFIG,
                    bootstrap,
                    ConsumerConfig.ENABLE_AUTO_COMMIT_CONFIG,
                    false,
                    // As the tool: no waiting for more on the server.
                    ConsumerConfig.FETCH_MAX_WAIT_MS_CONFIG,
                    0),
                new ByteArrayDeserializer(),
                new ByteArrayDeserializer())) {
      consumer.assign(List.of(partition));
      consumer.seekToEnd(List.of(partition));
      consumer.position(partition);
      run(producer, consumer, partition, Double.parseDouble(arguments[2]));
      Histogram nanos = run(producer, consumer, partition, Double.parseDouble(arguments[3]));
      System.out.println(
          RESULT
              + nanos.getTotalCount()
              + " "
              + nanos.getValueAtPercentile(50)
              + " "
              + nanos.getValueAtPercentile(99)
              + " "
              + nanos.getValueAtPercentile(99.9));
    }
  }

  private static Histogram run(
      KafkaProducer<byte[], byte[]> producer,
      KafkaConsumer<byte[], byte[]> consumer,
      TopicPartition partition,
      double seconds)
      throws ExecutionException, InterruptedException {
    Histogram nanos = new Histogram(3);
    SplittableRandom random = new SplittableRandom(42);
    byte[] value = new byte[VALUE_BYTES];
    long endNanos = System.nanoTime() + (long) (seconds * 1e9);
    while (System.nanoTime() < endNanos) {
      random.nextBytes(value);
      long beganNanos = System.nanoTime();
      producer
          .send(new ProducerRecord<>(partition.topic(), partition.partition(), null, value))
          .get();
      ConsumerRecords<byte[], byte[]> records = consumer.poll(POLL_LIMIT);
      nanos.recordValue(System.nanoTime() - beganNanos);
      if (records.count() != 1 || !Arrays.equals(records.iterator().next().value(), value)) {
        throw new IllegalStateException(
            "sent one record, read " + records.count() + " or another one");
      }
    }
    return nanos;
  }
}
