package io.floe.actors.metadata;

import static org.assertj.core.api.Assertions.assertThat;

import io.floe.actors.metadata.MetadataProtocol.Notice;
import io.floe.actors.metadata.MetadataProtocol.Outcome;
import io.floe.consensus.metadata.core.MetadataCommand;
import io.floe.model.NodeId;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/// With the real journal, whose next file meets a real ENOSPC: its temporary name leads to
/// `/dev/full`. The journal removes that name after the failure, and so has room again.
@Timeout(60)
class MetadataFullDiskTest {
  private static final Path FULL = Path.of("/dev/full");

  @TempDir private Path directory;

  @Test
  void refusesWhileTheDiskIsFullThenGoesOn() throws IOException {
    Assumptions.assumeTrue(Files.exists(FULL));
    try (MetadataRig life =
        MetadataRig.alone(
            directory,
            new MetadataRig.Identity(),
            "floe.journal { io = file-channel, file-bytes = 64 KiB, write-bytes-max = 32 KiB }")) {
      life.recovered();
      life.applied(new MetadataCommand.FoundCluster("c"));
      long version = life.applied(MetadataRig.register(1, 1)).state().version();

      Files.createSymbolicLink(directory.resolve("journal").resolve("new.tmp"), FULL);
      int refused = 0;
      int applied = 0;
      // 64 KiB have room for fifteen groups at most.
      for (int i = 0; i < 20; i++) {
        life.submit(new MetadataCommand.AllocateProducerIds(new NodeId(1), 1));
        Object answer = life.either();
        if (answer instanceof Outcome outcome) {
          assertThat(outcome.isNotStored()).isTrue();
          assertThat(outcome.events()).isEmpty();
          refused++;
        } else {
          applied++;
          assertThat(((Notice.Applied) answer).state().version()).isEqualTo(version + applied);
        }
      }
      assertThat(refused).isPositive();
      assertThat(applied).isPositive();
      life.node.expectNoMessage(Duration.ZERO);
    }
  }
}
