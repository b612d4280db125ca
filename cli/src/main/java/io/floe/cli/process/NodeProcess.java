package io.floe.cli.process;

import java.io.BufferedReader;
import java.io.File;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/// A node in a child process, started by the packaged launcher. The launcher replaces itself with
/// the JVM, so this process's id is the node's own and a signal reaches nothing else.
///
/// Thread-safety: any thread. Errors: [NodeProcessException].
public final class NodeProcess implements AutoCloseable {
  private static final int LOG_TAIL_LINES = 30;

  private final Process process;
  private final Path log;
  private final long beganNanos;
  private final CompletableFuture<ReadyLine> ready = new CompletableFuture<>();
  private volatile long readyNanos;

  private NodeProcess(Process process, Path log, long beganNanos) {
    this.process = process;
    this.log = log;
    this.beganNanos = beganNanos;
  }

  /// Starts `floe start` with arguments, without building. Standard error is appended to `log`.
  ///
  /// @param launcher the script `floe`
  /// @param environment on top of this process's
  public static NodeProcess launch(
      Path launcher, List<String> arguments, Map<String, String> environment, Path log) {
    List<String> command = new ArrayList<>();
    command.add(launcher.toString());
    command.add("start");
    command.addAll(arguments);
    ProcessBuilder builder = new ProcessBuilder(command);
    builder.redirectError(ProcessBuilder.Redirect.appendTo(log.toFile()));
    builder.redirectInput(ProcessBuilder.Redirect.from(new File("/dev/null")));
    // What is packaged is what is tested; a build in the middle of one would wait for its own lock.
    builder.environment().put("FLOE_NO_BUILD", "1");
    // The same JDK as this process, whatever the PATH says.
    builder.environment().putIfAbsent("FLOE_JAVA_HOME", System.getProperty("java.home"));
    builder.environment().putAll(environment);
    long beganNanos = System.nanoTime();
    try {
      NodeProcess node = new NodeProcess(builder.start(), log, beganNanos);
      Thread.ofPlatform().daemon().name("stdout-of-" + node.pid()).start(node::readOutput);
      return node;
    } catch (IOException e) {
      throw new NodeProcessException("cannot run " + command + ": " + e.getMessage(), e);
    }
  }

  private void readOutput() {
    try (BufferedReader lines = process.inputReader(StandardCharsets.UTF_8)) {
      String line;
      while ((line = lines.readLine()) != null) {
        if (ReadyLine.isReady(line)) {
          readyNanos = System.nanoTime();
          ready.complete(ReadyLine.parse(line));
        }
      }
      ready.completeExceptionally(new NodeProcessException("it ended before it was ready"));
    } catch (IOException | IllegalArgumentException e) {
      ready.completeExceptionally(e);
    }
  }

  /// Waits until the node accepts clients.
  public ReadyLine awaitReady(Duration limit) throws InterruptedException {
    try {
      return ready.get(limit.toMillis(), TimeUnit.MILLISECONDS);
    } catch (ExecutionException e) {
      // Standard output ends a moment before the process does.
      process.waitFor(5, TimeUnit.SECONDS);
      Throwable cause = e.getCause() == null ? e : e.getCause();
      throw new NodeProcessException(
          describe() + " did not become ready: " + cause.getMessage() + logTail(), e);
    } catch (TimeoutException e) {
      throw new NodeProcessException(
          describe() + " was not ready after " + limit.toSeconds() + " s" + logTail(), e);
    }
  }

  /// From the start of the launcher to its READY line.
  public Duration startTime() {
    return Duration.ofNanos(readyNanos - beganNanos);
  }

  /// SIGKILL; returns when the process is gone.
  public void kill() throws InterruptedException {
    process.destroyForcibly();
    awaitExit(Duration.ofSeconds(10));
  }

  /// SIGTERM; returns the exit code.
  public int terminate(Duration limit) throws InterruptedException {
    process.destroy();
    return awaitExit(limit);
  }

  /// Waits until the process ended by itself.
  public int awaitExit(Duration limit) throws InterruptedException {
    if (!process.waitFor(limit.toMillis(), TimeUnit.MILLISECONDS)) {
      throw new NodeProcessException(
          describe() + " still runs after " + limit.toSeconds() + " s" + logTail());
    }
    return process.exitValue();
  }

  public long pid() {
    return process.pid();
  }

  public boolean isAlive() {
    return process.isAlive();
  }

  public Path log() {
    return log;
  }

  private String describe() {
    return "node process "
        + pid()
        + (process.isAlive() ? "" : " (exit code " + process.exitValue() + ")");
  }

  /// The last lines of the node's log, for a message.
  public String logTail() {
    try {
      List<String> lines = Files.readAllLines(log, StandardCharsets.UTF_8);
      List<String> last = lines.subList(Math.max(0, lines.size() - LOG_TAIL_LINES), lines.size());
      return "\n--- end of " + log + ":\n" + String.join("\n", last);
    } catch (IOException e) {
      return "\n(its log cannot be read: " + e.getMessage() + ")";
    }
  }

  /// Ends the process if it still runs.
  @Override
  public void close() {
    process.destroyForcibly();
    try {
      process.waitFor(10, TimeUnit.SECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
