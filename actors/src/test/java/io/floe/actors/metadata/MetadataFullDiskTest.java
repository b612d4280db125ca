package io.floe.actors.metadata;

import static org.assertj.core.api.Assertions.assertThat;

import com.typesafe.config.ConfigFactory;
import io.floe.actors.metadata.MetadataProtocol.Notice;
import io.floe.actors.metadata.MetadataProtocol.Outcome;
import io.floe.actors.metadata.MetadataProtocol.Submit;
import io.floe.consensus.metadata.core.MetadataCommand;
import io.floe.consensus.metadata.core.NodeRecord;
import io.floe.model.NodeId;
import io.floe.model.ProcessIncarnation;
import io.floe.model.StoreIncarnation;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import org.apache.pekko.actor.testkit.typed.javadsl.ActorTestKit;
import org.apache.pekko.actor.testkit.typed.javadsl.TestProbe;
import org.apache.pekko.actor.typed.ActorRef;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/// With the real journal, whose next file meets a real ENOSPC: its temporary name leads to
/// `/dev/full`. The journal removes that name after the failure, and so has room again.
@Timeout(60)
class MetadataFullDiskTest {
  private static final Duration TIMEOUT = Duration.ofSeconds(20);
  private static final Path FULL = Path.of("/dev/full");

  @TempDir private Path directory;

  @Test
  void refusesWhileTheDiskIsFullThenGoesOn() throws IOException {
    Assumptions.assumeTrue(Files.exists(FULL));
    ActorTestKit kit =
        ActorTestKit.create(
            "full",
            ConfigFactory.parseString(
                    """
                    pekko.actor.provider = local
                    floe.journal { io = file-channel, file-bytes = 64 KiB, write-bytes-max = 32 KiB }
                    floe.journal.dir = "%1$s/journal"
                    floe.snapshot-store.dir = "%1$s/snapshots"
                    """
                        .formatted(directory))
                .withFallback(ConfigFactory.parseResources("floe-node.conf"))
                .withFallback(ConfigFactory.load()));
    try {
      TestProbe<Notice> node = kit.createTestProbe();
      TestProbe<Outcome> proposer = kit.createTestProbe();
      ActorRef<MetadataProtocol> log = kit.spawn(MetadataActor.create(node.getRef()));
      node.expectMessageClass(Notice.Recovered.class, TIMEOUT);
      log.tell(new Submit(new MetadataCommand.FoundCluster("c"), proposer.getRef()));
      node.expectMessageClass(Notice.Applied.class, TIMEOUT);
      log.tell(new Submit(new MetadataCommand.RegisterNode(node()), proposer.getRef()));
      long version = node.expectMessageClass(Notice.Applied.class, TIMEOUT).state().version();

      Files.createSymbolicLink(directory.resolve("journal").resolve("new.tmp"), FULL);
      Submit change =
          new Submit(new MetadataCommand.AllocateProducerIds(new NodeId(1), 1), proposer.getRef());
      // 64 KiB have room for fifteen groups. All at once: those behind the refused one are stashed.
      for (int i = 0; i < 20; i++) {
        log.tell(change);
      }
      Outcome refused = proposer.expectMessageClass(Outcome.class, TIMEOUT);
      assertThat(refused.isNotStored()).isTrue();
      assertThat(refused.events()).isEmpty();
      for (int i = 0; i < 19; i++) {
        version++;
        assertThat(node.expectMessageClass(Notice.Applied.class, TIMEOUT).state().version())
            .isEqualTo(version);
      }
      proposer.expectNoMessage(Duration.ofMillis(100));
      node.expectNoMessage(Duration.ZERO);
    } finally {
      kit.shutdownTestKit();
    }
  }

  private static NodeRecord node() {
    return new NodeRecord(
        new NodeId(1), new StoreIncarnation(1), new ProcessIncarnation(1), "localhost", 1, null);
  }
}
