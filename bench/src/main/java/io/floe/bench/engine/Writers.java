package io.floe.bench.engine;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.atomic.AtomicReference;
import org.HdrHistogram.Histogram;
import org.jspecify.annotations.Nullable;

/// Writers as threads: each appends, waits until that is durable, and appends again.
final class Writers {
  private final Contender.Window window;
  private final Append append;
  private final AtomicReference<@Nullable Exception> failure = new AtomicReference<>();
  private final long beganNanos = System.nanoTime();

  private Writers(Contender.Window window, Append append) {
    this.window = window;
    this.append = append;
  }

  /// An append that returns when it is durable.
  @FunctionalInterface
  interface Append {
    void appendAndWait(int writer) throws Exception;
  }

  /// Runs them and returns when all ended.
  ///
  /// @throws IllegalStateException when an append failed
  static Contender.Result run(Contender.Window window, ThreadFactory threads, Append append)
      throws InterruptedException {
    return new Writers(window, append).run(threads);
  }

  private Contender.Result run(ThreadFactory factory) throws InterruptedException {
    List<Thread> threads = new ArrayList<>();
    List<Histogram> histograms = new ArrayList<>();
    for (int i = 0; i < Workload.WRITERS; i++) {
      int writer = i;
      Histogram latency = new Histogram(3);
      histograms.add(latency);
      Thread thread = factory.newThread(() -> write(writer, latency));
      threads.add(thread);
      thread.start();
    }
    for (Thread thread : threads) {
      thread.join();
    }
    Exception cause = failure.get();
    if (cause != null) {
      throw new IllegalStateException("an append failed: " + cause, cause);
    }
    Histogram all = new Histogram(3);
    histograms.forEach(all::add);
    return new Contender.Result(window.lengthNanos(), all);
  }

  private void write(int writer, Histogram latency) {
    try {
      long now = 0;
      while (now < window.leadNanos() + window.lengthNanos() && failure.get() == null) {
        append.appendAndWait(writer);
        long after = System.nanoTime() - beganNanos;
        // Counts if it ended within the window: what reaches in at the start makes good for what
        // reaches out at the end.
        if (after >= window.leadNanos() && after < window.leadNanos() + window.lengthNanos()) {
          latency.recordValue(after - now);
        }
        now = after;
      }
    } catch (Exception e) {
      failure.compareAndSet(null, e);
    }
  }
}
