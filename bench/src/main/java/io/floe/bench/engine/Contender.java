package io.floe.bench.engine;

import java.io.IOException;
import org.HdrHistogram.Histogram;

/// Something that makes appends durable. It stays open over all rounds, so that its code is
/// compiled and its files are recycled ones, as in a process that has run for a while.
///
/// Thread-safety: none; runs follow each other.
interface Contender extends AutoCloseable {
  String name();

  /// Lets [Workload#WRITERS] writers append, each waiting for its own append before the next.
  ///
  /// @param lanes segments (or what is nearest) that the writers share: 1 or one for each
  Result run(int lanes, Window window) throws IOException, InterruptedException;

  @Override
  void close() throws IOException;

  /// How long to append before it counts, and how long while it counts.
  record Window(long leadNanos, long lengthNanos) {

    /// From seconds.
    ///
    /// @param lead seconds
    /// @param length seconds
    static Window ofSeconds(double lead, double length) {
      return new Window((long) (lead * 1e9), (long) (length * 1e9));
    }
  }

  /// What the writers saw.
  ///
  /// @param latencyNanos for each append that counts, the time until its ack
  record Result(long nanos, Histogram latencyNanos) {
    double perSecond() {
      return latencyNanos.getTotalCount() * 1e9 / nanos;
    }

    double micros(double percentile) {
      return latencyNanos.getValueAtPercentile(percentile) / 1e3;
    }
  }
}
