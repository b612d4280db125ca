package io.floe.examples;

import com.typesafe.config.ConfigFactory;
import io.floe.actors.log.MetadataReply;
import io.floe.actors.node.FloeNode;
import io.floe.actors.node.HostPort;
import io.floe.actors.node.NodeSettings;
import io.floe.actors.node.NodeStartException;
import io.floe.consensus.metadata.core.MetadataCommand;
import io.floe.model.TopicId;
import java.nio.file.Path;
import java.util.List;
import java.util.TreeMap;
import java.util.UUID;

/// A node inside of this process.
final class EmbeddedNode {
  private EmbeddedNode() {}

  static FloeNode start(Path dataDir) throws NodeStartException {
    HostPort anyPort = new HostPort("127.0.0.1", 0);
    return FloeNode.start(
        new NodeSettings(
            dataDir,
            null,
            anyPort,
            List.of(),
            false,
            anyPort,
            ConfigFactory.load().withOnlyPath("floe")));
  }

  static void createTopic(FloeNode node, String name, int partitions) {
    if (node.log().metadata().topic(name) != null) {
      return;
    }
    MetadataReply reply =
        node.log()
            .submit(
                new MetadataCommand.CreateTopic(
                    new TopicId(UUID.randomUUID()), name, partitions, 1, new TreeMap<>()))
            .toCompletableFuture()
            .join();
    if (reply instanceof MetadataReply.Refused refused) {
      throw new IllegalStateException(refused.refusal().message());
    }
  }
}
