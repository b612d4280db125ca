package io.floe.multijvm;

import static org.assertj.core.api.Assertions.assertThat;

import io.floe.cli.check.Verdict;
import io.floe.cli.process.NodeProcess;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Locale;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

final class DiskFullMultiJvmTest {
  @RegisterExtension final Nodes nodes = new Nodes();
  @TempDir Path temporary;

  @Test
  void losesNothingOnAFullDiskAndGoesOnWhenSpaceIsBack() throws Throwable {
    try (LoopMount disk = LoopMount.create(temporary, 256L << 20, nodes, "DiskFullMultiJvmTest")) {
      NodeProcess node = nodes.start(disk.directory().resolve("data"));
      Path ballast = disk.directory().resolve("ballast");
      try (Load load = Load.start(nodes.bootstrap(), "t", 2, 20_000, 1)) {
        load.awaitAcknowledged(2_000, Duration.ofSeconds(60));
        fill(ballast);
        awaitStandstill(load);

        // Larger than the load's batches: one small record may still fit into what is allocated.
        String large = "x".repeat(500_000) + "\n";
        Commands.Result refused =
            Commands.floe(large, "produce", "t", "--timeout", "5", "-b", nodes.bootstrap());
        assertThat(refused.exitCode()).isEqualTo(1);
        assertThat(refused.err()).startsWith("floe: 1 records failed");
        assertThat(node.isAlive()).isTrue();
        assertThat(node.logTail().toLowerCase(Locale.ROOT)).contains("space");
        // Reading does not need space.
        assertThat(
                Commands.floe("", "consume", "t", "--count", "10", "-b", nodes.bootstrap())
                    .ok()
                    .lines())
            .hasSize(10);

        Files.delete(ballast);
        load.awaitAcknowledged(2_000, Duration.ofSeconds(40));
        load.finish(Duration.ofSeconds(60));
        assertThat(load.firstFailure()).isNull();
        load.readBack();
        Verdict verdict = load.history.verdict();
        System.out.printf(
            Locale.ROOT,
            "RESULT full disk: %,d acknowledged, %s%n",
            verdict.acknowledged(),
            verdict.summary());
        assertThat(verdict.isClean()).as("%s", verdict).isTrue();
        assertThat(node.terminate(Nodes.STOP_LIMIT)).isZero();
      } finally {
        node.close();
      }
    }
  }

  /// Writes until nothing more fits.
  private static void fill(Path ballast) throws IOException {
    byte[] block = new byte[64 * 1024];
    try (OutputStream out = Files.newOutputStream(ballast)) {
      while (true) {
        out.write(block);
      }
    } catch (IOException e) {
      if (!String.valueOf(e.getMessage()).contains("No space")) {
        throw e;
      }
    }
  }

  /// Waits until nothing was acknowledged for two seconds: the disk is full for the node as well.
  private static void awaitStandstill(Load load) throws InterruptedException {
    long deadlineNanos = System.nanoTime() + Duration.ofSeconds(60).toNanos();
    long before = -1;
    while (load.acknowledged() != before) {
      if (System.nanoTime() > deadlineNanos) {
        throw new AssertionError("the disk never became full: the test injects nothing");
      }
      before = load.acknowledged();
      Thread.sleep(2_000);
    }
  }
}
