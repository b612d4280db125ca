package io.floe.storage.io;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;

/// Collects what a [StorageIo] hands over, in the order in which it came.
public final class Completions implements StorageIo.Completion {
  private static final long DEADLINE_NANOS = Duration.ofSeconds(20).toNanos();

  public final Map<Long, Integer> results = new LinkedHashMap<>();

  @Override
  public void onComplete(long operation, int result) {
    assertThat(results.put(operation, result)).as("operation %d ends once", operation).isNull();
  }

  /// Reaps until that many have come altogether.
  public Completions await(StorageIo io, int count) {
    long start = System.nanoTime();
    while (results.size() < count) {
      long remainingNanos = DEADLINE_NANOS - (System.nanoTime() - start);
      assertThat(remainingNanos).as("completions in time, have %s", results).isPositive();
      io.reap(this, remainingNanos);
    }
    assertThat(results).hasSize(count);
    return this;
  }

  /// Result of the only operation that was in flight.
  public static int one(StorageIo io) {
    return new Completions().await(io, 1).results.values().iterator().next();
  }
}
