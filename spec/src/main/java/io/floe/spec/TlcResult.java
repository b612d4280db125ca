package io.floe.spec;

import java.time.Duration;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/// What TLC found.
///
/// @param isClean the whole state graph was seen, and nothing is wrong
/// @param violated name of the first invariant that does not hold, or null
/// @param distinctStates different states seen
/// @param depth states on the longest path that was searched
/// @param elapsed wall time, start of the JVM included
/// @param output all that TLC said
public record TlcResult(
    boolean isClean,
    @Nullable String violated,
    long distinctStates,
    int depth,
    Duration elapsed,
    String output) {
  private static final Pattern VIOLATED = Pattern.compile("Invariant (\\w+) is violated");
  private static final Pattern STATES =
      Pattern.compile("(?m)^[\\d,]+ states generated, ([\\d,]+) distinct states found");
  private static final Pattern DEPTH =
      Pattern.compile("The depth of the complete state graph search is (\\d+)");

  /// Reads TLC's output. TLC's exit codes: 0 clean, 12 an invariant does not hold.
  static TlcResult of(int exitCode, String output, Duration elapsed) {
    Matcher violated = VIOLATED.matcher(output);
    Matcher states = STATES.matcher(output);
    Matcher depth = DEPTH.matcher(output);
    boolean isClean =
        exitCode == 0 && output.contains("Model checking completed. No error has been found.");
    return new TlcResult(
        isClean,
        exitCode == 12 && violated.find() ? violated.group(1) : null,
        states.find() ? Long.parseLong(states.group(1).replace(",", "")) : 0,
        depth.find() ? Integer.parseInt(depth.group(1)) : 0,
        elapsed,
        output);
  }

  /// One line for people.
  public String summary() {
    String verdict =
        isClean ? "clean" : violated == null ? "FAILED (see the output)" : violated + " VIOLATED";
    return String.format(
        "%s, %,d distinct states, depth %d, %.1f s",
        verdict, distinctStates, depth, elapsed.toMillis() / 1000.0);
  }
}
