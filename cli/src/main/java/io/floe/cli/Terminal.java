package io.floe.cli;

import java.io.PrintStream;

/// Standard error as a person may see it: messages, and one line of progress that is redrawn when
/// it is a terminal and left out when it is not.
///
/// Thread-safety: none.
final class Terminal {
  private static final long REDRAW_NANOS = 200_000_000;

  private final PrintStream err;
  private final boolean isTerminal;
  private boolean hasProgress;
  private long lastDrawnNanos = System.nanoTime() - REDRAW_NANOS;

  Terminal(PrintStream err, boolean isTerminal) {
    this.err = err;
    this.isTerminal = isTerminal;
  }

  /// The launcher knows whether file descriptor 2 is a terminal; the JDK has no way to ask.
  static Terminal standardError() {
    return new Terminal(System.err, Boolean.getBoolean("floe.stderr.terminal"));
  }

  boolean isTerminal() {
    return isTerminal;
  }

  void say(String line) {
    clearProgress();
    err.println(line);
    err.flush();
  }

  /// Redraws the progress line, at most five times a second.
  void progress(String line) {
    long now = System.nanoTime();
    if (isTerminal && now - lastDrawnNanos >= REDRAW_NANOS) {
      lastDrawnNanos = now;
      err.print("\r\u001b[K" + line);
      err.flush();
      hasProgress = true;
    }
  }

  void clearProgress() {
    if (hasProgress) {
      err.print("\r\u001b[K");
      err.flush();
      hasProgress = false;
    }
  }
}
