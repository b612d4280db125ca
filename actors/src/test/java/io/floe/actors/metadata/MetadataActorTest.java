package io.floe.actors.metadata;

import static org.assertj.core.api.Assertions.assertThat;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigFactory;
import io.floe.actors.log.MetadataReply;
import io.floe.actors.metadata.MetadataProtocol.Notice;
import io.floe.actors.metadata.MetadataProtocol.Outcome;
import io.floe.consensus.metadata.core.MetadataCommand;
import io.floe.consensus.metadata.core.MetadataState;
import io.floe.consensus.metadata.core.NodeRecord;
import io.floe.consensus.metadata.core.Refusal;
import io.floe.model.NodeId;
import io.floe.model.ProcessIncarnation;
import io.floe.model.StoreIncarnation;
import io.floe.model.TopicId;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.TreeMap;
import java.util.UUID;
import org.apache.pekko.actor.testkit.typed.javadsl.ActorTestKit;
import org.apache.pekko.actor.testkit.typed.javadsl.TestProbe;
import org.apache.pekko.actor.typed.ActorRef;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// With the real journal.
class MetadataActorTest {
  private static final Duration TIMEOUT = Duration.ofSeconds(20);

  @TempDir Path dir;

  private Config config() {
    return ConfigFactory.parseString(
            "pekko.actor.provider = local\nfloe.journal.file-bytes = 1 MiB\n"
                + "floe.journal.write-bytes-max = 64 KiB\nfloe.journal.dir = \""
                + dir.resolve("journal")
                + "\"\nfloe.snapshot-store.dir = \""
                + dir.resolve("snapshots")
                + "\"")
        .withFallback(ConfigFactory.parseResources("floe-node.conf"))
        .withFallback(ConfigFactory.load());
  }

  /// One life of the metadata log.
  private final class Life implements AutoCloseable {
    final ActorTestKit kit = ActorTestKit.create("metadata", config());
    final TestProbe<Notice> node = kit.createTestProbe();
    final TestProbe<Outcome> proposer = kit.createTestProbe();
    final ActorRef<MetadataProtocol> log = kit.spawn(MetadataActor.create(node.getRef()));

    MetadataState recovered() {
      return node.expectMessageClass(Notice.Recovered.class, TIMEOUT).state();
    }

    Notice.Applied applied(MetadataCommand command) {
      log.tell(new MetadataProtocol.Submit(command, proposer.getRef()));
      return node.expectMessageClass(Notice.Applied.class, TIMEOUT);
    }

    @Override
    public void close() {
      kit.shutdownTestKit();
    }
  }

  private static MetadataCommand createTopic(String name) {
    return new MetadataCommand.CreateTopic(
        new TopicId(UUID.randomUUID()), name, 1, 1, new TreeMap<>());
  }

  private static NodeRecord node() {
    return new NodeRecord(
        new NodeId(1), new StoreIncarnation(1), new ProcessIncarnation(1), "localhost", 1, null);
  }

  @Test
  void findsItsEntriesAndSnapshotsAgain() {
    long version;
    try (Life life = new Life()) {
      assertThat(life.recovered().isFounded()).isFalse();
      life.applied(new MetadataCommand.FoundCluster("c"));
      life.applied(new MetadataCommand.RegisterNode(node()));
      // More than one snapshot's worth.
      for (int i = 0; i < 1_100; i++) {
        life.applied(new MetadataCommand.AllocateProducerIds(new NodeId(1), 1));
      }
      version = life.applied(createTopic("t")).state().version();
    }
    try (Life life = new Life()) {
      MetadataState recovered = life.recovered();
      assertThat(recovered.version()).isEqualTo(version);
      assertThat(recovered.topic("t")).isNotNull();
      assertThat(recovered.nextProducerId()).isEqualTo(1_100);
      assertThat(life.applied(createTopic("u")).state().version()).isEqualTo(version + 1);
    }
  }

  @Test
  void tellsTheNodeAndLeavesTheAnswerToIt() {
    try (Life life = new Life()) {
      life.recovered();
      Notice.Applied applied = life.applied(new MetadataCommand.FoundCluster("c"));
      assertThat(applied.outcome().events()).hasSize(1);
      assertThat(applied.state().isFounded()).isTrue();
      assertThat(applied.replyTo()).isEqualTo(life.proposer.getRef());
      life.proposer.expectNoMessage(Duration.ZERO);
    }
  }

  @Test
  void refusesWithoutAnEntry() {
    try (Life life = new Life()) {
      life.recovered();
      life.log.tell(new MetadataProtocol.Submit(createTopic("t"), life.proposer.getRef()));
      Outcome outcome = life.proposer.expectMessageClass(Outcome.class, TIMEOUT);
      assertThat(outcome.reply())
          .isInstanceOfSatisfying(
              MetadataReply.Refused.class,
              refused -> assertThat(refused.refusal().reason()).isEqualTo(Refusal.Reason.CONFLICT));
      assertThat(outcome.events()).isEmpty();
    }
  }

  @Test
  void endsWhenItsJournalCannotBeOpened() throws IOException {
    Files.createDirectories(dir);
    Files.writeString(dir.resolve("journal"), "a file where a directory has to be");
    try (Life life = new Life()) {
      life.node.expectTerminated(life.log, TIMEOUT);
      life.node.expectNoMessage(Duration.ZERO);
    }
  }

  @Test
  void endsWhenAnEntryCannotBeStored() {
    try (Life life = new Life()) {
      life.recovered();
      life.applied(new MetadataCommand.FoundCluster("c"));
      life.applied(new MetadataCommand.RegisterNode(node()));
      // Ten thousand partitions do not fit in the largest write of this test's journal.
      life.log.tell(
          new MetadataProtocol.Submit(
              new MetadataCommand.CreateTopic(
                  new TopicId(UUID.randomUUID()), "t", 10_000, 1, new TreeMap<>()),
              life.proposer.getRef()));
      life.node.expectTerminated(life.log, TIMEOUT);
      life.proposer.expectNoMessage(Duration.ZERO);
    }
    try (Life life = new Life()) {
      assertThat(life.recovered().topicCount()).isZero();
    }
  }
}
