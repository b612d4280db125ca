package io.floe.cli;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigValueFactory;
import io.floe.actors.node.FloeNode;
import io.floe.actors.node.HostPort;
import io.floe.actors.node.NodeRejoinException;
import io.floe.actors.node.NodeSettings;
import io.floe.actors.node.NodeStartException;
import io.floe.cli.process.ReadyLine;
import io.floe.gateway.GatewaySettings;
import io.floe.gateway.KafkaGateway;
import io.floe.gateway.ListenSocket;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import org.jspecify.annotations.Nullable;

/// A node in this process: the log and its Kafka listener, started and stopped in the right order.
///
/// Thread-safety: any thread.
final class RunningNode implements AutoCloseable {
  private final FloeNode node;
  private final KafkaGateway gateway;
  private final ReadyLine ready;
  private final CountDownLatch ended = new CountDownLatch(1);

  private RunningNode(FloeNode node, KafkaGateway gateway, ReadyLine ready) {
    this.node = node;
    this.gateway = gateway;
    this.ready = ready;
    node.whenFailed()
        .whenComplete(
            (cause, _) -> {
              if (cause != null) {
                ended.countDown();
              }
            });
  }

  /// Starts one; returns when it accepts clients.
  static RunningNode start(
      Path dataDir,
      @Nullable Integer nodeId,
      HostPort cluster,
      List<HostPort> seeds,
      boolean foundCluster,
      HostPort kafka,
      Config config) {
    Config withListener =
        config
            .withValue("floe.gateway.listen-host", ConfigValueFactory.fromAnyRef(kafka.host()))
            .withValue("floe.gateway.listen-port", ConfigValueFactory.fromAnyRef(kafka.port()));
    GatewaySettings settings;
    try {
      settings = GatewaySettings.of(withListener);
    } catch (IllegalArgumentException e) {
      throw CommandFailure.usage(String.valueOf(e.getMessage()));
    }
    requireFree(cluster);
    // Bound before the node registers itself, which needs the real port; served when it is ready.
    ListenSocket socket = bind(settings, kafka);
    FloeNode node = null;
    try {
      HostPort advertised = new HostPort(socket.advertisedHost(), socket.advertisedPort());
      node =
          FloeNode.start(
              new NodeSettings(
                  dataDir, nodeId, cluster, seeds, foundCluster, advertised, withListener));
      KafkaGateway gateway = KafkaGateway.start(node.log(), settings, socket);
      ReadyLine ready =
          new ReadyLine(
              node.nodeId().value(),
              new HostPort(kafka.host(), socket.address().getPort()).toString(),
              node.clusterAddress().toString(),
              dataDir.toRealPath().toString(),
              node.ioName());
      return new RunningNode(node, gateway, ready);
    } catch (NodeStartException e) {
      close(socket, node);
      throw new CommandFailure(String.valueOf(e.getMessage()), e);
    } catch (IOException e) {
      close(socket, node);
      throw new CommandFailure("the node did not start: " + e.getMessage(), e);
    } catch (RuntimeException e) {
      close(socket, node);
      throw e;
    }
  }

  private static ListenSocket bind(GatewaySettings settings, HostPort kafka) {
    try {
      return ListenSocket.bind(settings);
    } catch (IOException e) {
      throw new CommandFailure(
          e.getMessage() + " (choose another by --kafka " + kafka.host() + ":PORT)", e);
    }
  }

  /// Says which option to change before anything is made; the actor system would say it later, with
  /// a stack trace. It still does if someone takes the port in between.
  private static void requireFree(HostPort cluster) {
    if (cluster.port() == 0) {
      return;
    }
    try (ServerSocket probe = new ServerSocket()) {
      probe.setReuseAddress(true);
      probe.bind(new InetSocketAddress(cluster.host(), cluster.port()));
    } catch (IOException e) {
      throw new CommandFailure(
          "cannot listen for other nodes on "
              + cluster
              + ": "
              + e.getMessage()
              + " (choose another by --cluster "
              + cluster.host()
              + ":PORT)",
          e);
    }
  }

  private static void close(ListenSocket socket, @Nullable FloeNode node) {
    if (node != null) {
      node.close();
    }
    try {
      socket.close();
    } catch (IOException e) {
      // The process ends anyway; the first failure is the one to tell.
    }
  }

  ReadyLine ready() {
    return ready;
  }

  /// Waits until the node ended, and gives the exit code of the process.
  ///
  /// @throws NodeRejoinException when nothing is broken and it should start again
  int awaitEnd() throws InterruptedException {
    ended.await();
    if (!node.whenFailed().toCompletableFuture().isDone()) {
      return ExitCodes.OK;
    }
    Throwable cause = node.whenFailed().toCompletableFuture().join();
    if (cause instanceof NodeRejoinException rejoin) {
      throw rejoin;
    }
    throw new CommandFailure("the node failed and stops: " + cause.getMessage(), cause);
  }

  @Override
  public void close() {
    gateway.close();
    node.close();
    ended.countDown();
  }
}
