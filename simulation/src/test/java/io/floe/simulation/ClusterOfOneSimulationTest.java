package io.floe.simulation;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.fail;

import io.floe.consensus.BrokenInvariant;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/// Every failure names its seed; `SimulationCommand --seed N --steps M` tells its story.
class ClusterOfOneSimulationTest {
  private static final int SEEDS = 300;
  private static final int STEPS = 1_500;
  private static final int STEPS_WITH_A_CRASH_AT_EACH = 300;

  private static Simulation.Report run(Simulation.Plan plan) {
    try {
      return Simulation.run(plan, null);
    } catch (BrokenInvariant broken) {
      throw new AssertionError(plan.toString(), broken);
    }
  }

  @Test
  void keepsEveryPromiseWhateverFails() {
    Map<Fault, Long> faults = new EnumMap<>(Fault.class);
    long steps = 0;
    long acked = 0;
    for (long seed = 1; seed <= SEEDS; seed++) {
      Simulation.Report report = run(Simulation.Plan.of(seed, STEPS));
      report.faults().forEach((fault, count) -> faults.merge(fault, count, Long::sum));
      steps += report.steps();
      acked += report.acked();
      assertThat(report.acked()).as("seed %s", seed).isPositive();
      assertThat(report.read()).as("seed %s", seed).isPositive();
    }
    System.out.printf("simulation: %,d steps, %,d acked, %s%n", steps, acked, faults);
    // What never happened was not tested.
    for (Fault fault : Fault.values()) {
      assertThat(faults.getOrDefault(fault, 0L)).as(fault.name()).isPositive();
    }
  }

  @Test
  void keepsEveryPromiseWithACrashAtAnyStep() {
    for (int step = 1; step <= STEPS_WITH_A_CRASH_AT_EACH; step++) {
      Simulation.Plan plan =
          Simulation.Plan.of(7, STEPS_WITH_A_CRASH_AT_EACH + 50).crashingAt(step);
      Simulation.Report report = run(plan);
      if (report.faults().getOrDefault(Fault.CRASH, 0L)
              + report.faults().getOrDefault(Fault.CRASH_DURING_START, 0L)
          == 0) {
        // Only when the node was down already.
        fail("no crash in " + plan);
      }
    }
  }

  @Test
  void tellsTheSameStoryForTheSameSeed() {
    List<String> first = new ArrayList<>();
    List<String> second = new ArrayList<>();
    Simulation.run(Simulation.Plan.of(11, 500), first::add);
    Simulation.run(Simulation.Plan.of(11, 500), second::add);
    assertThat(first).hasSizeGreaterThan(100).isEqualTo(second);
  }
}
