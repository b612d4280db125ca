package io.floe.cli;

import java.time.Duration;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/// How the process of a node ends. SIGTERM and SIGINT run the JVM's shutdown hooks and would then
/// give exit code 143 or 130; a node that stopped cleanly owes its supervisor a 0, so the hook
/// closes the node and halts with the code itself.
///
/// Thread-safety: any thread.
final class ProcessEnd {
  private final AtomicReference<@Nullable RunningNode> node = new AtomicReference<>();
  private final Duration stopLimit;
  private volatile int exitCode = ExitCodes.OK;

  private ProcessEnd(Duration stopLimit) {
    this.stopLimit = stopLimit;
  }

  static ProcessEnd install(Duration stopLimit) {
    ProcessEnd end = new ProcessEnd(stopLimit);
    Runtime.getRuntime().addShutdownHook(new Thread(end::run, "floe-stop"));
    return end;
  }

  void owns(RunningNode started) {
    node.set(started);
  }

  void exitCode(int code) {
    exitCode = code;
  }

  private void run() {
    RunningNode running = node.get();
    if (running != null) {
      Thread closing = Thread.ofPlatform().daemon().name("floe-close").start(running::close);
      try {
        if (!closing.join(stopLimit)) {
          System.err.println(
              "floe: the node did not stop within "
                  + stopLimit.toSeconds()
                  + " s and is cut short; nothing acknowledged is lost");
          exitCode = ExitCodes.FAILURE;
        }
      } catch (InterruptedException e) {
        // Nobody interrupts a shutdown hook; if someone does, end now.
        exitCode = ExitCodes.FAILURE;
      }
    }
    System.out.flush();
    System.err.flush();
    Runtime.getRuntime().halt(exitCode);
  }
}
