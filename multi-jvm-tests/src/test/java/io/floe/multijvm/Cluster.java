package io.floe.multijvm;

import io.floe.cli.process.Launcher;
import io.floe.cli.process.NodeProcess;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.AdminClientConfig;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.admin.QuorumInfo;

/// Several nodes as processes with the same seeds, on free ports of loopback.
final class Cluster implements AutoCloseable {
  private static final Duration CALL_LIMIT = Duration.ofSeconds(30);

  private final Nodes nodes;
  private final Path directory;
  private final Map<Integer, Integer> kafkaPorts = new HashMap<>();
  private final Map<Integer, Integer> clusterPorts = new HashMap<>();
  private final TreeMap<Integer, NodeProcess> running = new TreeMap<>();
  private final Map<Integer, Admin> admins = new HashMap<>();
  private final String seeds;

  Cluster(Nodes nodes, Path directory, int seedCount) {
    this.nodes = nodes;
    this.directory = directory;
    for (int id = 1; id <= seedCount; id++) {
      clusterPorts.put(id, Launcher.freePort());
    }
    seeds =
        IntStream.rangeClosed(1, seedCount)
            .mapToObj(id -> "127.0.0.1:" + clusterPorts.get(id))
            .collect(Collectors.joining(","));
  }

  /// Starts a node and does not wait.
  NodeProcess launch(int id) {
    return launch(id, "node-" + id);
  }

  NodeProcess launch(int id, String name) {
    NodeProcess node =
        nodes.launchWith(
            List.of(
                "--data-dir",
                directory.resolve(name).toString(),
                "--node-id",
                Integer.toString(id),
                "--kafka",
                bootstrap(id),
                "--cluster",
                "127.0.0.1:" + clusterPorts.computeIfAbsent(id, any -> Launcher.freePort()),
                "--seeds",
                seeds),
            Map.of());
    running.put(id, node);
    return node;
  }

  /// Starts them all and waits until each accepts clients.
  Duration form(int count) throws InterruptedException {
    long beganNanos = System.nanoTime();
    for (int id = 1; id <= count; id++) {
      launch(id);
    }
    for (NodeProcess node : running.values()) {
      node.awaitReady(Nodes.READY_LIMIT);
    }
    return Duration.ofNanos(System.nanoTime() - beganNanos);
  }

  NodeProcess node(int id) {
    return Objects.requireNonNull(running.get(id));
  }

  Set<Integer> ids() {
    return Set.copyOf(running.keySet());
  }

  void kill(int id) throws InterruptedException {
    node(id).kill();
    running.remove(id);
  }

  /// Stops the process, as a debugger or a frozen machine does.
  void pause(int id) throws IOException, InterruptedException {
    signal(id, "-STOP");
  }

  void resume(int id) throws IOException, InterruptedException {
    signal(id, "-CONT");
  }

  private void signal(int id, String signal) throws IOException, InterruptedException {
    Process kill =
        new ProcessBuilder("kill", signal, Long.toString(node(id).pid())).inheritIO().start();
    if (kill.waitFor() != 0) {
      throw new IOException("kill " + signal + " failed");
    }
  }

  String bootstrap(int id) {
    return "127.0.0.1:" + kafkaPorts.computeIfAbsent(id, any -> Launcher.freePort());
  }

  /// A client that knows this node only.
  Admin admin(int id) {
    return admins.computeIfAbsent(
        id,
        any ->
            Admin.create(
                Map.of(
                    AdminClientConfig.BOOTSTRAP_SERVERS_CONFIG,
                    bootstrap(id),
                    AdminClientConfig.DEFAULT_API_TIMEOUT_MS_CONFIG,
                    (int) CALL_LIMIT.toMillis(),
                    AdminClientConfig.REQUEST_TIMEOUT_MS_CONFIG,
                    10_000)));
  }

  void create(int via, String topic)
      throws ExecutionException, InterruptedException, TimeoutException {
    admin(via)
        .createTopics(List.of(new NewTopic(topic, 1, (short) 1)))
        .all()
        .get(CALL_LIMIT.toSeconds(), TimeUnit.SECONDS);
  }

  Set<String> topics(int via) throws ExecutionException, InterruptedException, TimeoutException {
    return new TreeSet<>(
        admin(via).listTopics().names().get(CALL_LIMIT.toSeconds(), TimeUnit.SECONDS));
  }

  QuorumInfo quorum(int via) throws ExecutionException, InterruptedException, TimeoutException {
    return admin(via)
        .describeMetadataQuorum()
        .quorumInfo()
        .get(CALL_LIMIT.toSeconds(), TimeUnit.SECONDS);
  }

  @Override
  public void close() {
    admins.values().forEach(admin -> admin.close(Duration.ZERO));
  }
}
