package io.floe.bench.node;

import io.floe.bench.BenchMain.Context;
import io.floe.bench.OtherLoad;
import io.floe.bench.RunOptions;
import io.floe.bench.disk.FlushProbe;
import io.floe.bench.disk.PageCache;
import io.floe.bench.report.Ratio;
import io.floe.bench.report.Ratio.Direction;
import io.floe.bench.report.Report;
import io.floe.bench.report.RoundLog;
import io.floe.bench.report.Series;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;

/// `floe bench node`: Floe and Kafka under Kafka's own clients. Both run all the time, one of them
/// is loaded at a time, and after each step the page cache is written back.
public final class NodeBenchmark {
  private static final int SECONDS = 10;
  private static final int PARTITIONS = 6;
  private static final String FLOE = "Floe, synced";
  private static final String KAFKA = "Kafka, not synced";
  private static final String KAFKA_SYNCED = "Kafka, flush.messages=1";
  private static final Duration IDLE_WINDOW = Duration.ofSeconds(10);
  private static final Duration IDLE_SETTLE = Duration.ofSeconds(5);
  static final List<String> HEAP_FLAGS = List.of("-Xms1g", "-Xmx1g");
  static final String FLOE_FLAGS = "-Xms1g -Xmx1g -XX:+UseG1GC";

  /// A size of records, and about how many of them a server takes in a second.
  private enum Size {
    KIB("1 KiB", 1024, 150_000),
    SMALL("100 B", 100, 600_000);

    private final String title;
    private final int bytes;
    private final long perSecond;

    Size(String title, int bytes, long perSecond) {
      this.title = title;
      this.bytes = bytes;
      this.perSecond = perSecond;
    }

    String produceTitle() {
      return "produce " + title + ", 6 partitions, acks=all";
    }

    String consumeTitle() {
      return "consume " + title + ", 6 partitions assigned";
    }
  }

  private static final String LATENCY = "end to end, one 1 KiB record at a time";

  private final Context context;
  private final RoundLog log = new RoundLog();
  private final Clients clients;
  private final int seconds;
  private final boolean isQuick;
  private int topics;

  private NodeBenchmark(Context context) throws IOException {
    this.context = context;
    this.clients = new Clients(context.scratch().directory("client-logs"));
    this.seconds = context.options().seconds(SECONDS);
    this.isQuick = context.options().isQuick();
  }

  public static Report run(Context context) throws IOException, InterruptedException {
    return new NodeBenchmark(context).run();
  }

  private Report run() throws IOException, InterruptedException {
    Path floeDirectory = context.scratch().directory("floe");
    Path kafkaDirectory = context.scratch().directory("kafka");
    RunOptions options = context.options();
    context.progress().step("starting Floe and Kafka");
    try (FloeServer floe =
            FloeServer.start(context.home(), floeDirectory, options.nodeFlags(FLOE_FLAGS));
        KafkaServer kafka = KafkaServer.start(kafkaDirectory, HEAP_FLAGS)) {
      List<Target> targets =
          List.of(
              new Target(FLOE, floe, Map.of()),
              new Target(KAFKA, kafka, Map.of()),
              new Target(KAFKA_SYNCED, kafka, Map.of("flush.messages", "1")));
      for (Target target : targets) {
        warmUp(target);
      }
      for (int round = 0; round < options.rounds(); round++) {
        // Another one begins each round, so that a drift of the machine favours nobody.
        List<Target> order = new ArrayList<>(targets);
        Collections.rotate(order, -round);
        round(order, round + 1);
      }
      figures(floe);
      figures(kafka);
      return report(floe);
    }
  }

  /// At least 3 million records for each server (Kafka's compiler needs as many to settle), plus
  /// what reads and single records need.
  private void warmUp(Target target) throws IOException, InterruptedException {
    for (Size size : Size.values()) {
      context.progress().step("warm-up: " + target.name() + ", " + size.produceTitle());
      String topic = nextTopic(target, PARTITIONS);
      long warmUpRecords = (isQuick ? 1 : 12) * size.perSecond;
      clients.produce(target, topic, size.bytes, share(target, warmUpRecords));
      clients.consume(target, topic, PARTITIONS);
      target.deleteTopic(topic);
    }
    String topic = nextTopic(target, 1);
    clients.latency(target, topic, 0, isQuick ? 0.5 : 5);
    target.deleteTopic(topic);
    PageCache.writeBack(context.scratch().path());
  }

  /// A server that syncs each append gets a third of the records, to take about as long.
  private static long share(Target target, long records) {
    return target.name().equals(KAFKA_SYNCED) ? records / 3 : records;
  }

  private String nextTopic(Target target, int partitions) throws InterruptedException {
    String topic = "bench-" + ++topics;
    target.createTopic(topic, partitions);
    return topic;
  }

  private void round(List<Target> order, int round) throws IOException, InterruptedException {
    for (Size size : Size.values()) {
      probe(size.produceTitle());
      OtherLoad others = OtherLoad.begin();
      for (Target target : order) {
        produceAndConsume(target, size, round);
      }
      log.add(
          size.produceTitle(), "other processes", "CPU % of a core", others.percentSinceBegin());
    }
    probe(LATENCY);
    OtherLoad others = OtherLoad.begin();
    for (Target target : order) {
      latency(target, round);
    }
    log.add(LATENCY, "other processes", "CPU % of a core", others.percentSinceBegin());
  }

