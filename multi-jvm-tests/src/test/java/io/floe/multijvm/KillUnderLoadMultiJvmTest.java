package io.floe.multijvm;

import static org.assertj.core.api.Assertions.assertThat;

import io.floe.cli.check.Verdict;
import io.floe.cli.process.NodeProcess;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Locale;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

final class KillUnderLoadMultiJvmTest {
  private static final int KILLS = Integer.getInteger("floe.kills", 20);

  @RegisterExtension final Nodes nodes = new Nodes();
  @TempDir Path dataDir;

  @Test
  void keepsAckedRecordsOnceAndInOrderThroughKillsUnderLoad() throws Exception {
    long seed = Long.getLong("floe.seed", System.nanoTime());
    System.out.println("NOTE seed of the kills: -Dfloe.seed=" + seed);
    Random random = new Random(seed);
    NodeProcess node = nodes.start(dataDir);
    int killsWithWorkInFlight = 0;
    long slowestStartMillis = 0;
    try (Load load = Load.start(nodes.bootstrap(), "killed", 4, 15_000, seed);
        TailReader reader = TailReader.start(load)) {
      for (int kill = 1; kill <= KILLS; kill++) {
        // Not before it takes records again: a kill of an idle node would prove nothing.
        load.awaitAcknowledged(200, Duration.ofSeconds(60));
        Thread.sleep(random.nextInt(600));
        if (load.inFlight() > 0) {
          killsWithWorkInFlight++;
        }
        node.kill();
        node = nodes.start(dataDir);
        slowestStartMillis = Math.max(slowestStartMillis, node.startTime().toMillis());
      }
      load.awaitAcknowledged(200, Duration.ofSeconds(60));
      load.finish(Duration.ofSeconds(60));
      reader.finish(Duration.ofSeconds(60));

      Verdict seenAlong = load.history.verdict();
      assertThat(seenAlong.isClean()).as("read along: %s", seenAlong).isTrue();
      load.readBack();
      Verdict verdict = load.history.verdict();
      System.out.printf(
          Locale.ROOT,
          "RESULT %d kills, %d with records in flight: %,d sent, %,d acknowledged, %s; slowest start %d ms%n",
          KILLS,
          killsWithWorkInFlight,
          verdict.sent(),
          verdict.acknowledged(),
          verdict.summary(),
          slowestStartMillis);
      assertThat(verdict.isClean()).as("read afterwards: %s", verdict).isTrue();
      assertThat(verdict.acknowledged()).isEqualTo(verdict.sent()).isGreaterThan(KILLS * 200L);
      assertThat(killsWithWorkInFlight).isGreaterThan(KILLS / 2);
      assertThat(node.terminate(Nodes.STOP_LIMIT)).isZero();
    }
  }
}
