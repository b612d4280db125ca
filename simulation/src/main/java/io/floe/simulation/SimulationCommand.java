package io.floe.simulation;

import io.floe.consensus.BrokenInvariant;
import io.floe.simulation.raft.RaftBug;
import io.floe.simulation.raft.RaftFault;
import io.floe.simulation.raft.RaftSimulation;
import java.io.IOException;
import java.io.PrintStream;
import java.io.PrintWriter;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/// Runs seeds from a command line: `--seed N` tells the story of one, `--seeds A..B` runs many and
/// prints what they went through; a hundred or more must have gone through everything. `--raft`
/// runs the metadata group instead of a partition.
///
/// Options: `--steps N` (default 3000) before the calm, `--crash-at N` (not of `--raft`), `--bug
/// NAME` (see [PlantedBug], [RaftBug]), `--trace FILE` (of `--raft --seed N`: what the members did,
/// for `./floe dev spec trace FILE`), `--quiet`.
public final class SimulationCommand {
  private static final String USAGE =
      "usage: [--raft] --seed N | --seeds A..B [--steps N] [--crash-at N] [--bug NAME] [--trace FILE]"
          + " [--quiet]";

  /// So many seeds must have gone through everything.
  private static final int SEEDS_OF_A_SET = 100;

  private final PrintStream out;
  private long firstSeed = 1;
  private long lastSeed = 1;
  private int steps = 3_000;
  private long crashAtStep = -1;
  private boolean isRaft;
  private @Nullable String bug;
  private @Nullable Path traceFile;
  private boolean isQuiet;

  /// What a run came to, whichever simulation it was.
  private record Ran(long steps, long done, Map<String, Long> faults) {
    private static <F extends Enum<F>> Ran of(long steps, long done, F[] all, Map<F, Long> seen) {
      Map<String, Long> faults = new LinkedHashMap<>();
      for (F fault : all) {
        faults.put(fault.name(), seen.getOrDefault(fault, 0L));
      }
      return new Ran(steps, done, faults);
    }
  }

  private SimulationCommand(PrintStream out) {
    this.out = out;
  }

  public static void main(String[] args) {
    System.exit(run(args, System.out));
  }

  /// Runs and returns the exit code: 0 when every promise was kept, 1 when one was broken, 2 for
  /// options that make no sense.
  public static int run(String[] args, PrintStream out) {
    SimulationCommand command = new SimulationCommand(out);
    try {
      command.parse(args);
    } catch (IllegalArgumentException invalid) {
      out.println(invalid.getMessage());
      out.println(USAGE);
      return 2;
    }
    return command.run();
  }

  private void parse(String[] args) {
    for (int i = 0; i < args.length; i++) {
      String option = args[i];
      if (option.equals("--quiet")) {
        isQuiet = true;
        continue;
      }
      if (option.equals("--raft")) {
        isRaft = true;
        continue;
      }
      if (i + 1 == args.length) {
        throw new IllegalArgumentException("option " + option + " is unknown or has no value");
      }
      String value = args[++i];
      switch (option) {
        case "--seed" -> {
          firstSeed = Long.parseLong(value);
          lastSeed = firstSeed;
        }
        case "--seeds" -> parseSeeds(value);
        case "--steps" -> steps = Integer.parseInt(value);
        case "--crash-at" -> crashAtStep = Long.parseLong(value);
        case "--trace" -> traceFile = Path.of(value);
        case "--bug" -> bug = value.toUpperCase(Locale.ROOT);
        default -> throw new IllegalArgumentException("unknown option " + option);
      }
    }
    checkTogether();
  }

  private void checkTogether() {
    if (isRaft && crashAtStep >= 0) {
      throw new IllegalArgumentException("--crash-at is not for --raft");
    }
    if (traceFile != null && (!isRaft || firstSeed != lastSeed)) {
      throw new IllegalArgumentException("--trace is for --raft and one seed");
    }
    if (bug != null && !namesOfBugs().contains(bug)) {
      throw new IllegalArgumentException("--bug " + bug + " is none of " + namesOfBugs());
    }
  }

  private List<String> namesOfBugs() {
    Enum<?>[] bugs = isRaft ? RaftBug.values() : PlantedBug.values();
    return Arrays.stream(bugs).map(Enum::name).toList();
  }

  private void parseSeeds(String range) {
    int dots = range.indexOf("..");
    if (dots < 0) {
      throw new IllegalArgumentException("--seeds " + range + " is not of the form A..B");
    }
    firstSeed = Long.parseLong(range.substring(0, dots));
    lastSeed = Long.parseLong(range.substring(dots + 2));
    if (lastSeed < firstSeed) {
      throw new IllegalArgumentException("--seeds " + range + " is empty");
    }
    isQuiet = true;
  }

  private Ran simulate(long seed, @Nullable Consumer<String> story) {
    if (isRaft) {
      RaftBug planted = bug == null ? null : RaftBug.valueOf(bug);
      RaftSimulation.Plan plan = new RaftSimulation.Plan(seed, steps, planted);
      RaftSimulation.Report report =
          traceFile == null
              ? RaftSimulation.run(plan, story)
              : runWithTrace(plan, story, traceFile);
      return Ran.of(report.steps(), report.operations(), RaftFault.values(), report.faults());
    }
    PlantedBug planted = bug == null ? null : PlantedBug.valueOf(bug);
    Simulation.Report report =
        Simulation.run(new Simulation.Plan(seed, steps, crashAtStep, planted), story);
    return Ran.of(report.steps(), report.acked(), Fault.values(), report.faults());
  }

  private static RaftSimulation.Report runWithTrace(
      RaftSimulation.Plan plan, @Nullable Consumer<String> story, Path file) {
    try (PrintWriter lines = new PrintWriter(Files.newBufferedWriter(file))) {
      RaftSimulation.Report report = RaftSimulation.run(plan, story, lines::println);
      if (lines.checkError()) {
        throw new UncheckedIOException(new IOException("the trace cannot be written to " + file));
      }
      return report;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private int run() {
    Map<String, Long> faults = new LinkedHashMap<>();
    long done = 0;
    long happened = 0;
    for (long seed = firstSeed; seed <= lastSeed; seed++) {
      Consumer<String> story = isQuiet ? null : out::println;
      try {
        Ran ran = simulate(seed, story);
        ran.faults().forEach((fault, count) -> faults.merge(fault, count, Long::sum));
        done += ran.done();
        happened += ran.steps();
      } catch (BrokenInvariant broken) {
        out.println("seed " + seed + ": BROKEN " + broken.getMessage());
        out.println(
            "again with its story: "
                + (isRaft ? "--raft " : "")
                + "--seed "
                + seed
                + " --steps "
                + steps);
        return 1;
      }
    }
    out.printf(
        "%,d seeds, %,d steps, %,d %s, every promise kept%n",
        lastSeed - firstSeed + 1,
        happened,
        done,
        isRaft ? "operations of clients" : "batches acknowledged");
    faults.forEach((fault, count) -> out.printf("  %-34s %,9d%n", fault, count));
    boolean isComplete = !faults.containsValue(0L);
    if (!isComplete && lastSeed - firstSeed + 1 >= SEEDS_OF_A_SET) {
      out.println("what is 0 was not tested: this set of seeds proves less than it should");
      return 1;
    }
    return 0;
  }
}
