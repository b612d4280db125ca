package io.floe.multijvm;

import static org.assertj.core.api.Assertions.assertThat;

import io.floe.cli.process.Launcher;
import io.floe.cli.process.NodeProcess;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Future;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.IntegerDeserializer;
import org.apache.kafka.common.serialization.IntegerSerializer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

/// Far more partitions than the process may have files open. What 10,000 cost under the default
/// settings stands in `docs/benchmarks.md`.
final class ManyPartitionsMultiJvmTest {
  private static final int PARTITIONS = 1_000;

  /// A node that serves nothing holds about 170 descriptors, most of them jars; the store may add
  /// [#OPEN_FILES] and half as many for readers.
  private static final int DESCRIPTORS = 600;

  private static final int OPEN_FILES = 200;
  private static final int PARTITIONS_OF_A_CONSUMER = 100;

  @RegisterExtension final Nodes nodes = new Nodes();
  @TempDir Path temporary;

  @Test
  void servesAndRestartsWithMorePartitionsThanDescriptors() throws Exception {
    Path launcher = launcherWithLimit();
    NodeProcess node = start(launcher);
    try (Admin admin = Admin.create(Map.of("bootstrap.servers", nodes.bootstrap()))) {
      admin.createTopics(List.of(new NewTopic("many", PARTITIONS, (short) 1))).all().get();
    }
    produce(0);
    long used = descriptors(node);
    node.kill();

    node = start(launcher);
    long readyMillis = node.startTime().toMillis();
    produce(1);
    used = Math.max(used, descriptors(node));
    int[] values = consume();
    used = Math.max(used, descriptors(node));
    System.out.printf(
        "RESULT %d partitions, at most %d of %d descriptors, ready %d ms after a kill%n",
        PARTITIONS, used, DESCRIPTORS, readyMillis);
    assertThat(values).containsExactly(expected());
    assertThat(node.logTail()).doesNotContain("ERROR", "Too many open files");
    assertThat(node.terminate(Nodes.STOP_LIMIT)).isZero();
  }

  private Path launcherWithLimit() throws IOException {
    Path script = temporary.resolve("floe-with-limit");
    Files.writeString(
        script,
        "#!/usr/bin/env bash\nulimit -n %d\nexec '%s' \"$@\"\n"
            .formatted(DESCRIPTORS, Launcher.find()));
    return Files.setPosixFilePermissions(script, PosixFilePermissions.fromString("rwx------"));
  }

  private NodeProcess start(Path launcher) throws InterruptedException {
    NodeProcess node =
        nodes.launchThrough(
            launcher,
            temporary.resolve("data"),
            "--set",
            "floe.store.open-files-max=" + OPEN_FILES);
    node.awaitReady(Nodes.READY_LIMIT);
    return node;
  }

  /// One record for each partition, each acknowledged.
  private void produce(int round) throws Exception {
    try (KafkaProducer<Integer, Integer> producer =
        new KafkaProducer<>(
            Map.of("bootstrap.servers", nodes.bootstrap(), "acks", "all"),
            new IntegerSerializer(),
            new IntegerSerializer())) {
      List<Future<?>> sent = new ArrayList<>();
      for (int partition = 0; partition < PARTITIONS; partition++) {
        int value = round * PARTITIONS + partition;
        sent.add(producer.send(new ProducerRecord<>("many", partition, null, value)));
      }
      for (Future<?> each : sent) {
        each.get();
      }
    }
  }

  /// Reads the two records of each partition, some partitions at a time: what an answer to a fetch
  /// takes from files keeps them open until it is sent.
  private int[] consume() {
    int[] values = new int[2 * PARTITIONS];
    for (int from = 0; from < PARTITIONS; from += PARTITIONS_OF_A_CONSUMER) {
      try (KafkaConsumer<Integer, Integer> consumer =
          new KafkaConsumer<>(
              Map.of("bootstrap.servers", nodes.bootstrap()),
              new IntegerDeserializer(),
              new IntegerDeserializer())) {
        List<TopicPartition> some =
            IntStream.range(from, from + PARTITIONS_OF_A_CONSUMER)
                .mapToObj(i -> new TopicPartition("many", i))
                .toList();
        consumer.assign(some);
        consumer.seekToBeginning(some);
        long deadlineNanos = System.nanoTime() + Duration.ofSeconds(60).toNanos();
        for (int read = 0; read < 2 * PARTITIONS_OF_A_CONSUMER; ) {
          assertThat(System.nanoTime()).as("read only %d", read).isLessThan(deadlineNanos);
          for (var found : consumer.poll(Duration.ofMillis(500))) {
            values[(int) found.offset() * PARTITIONS + found.partition()] = found.value();
            read++;
          }
        }
      }
    }
    return values;
  }

  private static int[] expected() {
    return IntStream.range(0, 2 * PARTITIONS).toArray();
  }

  private static long descriptors(NodeProcess node) throws IOException {
    try (Stream<Path> files = Files.list(Path.of("/proc/" + node.pid() + "/fd"))) {
      return files.count();
    }
  }
}
