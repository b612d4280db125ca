package io.floe.bench;

import java.io.PrintStream;
import java.time.Duration;

/// What a person sees while a benchmark runs, on standard error: one line that changes on a
/// terminal, a line for each step in a file.
///
/// Thread-safety: none.
public final class Progress {
  private final PrintStream err;
  private final boolean isTerminal;
  private final long beganNanos = System.nanoTime();

  private Progress(PrintStream err, boolean isTerminal) {
    this.err = err;
    this.isTerminal = isTerminal;
  }

  public static Progress onStandardError() {
    // The JVM cannot ask whether descriptor 2 is a terminal; the launcher can.
    return new Progress(System.err, Boolean.getBoolean("floe.stderr.terminal"));
  }

  /// Says what happens now.
  public void step(String what) {
    long seconds = Duration.ofNanos(System.nanoTime() - beganNanos).toSeconds();
    String line = "[%d:%02d] %s".formatted(seconds / 60, seconds % 60, what);
    if (isTerminal) {
      err.print("\r\033[K" + line);
    } else {
      err.println(line);
    }
    err.flush();
  }

  /// Clears the line.
  public void done() {
    if (isTerminal) {
      err.print("\r\033[K");
      err.flush();
    }
  }
}
