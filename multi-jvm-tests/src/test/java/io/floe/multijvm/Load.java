package io.floe.multijvm;

import io.floe.cli.check.History;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.Random;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.RetriableException;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.jspecify.annotations.Nullable;

/// Kafka's own idempotent producer at work in the background, and the history of what it did. The
/// topic is new and nobody else writes to it.
final class Load implements AutoCloseable {
  private final String bootstrap;
  private final String topic;
  private final int partitions;
  private final long recordsPerSecondMax;
  private final Random sizes;
  private final KafkaProducer<byte[], byte[]> producer;
  private final Thread thread;
  private final AtomicLong sent = new AtomicLong();
  private final AtomicLong settled = new AtomicLong();
  private final AtomicReference<@Nullable Exception> firstFailure = new AtomicReference<>();
  private volatile boolean isStopped;

  final History history;

  /// Creates the topic and begins to send.
  static Load start(
      String bootstrap, String topic, int partitions, long recordsPerSecondMax, long seed)
      throws Exception {
    try (Admin admin = Admin.create(Map.of("bootstrap.servers", bootstrap))) {
      admin.createTopics(List.of(new NewTopic(topic, partitions, (short) 1))).all().get();
    }
    Load load = new Load(bootstrap, topic, partitions, recordsPerSecondMax, seed);
    load.thread.start();
    return load;
  }

  private Load(
      String bootstrap, String topic, int partitions, long recordsPerSecondMax, long seed) {
    this.bootstrap = bootstrap;
    this.topic = topic;
    this.partitions = partitions;
    this.recordsPerSecondMax = recordsPerSecondMax;
    this.sizes = new Random(seed);
    this.history = new History(partitions);
    Properties settings = new Properties();
    settings.put(ProducerConfig.BOOTSTRAP_SERVERS_CONFIG, bootstrap);
    settings.put(ProducerConfig.ACKS_CONFIG, "all");
    settings.put(ProducerConfig.ENABLE_IDEMPOTENCE_CONFIG, true);
    settings.put(ProducerConfig.LINGER_MS_CONFIG, 2);
    settings.put(ProducerConfig.BATCH_SIZE_CONFIG, 32 * 1024);
    settings.put(ProducerConfig.BUFFER_MEMORY_CONFIG, 8 << 20);
    // A node that is away is what these tests are about: nothing is given up meanwhile. On a slow
    // machine a record may wait through many restarts; what waits for acknowledgements has limits.
    settings.put(ProducerConfig.DELIVERY_TIMEOUT_MS_CONFIG, 900_000);
    settings.put(ProducerConfig.MAX_BLOCK_MS_CONFIG, 900_000);
    settings.put(ProducerConfig.REQUEST_TIMEOUT_MS_CONFIG, 5_000);
    settings.put(ProducerConfig.RECONNECT_BACKOFF_MS_CONFIG, 20);
    settings.put(ProducerConfig.RECONNECT_BACKOFF_MAX_MS_CONFIG, 100);
    settings.put(ProducerConfig.RETRY_BACKOFF_MS_CONFIG, 20);
    settings.put(ProducerConfig.RETRY_BACKOFF_MAX_MS_CONFIG, 100);
    this.producer =
        new KafkaProducer<>(settings, new ByteArraySerializer(), new ByteArraySerializer());
    this.thread = Thread.ofPlatform().daemon().name("load").unstarted(this::send);
  }

  private void send() {
    long beganNanos = System.nanoTime();
    byte[] filler = new byte[2000];
    for (long i = 0; !isStopped && firstFailure.get() == null; i++) {
      if (i % 50 == 0) {
        pace(beganNanos, i);
      }
      int partition = (int) (i % partitions);
      long number = history.send(partition);
      byte[] head = (number + " ").getBytes(StandardCharsets.US_ASCII);
      byte[] value = new byte[head.length + sizes.nextInt(filler.length)];
      System.arraycopy(head, 0, value, 0, head.length);
      sent.incrementAndGet();
      try {
        var _ =
            producer.send(
                new ProducerRecord<>(topic, partition, null, value),
                (place, failure) -> {
                  if (failure == null) {
                    history.acknowledged(partition, number, place.offset());
                  } else {
                    firstFailure.compareAndSet(null, failure);
                  }
                  settled.incrementAndGet();
                });
      } catch (RuntimeException e) {
        firstFailure.compareAndSet(null, e);
        settled.incrementAndGet();
      }
    }
  }

