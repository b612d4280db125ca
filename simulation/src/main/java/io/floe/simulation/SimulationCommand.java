package io.floe.simulation;

import io.floe.consensus.BrokenInvariant;
import java.io.PrintStream;
import java.util.EnumMap;
import java.util.Locale;
import java.util.Map;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/// Runs seeds from a command line: `--seed N` tells the story of one, `--seeds A..B` runs many and
/// prints what they went through.
///
/// Options: `--steps N` (default 3000) before the calm, `--crash-at N`, `--bug NAME` (see
/// [PlantedBug]), `--quiet`.
public final class SimulationCommand {
  private static final String USAGE =
      "usage: --seed N | --seeds A..B [--steps N] [--crash-at N] [--bug NAME] [--quiet]";

  private final PrintStream out;
  private long firstSeed = 1;
  private long lastSeed = 1;
  private int steps = 3_000;
  private long crashAtStep = -1;
  private @Nullable PlantedBug bug;
  private boolean isQuiet;

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
        case "--bug" -> bug = PlantedBug.valueOf(value.toUpperCase(Locale.ROOT));
        default -> throw new IllegalArgumentException("unknown option " + option);
      }
    }
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

  private int run() {
    Map<Fault, Long> faults = new EnumMap<>(Fault.class);
    long acked = 0;
    long happened = 0;
    for (long seed = firstSeed; seed <= lastSeed; seed++) {
      Consumer<String> story = isQuiet ? null : out::println;
      try {
        Simulation.Report report =
            Simulation.run(new Simulation.Plan(seed, steps, crashAtStep, bug), story);
        report.faults().forEach((fault, count) -> faults.merge(fault, count, Long::sum));
        acked += report.acked();
        happened += report.steps();
      } catch (BrokenInvariant broken) {
        out.println("seed " + seed + ": BROKEN " + broken.getMessage());
        out.println("again with its story: --seed " + seed + " --steps " + steps);
        return 1;
      }
    }
    out.printf(
        "%,d seeds, %,d steps, %,d batches acknowledged, every promise kept%n",
        lastSeed - firstSeed + 1, happened, acked);
    for (Fault fault : Fault.values()) {
      out.printf("  %-26s %,9d%n", fault, faults.getOrDefault(fault, 0L));
    }
    return 0;
  }
}
