package io.floe.simulation.raft;

import static java.util.stream.Collectors.toCollection;
import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.params.provider.Arguments.arguments;

import io.floe.consensus.BrokenInvariant;
import io.floe.spec.RaftTraceCheck;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Predicate;
import java.util.function.UnaryOperator;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.LongStream;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/// What the core does under the simulator is a behaviour of the TLA+ specification. Short runs: TLC
/// takes a second and a half for each.
class RaftTraceSimulationTest {
  private static final int STEPS = 700;
  private static final int SEEDS = 60;
  private static final int TRACES = 3;
  private static final int LINES_MAX = 320;
  private static final int HEAP_MEGABYTES = 1024;
  private static final String LEADS = "BECOME_LEADER";
  private static final String COMMITS = "ADVANCE_COMMIT_INDEX";
  private static final Pattern ACTION = Pattern.compile("\"action\":\"(\\w+)\"");

  /// What the checked traces must have in them.
  private static final Set<String> INTERESTING =
      Set.of(
          "second BECOME_LEADER",
          "sixth RESTART",
          "TRUNCATE_CONFLICT",
          "REJECT_ENTRIES",
          "COMPACT",
          "INSTALL_SNAPSHOT",
          "CHANGE_MEMBERSHIP",
          "WIPE",
          "SERVE_READ",
          "TRANSFER");

  private record Run(long seed, List<String> lines, @Nullable String broken) {
    static Run of(long seed, @Nullable RaftBug bug) {
      List<String> lines = new ArrayList<>();
      String broken = null;
      try {
        RaftSimulation.run(new RaftSimulation.Plan(seed, STEPS, bug), null, lines::add);
      } catch (BrokenInvariant invariant) {
        broken = invariant.getMessage();
      }
      return new Run(seed, lines, broken);
    }

    Set<String> interesting() {
      Set<String> found = lines.stream().map(Run::action).collect(toCollection(TreeSet::new));
      if (lines.stream().filter(line -> action(line).equals(LEADS)).count() > 1) {
        found.add("second BECOME_LEADER");
      }
      // Each of the five began once.
      if (lines.stream().filter(line -> action(line).equals("RESTART")).count() > 5) {
        found.add("sixth RESTART");
      }
      found.retainAll(INTERESTING);
      return found;
    }

    static String action(String line) {
      Matcher matcher = ACTION.matcher(line);
      return matcher.find() ? matcher.group(1) : "";
    }
  }

  private static @Nullable List<Run> runsOfTheCore;

  private static List<Run> runsOfTheCore() {
    List<Run> runs = runsOfTheCore;
    if (runs == null) {
      runs = runs(null).toList();
      runsOfTheCore = runs;
    }
    return runs;
  }

  private static Stream<Run> runs(@Nullable RaftBug bug) {
    return LongStream.rangeClosed(1, SEEDS).mapToObj(seed -> Run.of(seed, bug));
  }

  private static RaftTraceCheck.Verdict check(List<String> lines) {
    return RaftTraceCheck.check(lines, HEAP_MEGABYTES);
  }

  /// Those that go through most, each time of what the ones before did not.
  private static List<Run> variedRuns() {
    List<Run> candidates =
        runsOfTheCore().stream()
            .filter(run -> run.lines().size() <= LINES_MAX)
            .collect(toCollection(ArrayList::new));
    List<Run> chosen = new ArrayList<>();
    Set<String> missing = new TreeSet<>(INTERESTING);
    while (chosen.size() < TRACES) {
      Run best =
          candidates.stream()
              .max(
                  Comparator.comparingLong(
                          (Run run) -> run.interesting().stream().filter(missing::contains).count())
                      .thenComparingInt(run -> run.interesting().size()))
              .orElseThrow();
      candidates.remove(best);
      chosen.add(best);
      missing.removeAll(best.interesting());
    }
    assertThat(missing).as("what no short run went through: take more seeds").isEmpty();
    return chosen;
  }

  @Test
  void whatTheCoreDoesIsABehaviourOfTheSpecification() {
    for (Run run : variedRuns()) {
      assertThat(run.broken()).isNull();
      assertThat(check(run.lines()))
          .as("seed %s, %s", run.seed(), run.interesting())
          .isInstanceOf(RaftTraceCheck.Accepted.class);
    }
  }

