package io.floe.gateway;

import io.floe.actors.log.LogService;
import io.floe.gateway.kafka.KafkaRequests;
import io.floe.gateway.network.ResponseMemory;
import io.floe.gateway.network.SocketServer;
import java.io.IOException;
import java.net.InetSocketAddress;

/// A running Kafka listener on a node's log.
///
/// The address that clients are told is the one in the node's record in the metadata, which is
/// written before the gateway starts: bind a [ListenSocket] first, register the node with
/// [ListenSocket#advertisedHost] and [ListenSocket#advertisedPort], then start.
///
/// Thread-safety: any thread.
public final class KafkaGateway implements AutoCloseable {
  private final SocketServer server;
  private final KafkaRequests requests;

  private KafkaGateway(SocketServer server, KafkaRequests requests) {
    this.server = server;
    this.requests = requests;
  }

  /// Binds and serves.
  public static KafkaGateway start(LogService log, GatewaySettings settings) throws IOException {
    return start(log, settings, ListenSocket.bind(settings));
  }

  /// Serves a bound socket, which the gateway then owns.
  public static KafkaGateway start(LogService log, GatewaySettings settings, ListenSocket socket)
      throws IOException {
    ResponseMemory responseMemory = new ResponseMemory(settings.responseMemoryBytes());
    KafkaRequests requests = new KafkaRequests(log, settings, responseMemory);
    SocketServer server =
        new SocketServer(socket.channel(), settings.network(), responseMemory, requests);
    server.start();
    return new KafkaGateway(server, requests);
  }

  /// Where it listens, with the real port.
  public InetSocketAddress boundAddress() {
    return server.address();
  }

  /// Connections that are open.
  public int connections() {
    return server.connections();
  }

  /// Bytes of requests that are being received or handled.
  public long requestMemoryUsed() {
    return server.requestMemoryUsed();
  }

  /// Stops accepting, answers what is in flight (waiting fetches at once), and closes all
  /// connections, within the shutdown timeout and a little.
  @Override
  public void close() {
    requests.beginShutdown();
    server.close();
    requests.close();
  }
}
