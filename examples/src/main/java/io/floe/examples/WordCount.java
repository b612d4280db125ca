package io.floe.examples;

import io.floe.actors.node.FloeNode;
import io.floe.actors.node.NodeStartException;
import io.floe.client.Consumer;
import io.floe.client.ConsumerSettings;
import io.floe.client.Deserializer;
import io.floe.client.Producer;
import io.floe.client.ProducerRecord;
import io.floe.client.ProducerSettings;
import io.floe.client.Serializer;
import io.floe.client.Subscriptions;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.apache.pekko.Done;
import org.apache.pekko.stream.javadsl.Sink;
import org.apache.pekko.stream.javadsl.Source;

/// Counts the words of the lines in a topic, its partitions side by side.
public final class WordCount {
  private static final List<String> LINES =
      List.of("to be or not to be", "that is the question", "to sleep no more");

  private WordCount() {}

  /// Runs it.
  ///
  /// @param args the data directory; a temporary one without
  public static void main(String[] args) throws IOException, NodeStartException {
    Path dataDir = args.length > 0 ? Path.of(args[0]) : Files.createTempDirectory("floe");
    try (FloeNode node = EmbeddedNode.start(dataDir)) {
      EmbeddedNode.createTopic(node, "lines", 3);
      write(node);
      System.out.println(count(node, LINES.size()));
    }
  }

  static Done write(FloeNode node) {
    ProducerSettings<String, String> settings =
        ProducerSettings.create(
            node.system(), node.log(), Serializer.string(), Serializer.string());
    return Source.from(LINES)
        .map(line -> ProducerRecord.<String, String>of("lines", line))
        .runWith(Producer.plainSink(settings), node.system())
        .toCompletableFuture()
        .join();
  }

  static Map<String, Integer> count(FloeNode node, int lines) {
    ConsumerSettings<String, String> settings =
        ConsumerSettings.create(
            node.system(), node.log(), Deserializer.string(), Deserializer.string());
    // snippet:word-count
    Map<String, Integer> counts =
        Consumer.plainPartitionedSource(settings, Subscriptions.topics("lines"))
            .flatMapMerge(16, partition -> partition.second())
            .take(lines)
            .mapConcat(record -> List.of(String.valueOf(record.value()).split(" ")))
            .runWith(
                Sink.fold(
                    new TreeMap<String, Integer>(),
                    (soFar, word) -> {
                      soFar.merge(word, 1, Integer::sum);
                      return soFar;
                    }),
                node.system())
            .toCompletableFuture()
            .join();
    // end
    return counts;
  }
}
