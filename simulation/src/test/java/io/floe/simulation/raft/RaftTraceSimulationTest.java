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
  private static final int TRACES = 5;
  private static final int LINES_MAX = 320;
  private static final int HEAP_MEGABYTES = 1024;
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
      if (lines.stream().filter(line -> action(line).equals("BECOME_LEADER")).count() > 1) {
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

  private static Stream<Run> runs(@Nullable RaftBug bug) {
    return LongStream.rangeClosed(1, SEEDS).mapToObj(seed -> Run.of(seed, bug));
  }

  private static RaftTraceCheck.Verdict check(List<String> lines) {
    return RaftTraceCheck.check(lines, HEAP_MEGABYTES);
  }

  /// Those that go through most, each time of what the ones before did not.
  private static List<Run> variedRuns() {
    List<Run> candidates =
        runs(null)
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
        arguments(RaftBug.COMMITS_AN_OLDER_TERM_BY_COUNTING, "R6", "ADVANCE_COMMIT_INDEX"),
        arguments(RaftBug.CHANGES_MEMBERSHIP_WHILE_ONE_IS_PENDING, "R12", "CHANGE_MEMBERSHIP"),
        arguments(RaftBug.READ_WITHOUT_QUORUM, "R13", "SERVE_READ"));
  }

  /// The mistakes that can be seen in what members do. What a disk does behind their backs, or a
  /// state machine, is not in a trace.
  @ParameterizedTest
  @MethodSource("bugs")
  void refusesWhatACoreWithAPlantedBugDoes(RaftBug bug, String invariant, String refused) {
    Run run =
        runs(bug)
            .filter(ran -> ran.broken() != null && ran.broken().startsWith(invariant))
            .min(Comparator.comparingInt(ran -> ran.lines().size()))
            .orElseThrow();
    assertThat(check(run.lines()))
        .as("seed %s", run.seed())
        .isInstanceOfSatisfying(
            RaftTraceCheck.Rejected.class,
            rejected -> assertThat(Run.action(rejected.line())).isEqualTo(refused));
  }

  static Stream<Arguments> doctored() {
    return Stream.of(
        arguments("acks before the disk has it", without("PERSISTED", FOLLOWER), ADVANCES),
        arguments("votes before the disk has it", withoutVotesOnDisk(), "BECOME_LEADER"),
        arguments("commit without a quorum", withCommitOfTheFirstEntry(), ADVANCES),
        arguments("stale read", replacing("SERVE_READ", "\"index\":\\d+", "\"index\":0"), "SERVE"),
        arguments(
            "a vote is forgotten",
            replacing("RESTART", "\"term\":[2-9],\"vote\":\"", "\"term\":1,\"vote\":\""),
            "RESTART"));
  }

  private static final String ADVANCES = "ADVANCE_COMMIT_INDEX";
  private static final Predicate<String> FOLLOWER = line -> line.contains("\"role\":\"FOLLOWER\"");

  private static UnaryOperator<List<String>> without(String action, Predicate<String> which) {
    return lines ->
        lines.stream()
            .filter(line -> !Run.action(line).equals(action) || which.negate().test(line))
            .toList();
  }

  /// Up to the first election.
  private static UnaryOperator<List<String>> withoutVotesOnDisk() {
    return lines -> {
      int elected = indexOf(lines, line -> Run.action(line).equals("BECOME_LEADER"));
      List<String> changed = new ArrayList<>(lines.subList(0, elected));
      changed.removeIf(line -> Run.action(line).equals("PERSISTED") && FOLLOWER.test(line));
      changed.addAll(lines.subList(elected, lines.size()));
      return changed;
    };
  }

  /// The first leader takes its first entry for committed at once.
  private static UnaryOperator<List<String>> withCommitOfTheFirstEntry() {
    return lines -> {
      int elected = indexOf(lines, line -> Run.action(line).equals("BECOME_LEADER"));
      List<String> changed = new ArrayList<>(lines.subList(0, elected + 1));
      changed.add(
          lines
              .get(elected)
              .replace("BECOME_LEADER", ADVANCES)
              .replace("\"commit\":0", "\"commit\":2"));
      return changed;
    };
  }

  private static UnaryOperator<List<String>> replacing(String action, String old, String changed) {
    Pattern pattern = Pattern.compile(old);
    return lines -> {
      int place =
          indexOf(lines, line -> Run.action(line).equals(action) && pattern.matcher(line).find());
      List<String> doctored = new ArrayList<>(lines.subList(0, place));
      doctored.add(pattern.matcher(lines.get(place)).replaceFirst(changed));
      return doctored;
    };
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
      String name, UnaryOperator<List<String>> change, String refused) {
    List<String> real =
        runs(null)
            .filter(run -> run.interesting().containsAll(Set.of("SERVE_READ", "sixth RESTART")))
            .min(Comparator.comparingInt(run -> run.lines().size()))
            .orElseThrow()
            .lines();
    List<String> changed = change.apply(real);
    assertThat(changed).isNotEqualTo(real);
    assertThat(check(changed))
        .isInstanceOfSatisfying(
            RaftTraceCheck.Rejected.class,
            rejected -> assertThat(Run.action(rejected.line())).startsWith(refused));
  }
}
