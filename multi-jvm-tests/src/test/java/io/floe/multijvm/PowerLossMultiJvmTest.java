package io.floe.multijvm;

import static org.assertj.core.api.Assertions.assertThat;

import io.floe.cli.check.Verdict;
import io.floe.cli.process.NodeProcess;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Locale;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

/// A node whose ext4 loses its power under load, by the shutdown ioctl, keeps what it acknowledged.
///
/// What it shows: real processes, a real file system and its recovery. Names, sizes, extents and
/// everything that went through the page cache are gone unless they were synced, the node ends with
/// an error, comes back, and the client's whole history is clean.
///
/// What it does **not** show: that an acknowledgement waited for the sync of its bytes. The ioctl
/// cuts off the file system, not the cache of a disk; a direct write into a block that was written
/// and synced before reaches the image at once, with or without a sync. A store that acknowledges
/// before it syncs passes this test. `PowerLossTest` in `storage` is what shows it, on a disk that
/// forgets each write that no sync covered: there the same mistake fails within a few histories. A
/// disk that forgets would need the device mapper, NBD or ublk, which kernels without modules do
/// not have; a file system in user space would be a model of a disk as `FaultyIo` is one.
final class PowerLossMultiJvmTest {
  @RegisterExtension final Nodes nodes = new Nodes();
  @TempDir Path temporary;

  @Test
  void keepsAckedRecordsWhenTheDiskLosesItsPowerUnderLoad() throws Throwable {
    try (LoopMount disk = LoopMount.create(temporary, 1L << 30, nodes, "PowerLossMultiJvmTest")) {
      Path dataDir = disk.directory().resolve("data");
      NodeProcess node = nodes.start(dataDir);
      // Its bytes, which no one synced, must be gone, or the power was not cut. Its name may be
      // there:
      // any sync of the node commits the file system's whole journal.
      Path unsynced = disk.directory().resolve("unsynced");
      try (Load load = Load.start(nodes.bootstrap(), "t", 4, 15_000, 1)) {
        for (int round = 1; round <= 3; round++) {
          load.awaitAcknowledged(2_000, Duration.ofSeconds(60));
          disk.cutPower(unsynced);

          assertThat(node.awaitExit(Duration.ofSeconds(30))).isNotZero();
          assertThat(node.logTail()).contains("ERROR");
          disk.unmount();
          disk.mount();
          assertThat(Files.exists(unsynced) ? Files.size(unsynced) : 0).isZero();
          Files.deleteIfExists(unsynced);
          node = nodes.start(dataDir);
        }
        load.awaitAcknowledged(500, Duration.ofSeconds(60));
        load.finish(Duration.ofSeconds(60));
        load.readBack();
        Verdict verdict = load.history.verdict();
        System.out.printf(
            Locale.ROOT,
            "RESULT 3 power cuts: %,d acknowledged, %s%n",
            verdict.acknowledged(),
            verdict.summary());
        assertThat(verdict.isClean()).as("%s", verdict).isTrue();
        assertThat(verdict.acknowledged()).isGreaterThan(6_000);
        assertThat(node.terminate(Nodes.STOP_LIMIT)).isZero();
      } finally {
        node.close();
      }
    }
  }
}
