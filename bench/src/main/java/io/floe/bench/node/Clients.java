package io.floe.bench.node;

import io.floe.bench.BenchException;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// The clients that load a server: each run is a JVM of its own, the same for every server.
///
/// Thread-safety: none.
final class Clients {
  private static final List<String> FLAGS =
      List.of(
          "-Xms512m",
          "-Xmx512m",
          "-XX:+UseG1GC",
          "-Dfloe.log.level=OFF",
          "-Dfloe.log.libraries=OFF");
  private static final Duration LIMIT = Duration.ofMinutes(5);
  private static final double MIB = 1 << 20;

  /// The last summary of ProducerPerformance: of the records after the warm-up.
  private static final Pattern SUMMARY =
      Pattern.compile(
          "(\\d+)(?: steady state)? records sent, ([\\d.]+) records/sec \\(([\\d.]+) MB/sec\\), "
              + "[\\d.]+ ms avg latency, [\\d.]+ ms max latency, (\\d+) ms 50th, .*?(\\d+) ms 99th.*");

  private final Path logs;
  private int runs;

  Clients(Path logs) {
    this.logs = logs;
  }

  /// @param p50Millis mostly time in the producer's buffer when nothing throttles it
  record Produced(
      double recordsPerSecond, double mibPerSecond, double p50Millis, double p99Millis) {}

  /// @param mibPerSecond of values
  record Consumed(double recordsPerSecond, double mibPerSecond) {}

  record Latency(long records, double p50Millis, double p99Millis, double p999Millis) {}

  /// Kafka's ProducerPerformance, as fast as it goes. The first tenth is its warm-up.
  Produced produce(Target target, String topic, int recordBytes, long records)
      throws IOException, InterruptedException {
    List<String> output =
        JavaProcess.start(
                "producing to " + target.name(),
                FLAGS,
                ClassPaths.kafka(),
                "org.apache.kafka.tools.ProducerPerformance",
                List.of(
                    "--bootstrap-server",
                    target.server().bootstrap(),
                    "--topic",
                    topic,
                    "--num-records",
                    Long.toString(records),
                    "--warmup-records",
                    Long.toString(records / 10),
                    "--record-size",
                    Integer.toString(recordBytes),
                    "--throughput",
                    "-1",
                    "--command-property",
                    "acks=all",
                    "linger.ms=5",
                    "batch.size=131072",
                    "buffer.memory=134217728"),
                nextLog("produce"))
            .awaitSuccess(LIMIT);
    return summary(output);
  }

  /// What the tool printed last: its summary of the records after the warm-up.
  static Produced summary(List<String> output) {
    for (String line : output.reversed()) {
      Matcher summary = SUMMARY.matcher(line);
      if (summary.matches()) {
        return new Produced(
            Double.parseDouble(summary.group(2)),
            Double.parseDouble(summary.group(3)),
            Double.parseDouble(summary.group(4)),
            Double.parseDouble(summary.group(5)));
      }
    }
    throw new BenchException("ProducerPerformance printed no summary: " + output);
  }

  /// Reads a whole topic by [ConsumeDriver].
  Consumed consume(Target target, String topic, int partitions)
      throws IOException, InterruptedException {
    String[] result =
        drive(
            ConsumeDriver.class,
            ConsumeDriver.RESULT,
            target,
            List.of(target.server().bootstrap(), topic, Integer.toString(partitions)));
    double seconds = Long.parseLong(result[2]) / 1e9;
    return new Consumed(
        Long.parseLong(result[0]) / seconds, Long.parseLong(result[1]) / MIB / seconds);
  }

  /// One record at a time by [LatencyDriver].
  Latency latency(Target target, String topic, double warmUpSeconds, double seconds)
      throws IOException, InterruptedException {
    String[] result =
        drive(
            LatencyDriver.class,
            LatencyDriver.RESULT,
            target,
            List.of(
                target.server().bootstrap(),
                topic,
                Double.toString(warmUpSeconds),
                Double.toString(seconds)));
    return new Latency(
        Long.parseLong(result[0]),
        Long.parseLong(result[1]) / 1e6,
        Long.parseLong(result[2]) / 1e6,
        Long.parseLong(result[3]) / 1e6);
  }

  private String[] drive(
      Class<?> driver, String resultPrefix, Target target, List<String> arguments)
      throws IOException, InterruptedException {
    List<String> output =
        JavaProcess.start(
                driver.getSimpleName() + " on " + target.name(),
                FLAGS,
                ClassPaths.own(),
                driver.getName(),
                arguments,
                nextLog(driver.getSimpleName()))
            .awaitSuccess(LIMIT);
    return output.stream()
        .filter(line -> line.startsWith(resultPrefix))
        .map(line -> line.substring(resultPrefix.length()).split(" ", -1))
        .findFirst()
        .orElseThrow(
            () -> new BenchException(driver.getSimpleName() + " printed no result: " + output));
  }

  private Path nextLog(String what) {
    return logs.resolve(++runs + "-" + what + ".log");
  }
}