  private void pace(long beganNanos, long count) {
    long aheadNanos =
        count * 1_000_000_000L / recordsPerSecondMax - (System.nanoTime() - beganNanos);
    if (aheadNanos > 1_000_000) {
      java.util.concurrent.locks.LockSupport.parkNanos(aheadNanos);
    }
  }

  long acknowledged() {
    return history.acknowledgedCount();
  }

  /// Records that were sent and whose fate is not known yet.
  long inFlight() {
    return sent.get() - settled.get();
  }

  @Nullable Exception firstFailure() {
    return firstFailure.get();
  }

  /// Waits until so many more records were acknowledged.
  void awaitAcknowledged(long more, Duration limit) throws InterruptedException {
    long wanted = acknowledged() + more;
    long deadlineNanos = System.nanoTime() + limit.toNanos();
    while (acknowledged() < wanted) {
      Exception failure = firstFailure.get();
      if (failure != null) {
        throw new AssertionError("the producer failed: " + failure, failure);
      }
      if (System.nanoTime() > deadlineNanos) {
        throw new AssertionError(
            "only "
                + (acknowledged() - wanted + more)
                + " of "
                + more
                + " records were acknowledged in "
                + limit.toSeconds()
                + " s");
      }
      Thread.sleep(5);
    }
  }

  /// Sends nothing more, and waits for every fate.
  void finish(Duration limit) throws InterruptedException {
    isStopped = true;
    thread.join(limit);
    long deadlineNanos = System.nanoTime() + limit.toNanos();
    while (thread.isAlive() || inFlight() > 0) {
      if (System.nanoTime() > deadlineNanos) {
        throw new AssertionError(inFlight() + " records have no fate yet");
      }
      Thread.sleep(5);
    }
  }

  /// Sends nothing more and forgets what is in flight: its fate stays unknown.
  void abandon() {
    isStopped = true;
    producer.close(Duration.ZERO);
  }

  /// Reads the whole topic from the first record into the history.
  void readBack() {
    history.readAgain();
    try (KafkaConsumer<byte[], byte[]> consumer = consumer()) {
      List<TopicPartition> all = assigned();
      consumer.assign(all);
      consumer.seekToBeginning(all);
      Map<TopicPartition, Long> ends = consumer.endOffsets(all);
      long deadlineNanos = System.nanoTime() + Duration.ofSeconds(60).toNanos();
      while (all.stream().anyMatch(p -> consumer.position(p) < ends.getOrDefault(p, 0L))) {
        if (System.nanoTime() > deadlineNanos) {
          throw new AssertionError("reading back does not come to its end, " + ends);
        }
        for (ConsumerRecord<byte[], byte[]> record : consumer.poll(Duration.ofMillis(500))) {
          history.read(record.partition(), record.offset(), number(record.value()));
        }
      }
    }
  }

  KafkaConsumer<byte[], byte[]> consumer() {
    Properties settings = new Properties();
    settings.put(ConsumerConfig.BOOTSTRAP_SERVERS_CONFIG, bootstrap);
    settings.put(ConsumerConfig.ENABLE_AUTO_COMMIT_CONFIG, false);
    // A log that lost its end would else be read from its beginning, as if nothing was wrong.
    settings.put(ConsumerConfig.AUTO_OFFSET_RESET_CONFIG, "none");
    settings.put(ConsumerConfig.RECONNECT_BACKOFF_MAX_MS_CONFIG, 100);
    settings.put(ConsumerConfig.RETRY_BACKOFF_MAX_MS_CONFIG, 100);
    return new KafkaConsumer<>(settings, new ByteArrayDeserializer(), new ByteArrayDeserializer());
  }

  List<TopicPartition> assigned() {
    List<TopicPartition> all = new ArrayList<>();
    for (int i = 0; i < partitions; i++) {
      all.add(new TopicPartition(topic, i));
    }
    return all;
  }

  /// The number that a record begins with, or -1.
  static long number(byte @Nullable [] value) {
    if (value == null) {
      return -1;
    }
    long number = 0;
    int i = 0;
    while (i < value.length && value[i] >= '0' && value[i] <= '9') {
      number = 10 * number + value[i++] - '0';
    }
    return i > 0 && i < value.length && value[i] == ' ' ? number : -1;
  }

  static boolean isRetriable(@Nullable Exception failure) {
    return failure instanceof RetriableException;
  }

  @Override
  public void close() {
    abandon();
  }
}
