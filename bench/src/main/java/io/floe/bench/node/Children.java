package io.floe.bench.node;

import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/// The processes that this one started: they end with it, whatever ends it but SIGKILL.
///
/// Thread-safety: any thread.
final class Children {
  private static final Set<ProcessHandle> RUNNING = ConcurrentHashMap.newKeySet();
  private static final int END_SECONDS = 10;

  static {
    Runtime.getRuntime()
        .addShutdownHook(
            new Thread(() -> RUNNING.forEach(ProcessHandle::destroyForcibly), "children-end"));
  }

  private Children() {}

  static void add(ProcessHandle child) {
    RUNNING.add(child);
    var _ = child.onExit().thenRun(() -> RUNNING.remove(child));
  }

  /// SIGTERM, time to obey, SIGKILL. An interrupt cuts the time short.
  static void end(ProcessHandle child, int patienceSeconds) {
    child.destroy();
    try {
      if (!hasEnded(child, patienceSeconds)) {
        child.destroyForcibly();
        hasEnded(child, END_SECONDS);
      }
    } catch (InterruptedException e) {
      child.destroyForcibly();
      Thread.currentThread().interrupt();
    }
  }

  private static boolean hasEnded(ProcessHandle child, int seconds) throws InterruptedException {
    try {
      child.onExit().get(seconds, TimeUnit.SECONDS);
      return true;
    } catch (TimeoutException e) {
      return false;
    } catch (ExecutionException e) {
      throw new IllegalStateException(e);
    }
  }
}