  private void probe(String workload) throws IOException {
    FlushProbe.Result probe = FlushProbe.run(context.scratch().path());
    log.add(workload, "flush probe", "p50 µs", probe.p50Micros());
    log.add(workload, "flush probe", "p99 µs", probe.p99Micros());
  }

  private void produceAndConsume(Target target, Size size, int round)
      throws IOException, InterruptedException {
    step(round, target, size.produceTitle());
    String topic = nextTopic(target, PARTITIONS);
    Clients.Produced produced =
        clients.produce(target, topic, size.bytes, share(target, seconds * size.perSecond));
    String workload = size.produceTitle();
    log.add(workload, target.name(), "MiB/s", produced.mibPerSecond());
    log.add(workload, target.name(), "records/s", produced.recordsPerSecond());
    log.add(workload, target.name(), "p50 ms in the producer", produced.p50Millis());
    log.add(workload, target.name(), "p99 ms in the producer", produced.p99Millis());
    PageCache.writeBack(context.scratch().path());
    if (!target.name().equals(KAFKA_SYNCED)) {
      step(round, target, size.consumeTitle());
      Clients.Consumed consumed = clients.consume(target, topic, PARTITIONS);
      log.add(size.consumeTitle(), target.name(), "MiB/s", consumed.mibPerSecond());
      log.add(size.consumeTitle(), target.name(), "records/s", consumed.recordsPerSecond());
    }
    target.deleteTopic(topic);
    PageCache.writeBack(context.scratch().path());
  }

  private void latency(Target target, int round) throws IOException, InterruptedException {
    step(round, target, LATENCY);
    String topic = nextTopic(target, 1);
    double length = isQuick ? 1 : seconds / 2.0;
    Clients.Latency latency = clients.latency(target, topic, length / 3, length);
    log.add(LATENCY, target.name(), "p50 ms", latency.p50Millis());
    log.add(LATENCY, target.name(), "p99 ms", latency.p99Millis());
    log.add(LATENCY, target.name(), "p99.9 ms", latency.p999Millis());
    log.add(LATENCY, target.name(), "records", (double) latency.records());
    target.deleteTopic(topic);
    PageCache.writeBack(context.scratch().path());
  }

  private void step(int round, Target target, String workload) {
    context.progress().step("round %d: %s, %s".formatted(round, target.name(), workload));
  }

  private void figures(Server server) throws IOException, InterruptedException {
    context.progress().step("what " + server.name() + " takes when idle");
    Thread.sleep(isQuick ? Duration.ofSeconds(1) : IDLE_SETTLE);
    ProcessFigures figures =
        ProcessFigures.of(server.pid(), isQuick ? Duration.ofSeconds(2) : IDLE_WINDOW);
    String workload = "idle after the load, heap limited to 1 GiB";
    log.add(workload, server.name(), "RSS MiB", figures.rssMiB());
    log.add(workload, server.name(), "live heap MiB", figures.heapMiB());
    log.add(workload, server.name(), "CPU % of a core", figures.idleCpuPercent());
  }

  private Report report(FloeServer floe) {
    List<Ratio> ratios = new ArrayList<>();
    for (Size size : Size.values()) {
      String produce = size.produceTitle();
      ratios.add(ratio(produce, "MiB/s", KAFKA, Direction.AT_LEAST, 1));
      ratios.add(ratio(produce, "MiB/s", KAFKA_SYNCED, Direction.AT_LEAST, 3));
      ratios.add(ratio(size.consumeTitle(), "MiB/s", KAFKA, Direction.AT_LEAST, 1));
    }
    ratios.add(ratio(LATENCY, "p99 ms", KAFKA_SYNCED, Direction.AT_MOST, 1));
    ratios.add(ratio(LATENCY, "p50 ms", KAFKA_SYNCED, Direction.NONE, 0));
    ratios.add(ratio(LATENCY, "p99.9 ms", KAFKA_SYNCED, Direction.NONE, 0));
    ratios.add(ratio(LATENCY, "p99 ms", KAFKA, Direction.NONE, 0));
    List<Series> series = log.series();
    return new Report(
        "node",
        context.command(),
        !isQuick,
        context.machine(),
        Map.of(
            "io",
            floe.ioName(),
            "producer",
            "ProducerPerformance, acks=all linger.ms=5 batch.size=131072, first tenth not counted",
            "records",
            "1 KiB: %d, 100 B: %d; a third with flush.messages=1"
                .formatted(seconds * Size.KIB.perSecond, seconds * Size.SMALL.perSecond),
            "warmUpRecords",
            isQuick ? "few" : "1 KiB: 1.8 million, 100 B: 7.2 million, for each server",
            "floeFlags",
            FLOE_FLAGS,
            "kafkaFlags",
            String.join(" ", HEAP_FLAGS) + " and those of its start script",
            "consumer",
            "default settings, assign, whole topic, Kafka's from the page cache"),
        series,
        ratios,
        List.of());
  }

  private Ratio ratio(
      String workload, String quantity, String base, Direction direction, double target) {
    return Ratio.of(
        log.get(workload, FLOE, quantity), log.get(workload, base, quantity), direction, target);
  }
}
