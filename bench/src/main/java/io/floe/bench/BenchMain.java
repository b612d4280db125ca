package io.floe.bench;

import io.floe.bench.disk.ScratchDirectory;
import io.floe.bench.engine.EngineBenchmark;
import io.floe.bench.node.NodeBenchmark;
import io.floe.bench.node.StartBenchmark;
import io.floe.bench.report.Machine;
import io.floe.bench.report.Report;
import io.floe.bench.report.Table;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/// `floe bench …`. The launcher puts this module on the class path for that command only.
///
/// Exit codes: 0 done, 1 failed (or a target missed, with `--strict`), 2 wrong command line.
@Command(
    name = "floe bench",
    mixinStandardHelpOptions = true,
    description = "Measure the engine against the bare ring, and whole nodes against Kafka.",
    synopsisSubcommandLabel = "COMMAND",
    footer = {
      "",
      "Everyone is measured in the same run, in turns, with a flush probe of the disk beside each",
      "round; compare numbers only within a run. docs/benchmarks.md says what is measured and why.",
    })
public final class BenchMain implements Runnable {
  @Spec @Nullable CommandSpec spec;

  /// One benchmark.
  @FunctionalInterface
  interface Benchmark {
    Report run(Context context) throws IOException, InterruptedException;
  }

  /// What every benchmark gets.
  ///
  /// @param command how to do it again, for the report
  /// @param home directory of the launcher
  public record Context(
      RunOptions options,
      String command,
      Path home,
      ScratchDirectory scratch,
      Machine machine,
      Progress progress) {}

  public static void main(String[] arguments) {
    System.exit(execute(arguments));
  }

  static int execute(String... arguments) {
    CommandLine line =
        new CommandLine(new BenchMain())
            .addSubcommand(new Engine())
            .addSubcommand(new Node())
            .addSubcommand(new Start())
            .setUsageHelpAutoWidth(true)
            .setExecutionExceptionHandler(BenchMain::reportFailure);
    line.setOut(new PrintWriter(System.out, true, StandardCharsets.UTF_8));
    return line.execute(arguments);
  }

  private static int reportFailure(Exception e, CommandLine line, CommandLine.ParseResult parsed) {
    line.getErr().println("floe bench: " + e.getMessage());
    if (!(e instanceof BenchException)) {
      e.printStackTrace(line.getErr());
    }
    return 1;
  }

  @Override
  public void run() {
    if (spec != null) {
      throw new ParameterException(spec.commandLine(), "no benchmark given");
    }
  }

  @Command(
      name = "engine",
      mixinStandardHelpOptions = true,
      description = "Durable 1 KiB appends by 16 writers: Floe's store, a bare ring, RocksDB.")
  static final class Engine extends Subcommand {
    Engine() {
      super("engine", EngineBenchmark::run);
    }
  }

  @Command(
      name = "node",
      mixinStandardHelpOptions = true,
      description = "A whole node under Kafka's own clients: Floe and Kafka 4.3.")
  static final class Node extends Subcommand {
    Node() {
      super("node", NodeBenchmark::run);
    }
  }

  @Command(
      name = "start",
      mixinStandardHelpOptions = true,
      description = "Time from exec to the first answer, and what an idle node costs.")
  static final class Start extends Subcommand {
    Start() {
      super("start", StartBenchmark::run);
    }
  }

  abstract static class Subcommand implements Callable<Integer> {
    private final String name;
    private final Benchmark benchmark;

    @Mixin RunOptions options = new RunOptions();
    @Spec @Nullable CommandSpec spec;

    Subcommand(String name, Benchmark benchmark) {
      this.name = name;
      this.benchmark = benchmark;
    }

    @Override
    public Integer call() throws IOException, InterruptedException {
      Progress progress = Progress.onStandardError();
      Path home = home();
      try (ScratchDirectory scratch = ScratchDirectory.create(options.directory())) {
        Machine machine = Machine.describe(home, scratch.path());
        Report report =
            benchmark.run(
                new Context(
                    options, name + options.asArguments(), home, scratch, machine, progress));
        progress.done();
        if (spec != null) {
          spec.commandLine().getOut().print(Table.format(report));
          spec.commandLine().getOut().flush();
        }
        Path json = options.json();
        if (json != null) {
          report.writeJson(json);
        }
        return options.isStrict() && !report.areTargetsMet() ? 1 : 0;
      }
    }

    /// The launcher says where it is.
    private static Path home() {
      String home = System.getenv("FLOE_HOME");
      return Path.of(home == null ? "" : home).toAbsolutePath();
    }
  }
}
