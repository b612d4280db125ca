package io.floe.client;

import static org.assertj.core.api.Assertions.assertThat;

import com.typesafe.config.ConfigFactory;
import io.floe.actors.node.FloeNode;
import io.floe.actors.node.HostPort;
import io.floe.actors.node.NodeSettings;
import io.floe.consensus.metadata.core.MetadataCommand;
import io.floe.model.TopicId;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.UUID;
import org.apache.pekko.stream.javadsl.Sink;
import org.apache.pekko.stream.javadsl.Source;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// The client on a real node.
final class NodeStreamTest {
  private static final String TOPIC = "orders";
  @TempDir Path dataDir;

  static FloeNode start(Path dataDir, String settings) throws Exception {
    HostPort anyPort = new HostPort("127.0.0.1", 0);
    return FloeNode.start(
        new NodeSettings(
            dataDir,
            null,
            anyPort,
            List.of(),
            false,
            anyPort,
            ConfigFactory.parseString(settings)
                .withFallback(ConfigFactory.load())
                .withOnlyPath("floe")));
  }

  static void createTopic(FloeNode node, int partitions, Map<String, String> configs) {
    StreamFixture.get(
        node.log()
            .submit(
                new MetadataCommand.CreateTopic(
                    new TopicId(UUID.randomUUID()), TOPIC, partitions, 1, new TreeMap<>(configs))));
  }

  private static void write(FloeNode node, int from, int to) {
    ProducerSettings<String, String> settings =
        ProducerSettings.create(
            node.system(), node.log(), Serializer.string(), Serializer.string());
    StreamFixture.get(
        Source.range(from, to - 1)
            .map(
                number ->
                    ProducerRecord.<String, String>of(TOPIC, Integer.toString(number))
                        .withTimestamp(1_000_000L + number))
            .runWith(Producer.plainSink(settings), node.system()));
  }

  private static List<ConsumerRecord<String, String>> read(
      FloeNode node, Subscription subscription, int count) {
    return StreamFixture.get(
        Consumer.plainSource(
                ConsumerSettings.create(
                    node.system(), node.log(), Deserializer.string(), Deserializer.string()),
                subscription)
            .take(count)
            .runWith(Sink.seq(), node.system()));
  }

  @Test
  void readsWhatWasWrittenBeforeAndAfterARestart() throws Exception {
    TopicPartition first = new TopicPartition(TOPIC, 0);
    try (FloeNode node = start(dataDir, "")) {
      createTopic(node, 1, new TreeMap<>());
      write(node, 0, 5_000);
      assertThat(StreamFixture.values(read(node, Subscriptions.topics(TOPIC), 5_000)))
          .isEqualTo(StreamFixture.numbers(0, 5_000));
    }
    try (FloeNode node = start(dataDir, "")) {
      write(node, 5_000, 6_000);
      // Across the restart's new segment and epoch.
      assertThat(StreamFixture.values(read(node, Subscriptions.topics(TOPIC), 6_000)))
          .isEqualTo(StreamFixture.numbers(0, 6_000));
      assertThat(
              read(
                      node,
                      Subscriptions.assignmentOffsetsForTimes(
                          first, Instant.ofEpochMilli(1_003_333)),
                      1)
                  .getFirst()
                  .offset())
          .isEqualTo(3_333);
    }
  }

  @Test
  void readsAcrossRolls() throws Exception {
    try (FloeNode node = start(dataDir, "")) {
      TreeMap<String, String> configs = new TreeMap<>();
      configs.put("segment.bytes", Integer.toString(1 << 20));
      createTopic(node, 1, configs);
      String large = "x".repeat(1_000);
      ProducerSettings<String, String> settings =
          ProducerSettings.create(
              node.system(), node.log(), Serializer.string(), Serializer.string());
      StreamFixture.get(
          Source.range(0, 7_999)
              .map(number -> ProducerRecord.<String, String>of(TOPIC, number + large))
              .runWith(Producer.plainSink(settings), node.system()));
      List<ConsumerRecord<String, String>> read = read(node, Subscriptions.topics(TOPIC), 8_000);
      for (int i = 0; i < 8_000; i++) {
        assertThat(read.get(i).value()).isEqualTo(i + large);
        assertThat(read.get(i).offset()).isEqualTo(i);
      }
      assertThat(node.log().metadata().segmentCount()).isGreaterThan(2);
    }
  }
}