  static Stream<Arguments> bugs() {
    return Stream.of(
        arguments(RaftBug.TWO_VOTES_IN_A_TERM, "R3", "GRANT_VOTE"),
        arguments(RaftBug.COMMITS_AN_OLDER_TERM_BY_COUNTING, "R6", COMMITS),
        arguments(RaftBug.CHANGES_MEMBERSHIP_WHILE_ONE_IS_PENDING, "R12", "CHANGE_MEMBERSHIP"),
        arguments(RaftBug.READ_WITHOUT_QUORUM, "R13", "SERVE_READ"));
  }

  /// The mistakes that can be seen in what members do. What a disk does behind their backs, or a
  /// state machine, is not in a trace.
  @ParameterizedTest
  @MethodSource("bugs")
  void refusesWhatACoreWithAPlantedBugDoes(RaftBug bug, String invariant, String refusedAction) {
    Run run =
        runs(bug)
            .filter(ran -> ran.broken() != null && ran.broken().startsWith(invariant))
            .min(Comparator.comparingInt(ran -> ran.lines().size()))
            .orElseThrow();
    assertThat(check(run.lines()))
        .as("seed %s", run.seed())
        .isInstanceOfSatisfying(
            RaftTraceCheck.Rejected.class,
            rejected -> assertThat(Run.action(rejected.line())).isEqualTo(refusedAction));
  }

  static Stream<Arguments> doctored() {
    return Stream.of(
        doctored("vote before it is on disk", RaftTraceSimulationTest::withoutVotesOnDisk, LEADS),
        doctored("ack before it is on disk", RaftTraceSimulationTest::withoutAcksOnDisk, COMMITS),
        doctored("commit without a quorum", RaftTraceSimulationTest::withEarlyCommit, COMMITS),
        doctored(
            "stale read",
            lines -> replaced(lines, "SERVE_READ", "\"index\":\\d+", "\"index\":0"),
            "SERVE_READ"),
        doctored(
            "restart without the vote",
            lines -> replaced(lines, "RESTART", "\"vote\":\"[^\"]+\"", "\"vote\":null"),
            "RESTART"));
  }

  private static Arguments doctored(
      String name, UnaryOperator<List<String>> change, String refusedAction) {
    return arguments(name, change, refusedAction);
  }

  private static List<String> withoutVotesOnDisk(List<String> lines) {
    return withoutFollowersPersisted(lines, 0, firstElection(lines));
  }

  private static List<String> withoutAcksOnDisk(List<String> lines) {
    return withoutFollowersPersisted(lines, firstElection(lines), lines.size());
  }

  private static List<String> withoutFollowersPersisted(List<String> lines, int from, int to) {
    List<String> changed = new ArrayList<>(lines);
    changed
        .subList(from, to)
        .removeIf(line -> Run.action(line).equals("PERSISTED") && line.contains("\"FOLLOWER\""));
    return changed;
  }

  /// The first leader takes its first entry for committed at once.
  private static List<String> withEarlyCommit(List<String> lines) {
    int elected = firstElection(lines);
    List<String> changed = new ArrayList<>(lines.subList(0, elected + 1));
    changed.add(lines.get(elected).replace(LEADS, COMMITS).replace("\"commit\":0", "\"commit\":2"));
    return changed;
  }

  private static int firstElection(List<String> lines) {
    return indexOf(lines, line -> Run.action(line).equals(LEADS));
  }

  /// The trace up to the line that was changed.
  private static List<String> replaced(
      List<String> lines, String action, String old, String replacement) {
    Pattern pattern = Pattern.compile(old);
    int place =
        indexOf(lines, line -> Run.action(line).equals(action) && pattern.matcher(line).find());
    List<String> changed = new ArrayList<>(lines.subList(0, place));
    changed.add(pattern.matcher(lines.get(place)).replaceFirst(replacement));
    return changed;
  }

  private static int indexOf(List<String> lines, Predicate<String> which) {
    for (int i = 0; i < lines.size(); i++) {
      if (which.test(lines.get(i))) {
        return i;
      }
    }
    throw new AssertionError("no such line");
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("doctored")
  void refusesARealTraceThatWasDoctored(
      String name, UnaryOperator<List<String>> change, String refusedAction) {
    List<String> real =
        runsOfTheCore().stream()
            .filter(run -> run.interesting().containsAll(Set.of("SERVE_READ", "sixth RESTART")))
            .min(Comparator.comparingInt(run -> run.lines().size()))
            .orElseThrow()
            .lines();
    List<String> changed = change.apply(real);
    assertThat(changed).isNotEqualTo(real);
    assertThat(check(changed))
        .isInstanceOfSatisfying(
            RaftTraceCheck.Rejected.class,
            rejected -> assertThat(Run.action(rejected.line())).isEqualTo(refusedAction));
  }
}
