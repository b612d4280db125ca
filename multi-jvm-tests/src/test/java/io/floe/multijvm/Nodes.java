package io.floe.multijvm;

import io.floe.cli.process.Launcher;
import io.floe.cli.process.NodeProcess;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.extension.AfterEachCallback;
import org.junit.jupiter.api.extension.BeforeEachCallback;
import org.junit.jupiter.api.extension.ExtensionContext;

/// The nodes of one test: child processes on free loopback ports, with one log file each. After the
/// test what still runs is killed, by the id of the process that was started here. The logs of a
/// failed test stay in `target/node-logs`.
final class Nodes implements BeforeEachCallback, AfterEachCallback {
  static final Duration READY_LIMIT = Duration.ofSeconds(90);
  static final Duration STOP_LIMIT = Duration.ofSeconds(10);

  private final List<NodeProcess> processes = new ArrayList<>();
  private final int kafkaPort = Launcher.freePort();
  private final int clusterPort = Launcher.freePort();
  private Path logs = Path.of("target");

  @Override
  public void beforeEach(ExtensionContext context) throws IOException {
    StartupCache.await();
    logs =
        Path.of(System.getProperty("floe.test.logs", "target/node-logs"))
            .resolve(
                context.getRequiredTestClass().getSimpleName()
                    + "."
                    + context.getRequiredTestMethod().getName());
    Files.createDirectories(logs);
    try (var old = Files.list(logs)) {
      for (Path file : old.toList()) {
        Files.delete(file);
      }
    }
  }

  @Override
  public void afterEach(ExtensionContext context) throws IOException {
    killAll();
    if (context.getExecutionException().isPresent()) {
      System.out.println("NOTE logs of the nodes: " + logs.toAbsolutePath());
      return;
    }
    for (NodeProcess process : processes) {
      Files.deleteIfExists(process.log());
    }
    Files.deleteIfExists(logs);
  }

  /// Kills what still runs, and waits until it is gone.
  void killAll() {
    processes.forEach(NodeProcess::close);
  }

  /// `host:port` of every node of this test, one after the other: clients reconnect to it.
  String bootstrap() {
    return "127.0.0.1:" + kafkaPort;
  }

  /// Starts a node and waits until it accepts clients.
  NodeProcess start(Path dataDir, String... more) throws InterruptedException {
    NodeProcess node = launch(dataDir, Map.of(), more);
    node.awaitReady(READY_LIMIT);
    return node;
  }

  /// Starts a node and does not wait.
  NodeProcess launch(Path dataDir, Map<String, String> environment, String... more) {
    return launch(Launcher.find(), arguments(dataDir, more), environment);
  }

  /// Starts a node by a script of the test's, which ends in the launcher.
  NodeProcess launchThrough(Path launcher, Path dataDir, String... more) {
    return launch(launcher, arguments(dataDir, more), Map.of());
  }

  private List<String> arguments(Path dataDir, String... more) {
    List<String> arguments = new ArrayList<>();
    arguments.addAll(List.of("--data-dir", dataDir.toString()));
    arguments.addAll(List.of("--kafka", bootstrap()));
    arguments.addAll(List.of("--cluster", "127.0.0.1:" + clusterPort));
    arguments.addAll(List.of(more));
    return arguments;
  }

  /// Starts `floe start` with exactly these arguments.
  NodeProcess launchWith(List<String> arguments, Map<String, String> environment) {
    return launch(Launcher.find(), arguments, environment);
  }

  private NodeProcess launch(
      Path launcher, List<String> arguments, Map<String, String> environment) {
    Path log = logs.resolve("node-" + (processes.size() + 1) + ".log");
    NodeProcess node = NodeProcess.launch(launcher, arguments, environment, log);
    processes.add(node);
    return node;
  }
}
