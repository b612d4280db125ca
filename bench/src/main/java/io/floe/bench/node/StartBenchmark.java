package io.floe.bench.node;

import io.floe.bench.BenchMain.Context;
import io.floe.bench.report.Limit;
import io.floe.bench.report.Report;
import io.floe.bench.report.RoundLog;
import io.floe.bench.report.Series;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;

/// `floe bench start`: from exec to the first answer with an empty directory, and what a node takes
/// that nobody has asked anything yet.
public final class StartBenchmark {
  private static final String START = "start with an empty directory";
  private static final String IDLE = "idle after start, heap limited to 1 GiB";
  private static final double TARGET_SECONDS = 3;
  private static final int SECONDS = 10;

  private final Context context;
  private final RoundLog log = new RoundLog();

  private StartBenchmark(Context context) {
    this.context = context;
  }

  public static Report run(Context context) throws IOException, InterruptedException {
    return new StartBenchmark(context).run();
  }

  /// How to start one of them in a directory.
  @FunctionalInterface
  private interface Starter {
    Server start(Path directory) throws IOException, InterruptedException;
  }

  private Report run() throws IOException, InterruptedException {
    Starter floe =
        directory ->
            FloeServer.start(
                context.home(), directory, context.options().nodeFlags(NodeBenchmark.FLOE_FLAGS));
    Starter kafka = directory -> KafkaServer.start(directory, NodeBenchmark.HEAP_FLAGS);
    context.progress().step("a start of each that does not count");
    measure(floe, "floe-first", false, false);
    measure(kafka, "kafka-first", false, false);
    int rounds = context.options().rounds();
    for (int round = 1; round <= rounds; round++) {
      measure(floe, "floe-" + round, true, round == rounds);
      measure(kafka, "kafka-" + round, true, round == rounds);
    }
    List<Series> series = log.series();
    return new Report(
        "start",
        context.command(),
        !context.options().isQuick(),
        context.machine(),
        Map.of(
            "floe",
            "exec of ./floe start to its READY line, flags " + NodeBenchmark.FLOE_FLAGS,
            "kafka",
            "exec of java on a formatted directory to the first answer"),
        series,
        List.of(),
        List.of(Limit.atMost(log.get(START, FloeServer.NAME, "seconds"), TARGET_SECONDS)));
  }

  private void measure(Starter starter, String name, boolean counts, boolean isLast)
      throws IOException, InterruptedException {
    context.progress().step("start " + name);
    try (Server server = starter.start(context.scratch().directory(name))) {
      if (counts) {
        log.add(START, server.name(), "seconds", server.startTime().toNanos() / 1e9);
      }
      if (isLast) {
        context.progress().step("what " + server.name() + " takes when idle");
        int seconds = context.options().seconds(SECONDS);
        Thread.sleep(Duration.ofSeconds(seconds));
        ProcessFigures figures = ProcessFigures.of(server.pid(), Duration.ofSeconds(seconds));
        log.add(IDLE, server.name(), "RSS MiB", figures.rssMiB());
        log.add(IDLE, server.name(), "live heap MiB", figures.heapMiB());
        log.add(IDLE, server.name(), "CPU % of a core", figures.idleCpuPercent());
      }
    }
  }
}
