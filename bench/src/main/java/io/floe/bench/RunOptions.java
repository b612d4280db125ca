package io.floe.bench;

import java.nio.file.Path;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/// What all benchmarks can be told.
public final class RunOptions {
  private static final int ROUNDS = 5;
  private static final int ROUNDS_QUICK = 2;

  @Option(
      names = "--rounds",
      paramLabel = "N",
      description =
          "Interleaved rounds (default: " + ROUNDS + "; " + ROUNDS_QUICK + " with --quick).")
  int rounds;

  @Option(
      names = "--seconds",
      paramLabel = "N",
      description = "Measured seconds of each step, about (default depends on the benchmark).")
  int seconds;

  @Option(
      names = "--quick",
      description = "Everything once and shortly: shows that it works, measures nothing.")
  boolean isQuick;

  @Option(names = "--json", paramLabel = "FILE", description = "Also write everything as JSON.")
  @Nullable Path json;

  @Option(
      names = "--dir",
      paramLabel = "DIR",
      description =
          "Where to make the scratch directory; its disk is the one that is measured (default: the temporary directory).")
  @Nullable Path directory;

  @Option(names = "--strict", description = "Exit with 1 when a target is missed.")
  boolean isStrict;

  @Option(
      names = "--node-flags",
      paramLabel = "FLAGS",
      description = "More JVM flags for Floe's node, for example to profile it.")
  String nodeFlags = "";

  public int rounds() {
    return rounds > 0 ? rounds : isQuick ? ROUNDS_QUICK : ROUNDS;
  }

  /// Seconds of a step, given a benchmark's own default.
  public int seconds(int usual) {
    return seconds > 0 ? seconds : isQuick ? 1 : usual;
  }

  public boolean isQuick() {
    return isQuick;
  }

  /// A benchmark's own flags for Floe's node and the user's.
  public String nodeFlags(String usual) {
    return (usual + " " + nodeFlags).strip();
  }

  public Path directory() {
    return directory == null ? Path.of(System.getProperty("java.io.tmpdir")) : directory;
  }

  /// What decides about the numbers, as a user would type it; no paths.
  String asArguments() {
    return " --rounds "
        + rounds()
        + (seconds > 0 ? " --seconds " + seconds : "")
        + (isQuick ? " --quick" : "");
  }

  @Nullable Path json() {
    return json;
  }

  boolean isStrict() {
    return isStrict;
  }
}
