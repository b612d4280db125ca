package io.floe.spec;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.junit.jupiter.params.provider.Arguments.arguments;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

class RaftTraceCheckTest {
  private static final int HEAP_MEGABYTES = 1024;

  /// What is done to the valid trace, and the action in the line that must be refused. Line numbers
  /// count from 1, as in an editor.
  static Stream<Arguments> doctored() {
    return Stream.of(
        arguments("vote never synced", without(6), "BECOME_LEADER"),
        arguments("commit without a second disk", without(12), "ADVANCE_COMMIT_INDEX"),
        arguments("commit too high", replacing(13, "commit", "2", "3"), "ADVANCE_COMMIT_INDEX"),
        arguments(
            "entry that no leader sent", replacing(10, "lastIndex", "2", "4"), "ACCEPT_ENTRIES"),
        arguments(
            "follower commits ahead", replacing(19, "commit", "2", "3"), "ADVANCE_COMMIT_INDEX"),
        arguments("stale read", replacing(21, "index", "3", "2"), "SERVE_READ"),
        arguments(
            "restart forgets an acked entry", replacing(23, "lastIndex", "2", "1"), "RESTART"),
        arguments("restart forgets the term", replacing(23, "term", "2", "1"), "RESTART"),
        arguments(
            "two members at once",
            replacing(24, "observers", "[\"4/d2\"]", "[\"4/d2\", \"5/f1\"]"),
            "CHANGE_MEMBERSHIP"),
        arguments(
            "snapshot that nobody made", replacing(32, "snapshot", "3", "2"), "INSTALL_SNAPSHOT"),
        arguments("wiped node keeps its term", replacing(35, "term", "0", "2"), "WIPE"),
        arguments(
            "vote that nobody asked for",
            replacing(5, "vote", "\"1/a7\"", "\"3/c9\""),
            "GRANT_VOTE"));
  }

  private static UnaryOperator<List<String>> without(int lineNumber) {
    return lines -> {
      // The numbers of the lines behind stay: they are what upTo refers to.
      lines.set(lineNumber - 1, "");
      return lines;
    };
  }

  private static UnaryOperator<List<String>> replacing(
      int lineNumber, String field, String old, String changed) {
    return lines -> {
      String line = lines.get(lineNumber - 1);
      String before = "\"" + field + "\": " + old;
      assertThat(line).contains(before);
      lines.set(lineNumber - 1, line.replace(before, "\"" + field + "\": " + changed));
      return lines;
    };
  }

  @Test
  void acceptsABehaviour() throws IOException {
    List<String> lines = validTrace();
    assertThat(RaftTraceCheck.check(lines, HEAP_MEGABYTES))
        // All but the header and the line that says what was applied.
        .isEqualTo(new RaftTraceCheck.Accepted(lines.size() - 2));
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("doctored")
  void refusesWhatIsNoBehaviourAndNamesTheLine(
      String name, UnaryOperator<List<String>> change, String refused) throws IOException {
    List<String> lines = change.apply(validTrace());
    assertThat(RaftTraceCheck.check(lines, HEAP_MEGABYTES))
        .isInstanceOfSatisfying(
            RaftTraceCheck.Rejected.class,
            rejected -> {
              assertThat(rejected.line()).contains(refused);
              assertThat(rejected.line()).isEqualTo(lines.get(rejected.lineNumber() - 1));
            });
  }

  /// A write that nobody reported, and that a restart found on the disk, may be acked.
  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void takesTheAckOfWhatARestartFound(boolean isFound) throws IOException {
    List<String> trace = validTrace();
    List<String> lines = new ArrayList<>(trace.subList(0, 11));
    String accepted = trace.get(9);
    String restarted = isFound ? accepted : accepted.replace("Index\": 2", "Index\": 1");
    restarted = isFound ? restarted : restarted.replace("lastTerm\": 2", "lastTerm\": 1");
    lines.add(restarted.replace("ACCEPT_ENTRIES", "RESTART"));
    lines.add(restarted.replace("ACCEPT_ENTRIES", "BECOME_FOLLOWER"));
    lines.add(trace.get(12));
    assertThat(lines.getLast()).contains("ADVANCE_COMMIT_INDEX");
    assertThat(RaftTraceCheck.check(lines, HEAP_MEGABYTES))
        .isEqualTo(
            isFound
                ? new RaftTraceCheck.Accepted(lines.size() - 1)
                : new RaftTraceCheck.Rejected(
                    lines.size(), lines.getLast(), "no behaviour of the specification does this"));
  }

  @Test
  void namesTheLineAndTheFieldOfAMalformedTrace() throws IOException {
    List<String> lines = validTrace();
    lines.set(6, lines.get(6).replace("lastIndex", "lost"));
    assertThatExceptionOfType(MalformedTrace.class)
        .isThrownBy(() -> RaftTraceCheck.check(lines, HEAP_MEGABYTES))
        .withMessageContaining("line 7")
        .withMessageContaining("lastIndex");
  }

  @Test
  void refusesAnActionThatItDoesNotKnow() throws IOException {
    List<String> lines = validTrace();
    lines.set(6, lines.get(6).replace("BECOME_LEADER", "BECOME_KING"));
    assertThatExceptionOfType(MalformedTrace.class)
        .isThrownBy(() -> RaftTraceCheck.check(lines, HEAP_MEGABYTES))
        .withMessageContaining("BECOME_KING");
  }

  private static List<String> validTrace() throws IOException {
    try (InputStream in =
        Objects.requireNonNull(
            RaftTraceCheckTest.class.getResourceAsStream("/traces/three-nodes.ndjson"))) {
      return new ArrayList<>(
          new String(in.readAllBytes(), StandardCharsets.UTF_8).lines().toList());
    }
  }
}
