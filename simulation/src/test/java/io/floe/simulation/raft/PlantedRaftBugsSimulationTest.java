package io.floe.simulation.raft;

import static org.assertj.core.api.Assertions.assertThat;

import io.floe.consensus.BrokenInvariant;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/// The tests of the checkers: each planted bug must be caught, and by a checker that is about it.
class PlantedRaftBugsSimulationTest {
  private static final int SEEDS_MAX = 60;
  private static final int STEPS = 3_000;

  @ParameterizedTest
  @EnumSource(RaftBug.class)
  void isCaught(RaftBug bug) {
    for (long seed = 1; seed <= SEEDS_MAX; seed++) {
      String broken = brokenBy(new RaftSimulation.Plan(seed, STEPS, bug));
      if (broken != null) {
        assertThat(invariantsOf(bug)).as(broken).anyMatch(broken::startsWith);
        return;
      }
    }
    throw new AssertionError(bug + " was not caught by seeds 1 to " + SEEDS_MAX);
  }

  private static @Nullable String brokenBy(RaftSimulation.Plan plan) {
    try {
      RaftSimulation.run(plan, null);
      return null;
    } catch (BrokenInvariant broken) {
      return String.valueOf(broken.getMessage());
    }
  }

  private static List<String> invariantsOf(RaftBug bug) {
    return switch (bug) {
      case VOTE_NOT_PERSISTED, ACK_BEFORE_SYNC, ACKS_MORE_THAN_IT_HAS -> List.of("R9");
      case FAILED_PERSIST_IGNORED -> List.of("R9", "durable log");
      case TWO_VOTES_IN_A_TERM -> List.of("R3");
      case VOTES_FOR_A_LOG_THAT_IS_BEHIND -> List.of("R5");
      case COMMITS_AN_OLDER_TERM_BY_COUNTING -> List.of("R5", "R6");
      case LATE_MESSAGE_CUTS_OFF_COMMITTED_ENTRIES -> List.of("R5", "R7", "R9");
      case READ_WITHOUT_QUORUM, READ_BEFORE_A_COMMIT_IN_THE_TERM -> List.of("R13");
      case READ_OF_LOCAL_STATE -> List.of("R14");
      case SESSIONS_NOT_CHECKED, SNAPSHOT_FORGETS_ENTRIES, SNAPSHOT_FORGETS_SESSIONS ->
          List.of("R7", "R11", "R14");
      case ANSWERS_WITH_ANOTHERS_RESULT -> List.of("R11", "R14");
      case PROMOTES_WHO_IS_BEHIND, CHANGES_MEMBERSHIP_WHILE_ONE_IS_PENDING -> List.of("R12");
      case WIPED_NODE_KEEPS_ITS_INCARNATION -> List.of("R3", "R5", "R6", "R9");
    };
  }
}
