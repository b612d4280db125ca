package io.floe.actors.metadata;

import static org.assertj.core.api.Assertions.assertThat;

import io.floe.actors.log.MetadataReply;
import io.floe.actors.metadata.MetadataProtocol.Notice;
import io.floe.actors.metadata.MetadataProtocol.Outcome;
import io.floe.consensus.metadata.core.MetadataCommand;
import io.floe.consensus.metadata.core.MetadataState;
import io.floe.consensus.metadata.core.Refusal;
import io.floe.model.NodeId;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/// A cluster of one, with the real journal.
@Timeout(120)
class MetadataNodeTest {
  private static final String SMALL_WRITES =
      "floe.journal { file-bytes = 1 MiB, write-bytes-max = 64 KiB }";

  @TempDir Path dir;
  private final MetadataRig.Identity identity = new MetadataRig.Identity();

  private MetadataRig life() {
    return MetadataRig.alone(dir, identity, "");
  }

  @Test
  void findsItsEntriesAndSnapshotsAgain() {
    long version;
    try (MetadataRig life = life()) {
      assertThat(life.recovered().isFounded()).isFalse();
      life.applied(new MetadataCommand.FoundCluster("c"));
      life.applied(MetadataRig.register(1, 1));
      // More than one snapshot's worth.
      for (int i = 0; i < 1_100; i++) {
        life.applied(new MetadataCommand.AllocateProducerIds(new NodeId(1), 1));
      }
      version = life.applied(MetadataRig.createTopic("t")).state().version();
    }
    for (int i = 1; i <= 3; i++) {
      try (MetadataRig life = life()) {
        MetadataState recovered = life.recovered();
        assertThat(recovered.version()).isEqualTo(version);
        assertThat(recovered.topic("t")).isNotNull();
        assertThat(recovered.nextProducerId()).isEqualTo(1_100);
        version = life.applied(MetadataRig.createTopic("u" + i)).state().version();
        assertThat(version).isEqualTo(recovered.version() + 1);
      }
    }
  }

  @Test
  void tellsTheNodeAndLeavesTheAnswerToIt() {
    try (MetadataRig life = life()) {
      life.recovered();
      Notice.Applied applied = life.applied(new MetadataCommand.FoundCluster("c"));
      assertThat(applied.outcome().events()).hasSize(1);
      assertThat(applied.state().isFounded()).isTrue();
      assertThat(applied.replyTo()).isEqualTo(life.proposer.getRef());
      life.proposer.expectNoMessage(Duration.ZERO);
    }
  }

  @Test
  void passesRefusalsOnWithoutChange() {
    try (MetadataRig life = life()) {
      life.recovered();
      Notice.Applied applied = life.applied(MetadataRig.createTopic("t"));
      assertThat(applied.outcome().reply())
          .isInstanceOfSatisfying(
              MetadataReply.Refused.class,
              refused -> assertThat(refused.refusal().reason()).isEqualTo(Refusal.Reason.CONFLICT));
      assertThat(applied.outcome().events()).isEmpty();
    }
  }

  @Test
  void refusesACommandThatIsTooLargeForAMessage() {
    try (MetadataRig life = life()) {
      life.recovered();
      life.submit(new MetadataCommand.FoundCluster("c".repeat(60_000)));
      // A text of 60,000 bytes fits; the state machine refuses it.
      assertThat(life.node.expectMessageClass(Notice.Applied.class, MetadataRig.TIMEOUT).state())
          .isSameAs(MetadataState.EMPTY);
      var configs = new java.util.TreeMap<String, String>();
      for (int i = 0; i < 4; i++) {
        configs.put("c" + i, "x".repeat(60_000));
      }
      life.submit(
          new MetadataCommand.CreateTopic(
              new io.floe.model.TopicId(java.util.UUID.randomUUID()), "t", 1, 1, configs));
      Outcome outcome = life.proposer.expectMessageClass(Outcome.class, MetadataRig.TIMEOUT);
      assertThat(outcome.reply())
          .isInstanceOfSatisfying(
              MetadataReply.Refused.class,
              refused ->
                  assertThat(refused.refusal().reason()).isEqualTo(Refusal.Reason.LIMIT_REACHED));
    }
  }

  @Test
  void aWipedLogIsNotANewOne() {
    try (MetadataRig life = life()) {
      life.recovered();
    }
    dir = dir.resolve("elsewhere");
    try (MetadataRig life = life()) {
      Notice.Failed failed = life.node.expectMessageClass(Notice.Failed.class, MetadataRig.TIMEOUT);
      assertThat(failed.message()).contains("wiped");
    }
  }

  @Test
  void endsWhenItsJournalCannotBeOpened() throws IOException {
    Files.createDirectories(dir);
    Files.writeString(dir.resolve("journal"), "a file where a directory has to be");
    try (MetadataRig life = life()) {
      life.node.expectTerminated(life.metadata, MetadataRig.TIMEOUT);
      life.node.expectNoMessage(Duration.ZERO);
    }
  }

  @Test
  void endsWhenAnEntryCannotBeStored() {
    try (MetadataRig life = MetadataRig.alone(dir, identity, SMALL_WRITES)) {
      life.recovered();
      life.applied(new MetadataCommand.FoundCluster("c"));
      var configs = new java.util.TreeMap<String, String>();
      configs.put("a", "x".repeat(60_000));
      configs.put("b", "x".repeat(60_000));
      life.submit(
          new MetadataCommand.CreateTopic(
              new io.floe.model.TopicId(java.util.UUID.randomUUID()), "t", 1, 1, configs));
      life.node.expectTerminated(life.metadata, MetadataRig.TIMEOUT);
      life.proposer.expectNoMessage(Duration.ZERO);
    }
    try (MetadataRig life = life()) {
      assertThat(life.recovered().topicCount()).isZero();
    }
  }
}
