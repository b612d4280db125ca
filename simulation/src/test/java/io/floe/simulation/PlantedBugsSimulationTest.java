package io.floe.simulation;

import static org.assertj.core.api.Assertions.assertThat;

import io.floe.consensus.BrokenInvariant;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/// The tests of the checkers: each planted bug must be caught, and by a checker that is about it.
class PlantedBugsSimulationTest {
  private static final int SEEDS_MAX = 100;
  private static final int STEPS = 3_000;

  @ParameterizedTest
  @EnumSource(PlantedBug.class)
  void isCaught(PlantedBug bug) {
    for (long seed = 1; seed <= SEEDS_MAX; seed++) {
      String broken = brokenBy(Simulation.Plan.of(seed, STEPS).with(bug));
      if (broken != null) {
        assertThat(invariantsOf(bug)).as(broken).anyMatch(broken::startsWith);
        return;
      }
    }
    throw new AssertionError(bug + " was not caught by seeds 1 to " + SEEDS_MAX);
  }

  private static @Nullable String brokenBy(Simulation.Plan plan) {
    try {
      Simulation.run(plan, null);
      return null;
    } catch (BrokenInvariant broken) {
      return String.valueOf(broken.getMessage());
    }
  }

  private static List<String> invariantsOf(PlantedBug bug) {
    return switch (bug) {
      case ACK_BEFORE_SYNC -> List.of("I3", "I16");
      case OFFSET_REASSIGNED_AFTER_FAILURE -> List.of("I1 ");
      case DUPLICATE_ACKED_BEFORE_COMMIT, WRONG_OFFSET_FOR_DUPLICATE -> List.of("I3", "I16");
      case PRODUCER_TABLE_MISSING -> List.of("I18");
      case SEGMENT_RESUMED_AFTER_RESTART,
          EPOCH_KEPT_BY_A_NEW_PROCESS,
          WRITES_BEFORE_THE_ROLL_COMMITS ->
          List.of("I2", "I5");
      case APPEND_AFTER_PROPOSED_ROLL -> List.of("I5");
      case READS_EXPOSED_TO_THE_END -> List.of("I10");
      case DEDUPE_WINDOW_LOST -> List.of("I11");
      case HIGH_WATERMARK_GOES_BACK -> List.of("high watermark");
      case SEALED_BELOW_THE_DURABLE_END -> List.of("I4");
      case TORN_BATCH_KEPT -> List.of("no gap", "I9");
    };
  }
}
