package io.floe.actors.metadata;

import com.typesafe.config.ConfigFactory;
import io.floe.actors.metadata.MetadataProtocol.Notice;
import io.floe.actors.metadata.MetadataProtocol.Outcome;
import io.floe.actors.node.HostPort;
import io.floe.consensus.metadata.core.MetadataCommand;
import io.floe.consensus.metadata.core.MetadataState;
import io.floe.consensus.metadata.core.NodeRecord;
import io.floe.consensus.raft.core.MemberId;
import io.floe.consensus.raft.core.RaftSettings;
import io.floe.model.NodeId;
import io.floe.model.ProcessIncarnation;
import io.floe.model.StoreIncarnation;
import io.floe.model.TopicId;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.TreeMap;
import java.util.UUID;
import java.util.function.Function;
import org.apache.pekko.actor.testkit.typed.javadsl.ActorTestKit;
import org.apache.pekko.actor.testkit.typed.javadsl.TestProbe;
import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.cluster.typed.Cluster;
import org.jspecify.annotations.Nullable;

/// One life of a metadata node, with the real journal and, among several, the real network.
final class MetadataRig implements AutoCloseable {
  static final Duration TIMEOUT = Duration.ofSeconds(30);

  final ActorTestKit kit;
  final HostPort address;
  final TestProbe<Notice> node;
  final TestProbe<Outcome> proposer;
  final ActorRef<MetadataProtocol> metadata;
  private MetadataState told = MetadataState.EMPTY;

  private MetadataRig(
      ActorTestKit kit, HostPort address, Identity identity, MetadataSettings settings) {
    this.kit = kit;
    this.address = address;
    node = kit.createTestProbe();
    proposer = kit.createTestProbe();
    metadata =
        kit.spawn(MetadataNode.create(settings, identity, node.getRef()), MetadataNode.actorName());
  }

  /// What a data directory knows of its cluster, as long as the test lives.
  static final class Identity implements ClusterIdentity {
    private volatile @Nullable String clusterId;
    private volatile boolean isJoined;

    @Override
    public @Nullable String clusterId() {
      return clusterId;
    }

    @Override
    public boolean isJoined() {
      return isJoined;
    }

    @Override
    public void joining(String id) {
      clusterId = id;
    }

    @Override
    public void joined() {
      isJoined = true;
    }
  }

  /// A cluster of one.
  static MetadataRig alone(Path dir, Identity identity, String journal) {
    ActorTestKit kit = kit(dir, "pekko.actor.provider = local\n" + journal);
    HostPort address = new HostPort("127.0.0.1", 1);
    return new MetadataRig(
        kit, address, identity, settings(1, 1, address, List.of(), false, 1_000));
  }

  /// A node among others.
  ///
  /// @param seeds given the node's own address
  static MetadataRig among(
      Path dir,
      Identity identity,
      int id,
      long store,
      int port,
      Function<HostPort, List<HostPort>> seeds,
      boolean mayFoundAlone) {
    ActorTestKit kit =
        kit(
            dir,
            "pekko.remote.artery.canonical { hostname = \"127.0.0.1\", port = " + port + " }\n");
    var self = Cluster.get(kit.system()).selfMember().address();
    HostPort address = new HostPort(self.getHost().get(), self.getPort().get());
    return new MetadataRig(
        kit,
        address,
        identity,
        settings(id, store, address, seeds.apply(address), mayFoundAlone, 200));
  }

  private static ActorTestKit kit(Path dir, String config) {
    return ActorTestKit.create(
        "floe",
        ConfigFactory.parseString(
                config
                    + "\nfloe.journal.dir = \""
                    + dir.resolve("journal")
                    + "\"\nfloe.snapshot-store.dir = \""
                    + dir.resolve("snapshots")
                    + "\"")
            .withFallback(
                ConfigFactory.parseString(
                    "floe.journal { file-bytes = 16 MiB, write-bytes-max = 8 MiB }"))
            .withFallback(ConfigFactory.parseResources("floe-node.conf"))
            .withFallback(ConfigFactory.load()));
  }

  private static MetadataSettings settings(
      int id,
      long store,
      HostPort address,
      List<HostPort> seeds,
      boolean mayFoundAlone,
      int snapshotEntries) {
    return new MetadataSettings(
        new MemberId(new NodeId(id), new StoreIncarnation(store)),
        address,
        seeds,
        mayFoundAlone,
        3,
        Duration.ofMillis(100),
        snapshotEntries,
        RaftSettings.DEFAULT);
  }

  MetadataState recovered() {
    return node.expectMessageClass(Notice.Recovered.class, TIMEOUT).state();
  }

  /// Submits and gives what this node is told.
  Notice.Applied applied(MetadataCommand command) {
    submit(command);
    return nextAnswered();
  }

  /// The next entry that this node proposed.
  Notice.Applied nextAnswered() {
    while (true) {
      Notice.Applied applied = node.expectMessageClass(Notice.Applied.class, TIMEOUT);
      if (applied.replyTo() != null) {
        return applied;
      }
    }
  }

  void submit(MetadataCommand command) {
    metadata.tell(new MetadataProtocol.Submit(command, proposer.getRef()));
  }

  /// A refusal that never got into the log, or what the node is told.
  Object either() {
    long end = System.nanoTime() + TIMEOUT.toNanos();
    while (System.nanoTime() < end) {
      try {
        return proposer.receiveMessage(Duration.ofMillis(20));
      } catch (AssertionError nothingYet) {
        try {
          return node.receiveMessage(Duration.ofMillis(20));
        } catch (AssertionError nothingHereEither) {
          // Look again.
        }
      }
    }
    throw new AssertionError("no answer");
  }

  /// The newest state that the node was told of.
  MetadataState newestState() {
    Notice next;
    while ((next = nextNotice()) != null) {
      told =
          switch (next) {
            case Notice.Applied applied -> applied.state();
            case Notice.Recovered recovered -> recovered.state();
            case Notice.Replaced replaced -> replaced.state();
            case Notice.Failed failed -> throw new IllegalStateException(failed.message());
          };
    }
    return told;
  }

  private @Nullable Notice nextNotice() {
    try {
      return node.receiveMessage(Duration.ofMillis(10));
    } catch (AssertionError nothing) {
      return null;
    }
  }

  MetadataProtocol.GroupStatus status() {
    TestProbe<MetadataProtocol.GroupStatus> asker = kit.createTestProbe();
    metadata.tell(new MetadataProtocol.GetStatus(asker.getRef()));
    return asker.receiveMessage(TIMEOUT);
  }

  static MetadataCommand createTopic(String name) {
    return new MetadataCommand.CreateTopic(
        new TopicId(UUID.randomUUID()), name, 1, 1, new TreeMap<>());
  }

  static MetadataCommand register(int id, long store) {
    return new MetadataCommand.RegisterNode(
        new NodeRecord(
            new NodeId(id),
            new StoreIncarnation(store),
            new ProcessIncarnation(1),
            "localhost",
            1,
            null));
  }

  @Override
  public void close() {
    kit.shutdownTestKit();
  }
}
