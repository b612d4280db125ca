package io.floe.bench.engine;

import io.floe.bench.BenchMain.Context;
import io.floe.bench.OtherLoad;
import io.floe.bench.RunOptions;
import io.floe.bench.disk.FlushProbe;
import io.floe.bench.disk.ScratchDirectory;
import io.floe.bench.report.Ratio;
import io.floe.bench.report.Ratio.Direction;
import io.floe.bench.report.Report;
import io.floe.bench.report.RoundLog;
import io.floe.bench.report.Series;
import io.floe.storage.StoreSettings;
import io.floe.storage.io.uring.UringUnavailableException;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;

/// `floe bench engine`: durable 1 KiB appends by 16 writers, into one segment and into 16.
public final class EngineBenchmark {
  private static final int SECONDS = 4;
  private static final double LEAD_SECONDS = 1;
  private static final double RING_TARGET = 0.7;
  private static final double ROCKS_TARGET = 3;
  private static final List<Integer> LANES = List.of(1, Workload.WRITERS);

  private final Context context;
  private final RoundLog log = new RoundLog();

  private EngineBenchmark(Context context) {
    this.context = context;
  }

  public static Report run(Context context) throws IOException, InterruptedException {
    return new EngineBenchmark(context).run();
  }

  private Report run() throws IOException, InterruptedException {
    RunOptions options = context.options();
    double lead = options.isQuick() ? 0.2 : LEAD_SECONDS;
    int seconds = options.seconds(SECONDS);
    List<Contender> contenders = new ArrayList<>();
    try {
      openAll(contenders);
      for (int lanes : LANES) {
        for (Contender contender : contenders) {
          context.progress().step("warm-up: " + contender.name() + ", " + title(lanes));
          contender.run(lanes, Contender.Window.ofSeconds(lead, seconds));
        }
      }
      for (int round = 0; round < options.rounds(); round++) {
        // Another one begins each round, so that a drift of the disk favours nobody.
        List<Contender> order = new ArrayList<>(contenders);
        Collections.rotate(order, -round);
        for (int lanes : LANES) {
          measure(order, lanes, Contender.Window.ofSeconds(lead, seconds), round);
        }
      }
    } finally {
      closeAll(contenders);
    }
    return report(contenders, seconds);
  }

  private void openAll(List<Contender> contenders) throws IOException, InterruptedException {
    ScratchDirectory scratch = context.scratch();
    context.progress().step("opening everyone, with files written before");
    contenders.add(
        StoreContender.open(scratch.directory("store-uring"), StoreSettings.Io.IO_URING));
    contenders.add(
        StoreContender.open(scratch.directory("store-channel"), StoreSettings.Io.FILE_CHANNEL));
    try {
      contenders.add(RingContender.open(scratch.directory("ring"), false));
      contenders.add(RingContender.open(scratch.directory("ring-fed"), true));
    } catch (UringUnavailableException e) {
      throw new IOException("the engine benchmark needs io_uring: " + e.getMessage(), e);
    }
    contenders.add(RocksContender.open(scratch.directory("rocksdb")));
  }

  private static void closeAll(List<Contender> contenders) throws IOException {
    for (Contender contender : contenders) {
      contender.close();
    }
  }

  private void measure(List<Contender> order, int lanes, Contender.Window window, int round)
      throws IOException, InterruptedException {
    String workload = title(lanes);
    FlushProbe.Result probe = FlushProbe.run(context.scratch().path());
    log.add(workload, "flush probe", "p50 µs", probe.p50Micros());
    log.add(workload, "flush probe", "p99 µs", probe.p99Micros());
    OtherLoad others = OtherLoad.begin();
    for (Contender contender : order) {
      context.progress().step("round %d: %s, %s".formatted(round + 1, contender.name(), workload));
      Contender.Result result = contender.run(lanes, window);
      log.add(workload, contender.name(), "appends/s", result.perSecond());
      log.add(workload, contender.name(), "p50 µs", result.micros(50));
      log.add(workload, contender.name(), "p99 µs", result.micros(99));
    }
    log.add(workload, Series.OTHERS, "CPU % of a core", others.percentSinceBegin());
  }

  private static String title(int lanes) {
    return "durable 1 KiB appends, 16 writers, "
        + (lanes == 1 ? "one segment" : lanes + " segments");
  }

  private Report report(List<Contender> contenders, int seconds) {
    String uring = contenders.get(0).name();
    String channel = contenders.get(1).name();
    List<Ratio> ratios = new ArrayList<>();
    for (int lanes : LANES) {
      ratios.add(ratio(lanes, uring, RingContender.BARE, Direction.AT_LEAST, RING_TARGET));
      ratios.add(ratio(lanes, uring, RingContender.FED, Direction.NONE, 0));
      ratios.add(ratio(lanes, uring, RocksContender.NAME, Direction.AT_LEAST, ROCKS_TARGET));
      ratios.add(ratio(lanes, channel, RingContender.BARE, Direction.NONE, 0));
      ratios.add(ratio(lanes, channel, RocksContender.NAME, Direction.NONE, 0));
    }
    List<Series> series = log.series();
    return new Report(
        "engine",
        context.command(),
        !context.options().isQuick(),
        context.machine(),
        Map.of(
            "writers", Integer.toString(Workload.WRITERS),
            "recordBytes", Integer.toString(Workload.VALUE_BYTES),
            "batchBytes", Integer.toString(Workload.batch().remaining()),
            "measuredSeconds", Integer.toString(seconds),
            "store", "default settings, 16 recycled files written before",
            "ring", "O_DIRECT into files of 64 MiB written before, one fdatasync per touched file",
            "rocksdb", "sync=true, recycle_log_file_num=4, logs filled before, 512 MiB memtable"),
        series,
        ratios,
        List.of());
  }

  private Ratio ratio(int lanes, String subject, String base, Direction direction, double target) {
    String workload = title(lanes);
    return Ratio.of(
        log.get(workload, subject, "appends/s"),
        log.get(workload, base, "appends/s"),
        direction,
        target);
  }
}
