package io.floe.spec;

import java.util.List;

/// Checks that what Raft nodes did is a behaviour of `MetadataRaft.tla`.
///
/// Source: "Validating Traces of Distributed Programs Against TLA+ Specifications" (Cirstea, Kuppe,
/// Loillier, Merz).
public final class RaftTraceCheck {
  private RaftTraceCheck() {}

  /// What became of a trace.
  public sealed interface Verdict {}

  /// Every line is explained.
  public record Accepted(int events) implements Verdict {}

  /// A line is not explained, or leads to a state that must not be.
  ///
  /// @param lineNumber of the first line that no behaviour explains, from 1
  /// @param line as it was written
  /// @param reason for people
  public record Rejected(int lineNumber, String line, String reason) implements Verdict {}

  /// Checks a trace with 2 GiB of heap.
  ///
  /// @param lines of an NDJSON trace in the order in which things happened
  /// @throws MalformedTrace when a line cannot be read
  public static Verdict check(List<String> lines) {
    return check(lines, 2048);
  }

  /// Checks a trace.
  ///
  /// @param heapMegabytes of the JVM that TLC runs in
  public static Verdict check(List<String> lines, int heapMegabytes) {
    RaftTraceModule module = new RaftTraceModule(lines);
    try (Tlc tlc = new Tlc(heapMegabytes, line -> {})) {
      TlcResult result = tlc.checkTrace(module.text());
      // State 1 is before the first event: a search of depth d explained d - 1 of them.
      if (result.isClean() && result.depth() == module.size() + 1) {
        return new Accepted(module.size());
      }
      if (!result.isClean() && result.violated() == null) {
        throw new IllegalStateException("TLC failed on the trace:\n" + result.output());
      }
      // The last state of an unsafe search is the bad one: its line was taken.
      boolean isUnsafe = result.violated() != null;
      int event = isUnsafe ? Math.max(0, result.depth() - 2) : result.depth() - 1;
      int lineNumber = module.lineNumberOf(event);
      return new Rejected(
          lineNumber,
          lines.get(lineNumber - 1),
          isUnsafe ? "breaks " + result.violated() : "no behaviour of the specification does this");
    }
  }
}
