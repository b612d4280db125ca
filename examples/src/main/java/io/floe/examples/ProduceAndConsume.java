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
import org.apache.pekko.stream.javadsl.Sink;
import org.apache.pekko.stream.javadsl.Source;

/// Writes a hundred records and reads them back.
public final class ProduceAndConsume {
  private ProduceAndConsume() {}

  /// Runs it.
  ///
  /// @param args the data directory; a temporary one without
  public static void main(String[] args) throws IOException, NodeStartException {
    Path dataDir = args.length > 0 ? Path.of(args[0]) : Files.createTempDirectory("floe");
    try (FloeNode node = EmbeddedNode.start(dataDir)) {
      EmbeddedNode.createTopic(node, "greetings", 1);
      List<String> read = run(node);
      System.out.println(read.size() + " records, the last is: " + read.getLast());
    }
  }

  static List<String> run(FloeNode node) {
    // snippet:produce-and-consume
    ProducerSettings<String, String> producer =
        ProducerSettings.create(
            node.system(), node.log(), Serializer.string(), Serializer.string());
    Source.range(1, 100)
        .map(i -> ProducerRecord.of("greetings", "key-" + i, "hello " + i))
        .runWith(Producer.plainSink(producer), node.system())
        .toCompletableFuture()
        .join(); // every record is on disk, synced

    ConsumerSettings<String, String> consumer =
        ConsumerSettings.create(
            node.system(), node.log(), Deserializer.string(), Deserializer.string());
    List<String> values =
        Consumer.plainSource(consumer, Subscriptions.topics("greetings"))
            .map(record -> record.offset() + ": " + record.value())
            .take(100)
            .runWith(Sink.seq(), node.system())
            .toCompletableFuture()
            .join();
    // end
    return values;
  }
}
