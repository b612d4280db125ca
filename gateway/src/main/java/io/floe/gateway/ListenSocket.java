package io.floe.gateway;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import java.nio.channels.ServerSocketChannel;

/// A bound Kafka listener that is not served yet: clients can connect and wait. Exists so that a
/// node knows its port, which may be any free one, before it registers itself.
///
/// Ownership: whoever binds it closes it, or gives it to a [KafkaGateway].
public final class ListenSocket implements AutoCloseable {
  /// Connections that wait to be accepted; the system caps it by its own limit.
  private static final int BACKLOG = 1_024;

  private final ServerSocketChannel channel;
  private final InetSocketAddress address;
  private final GatewaySettings settings;

  private ListenSocket(
      ServerSocketChannel channel, InetSocketAddress address, GatewaySettings settings) {
    this.channel = channel;
    this.address = address;
    this.settings = settings;
  }

  /// Errors: `IOException` that names the address when it cannot be bound.
  public static ListenSocket bind(GatewaySettings settings) throws IOException {
    InetSocketAddress wanted = new InetSocketAddress(settings.listenHost(), settings.listenPort());
    if (wanted.isUnresolved()) {
      throw new UnknownHostException("floe.gateway.listen-host: " + settings.listenHost());
    }
    ServerSocketChannel channel = ServerSocketChannel.open();
    try {
      int receiveBuffer = settings.network().receiveBufferBytes();
      if (receiveBuffer > 0) {
        // Must be set before the bind to reach accepted sockets.
        channel.socket().setReceiveBufferSize(receiveBuffer);
      }
      channel.bind(wanted, BACKLOG);
      return new ListenSocket(channel, (InetSocketAddress) channel.getLocalAddress(), settings);
    } catch (IOException e) {
      channel.close();
      throw new IOException(
          "cannot listen for Kafka clients on "
              + settings.listenHost()
              + ":"
              + settings.listenPort()
              + ": "
              + e.getMessage(),
          e);
    }
  }

  /// Where it listens, with the real port.
  public InetSocketAddress address() {
    return address;
  }

  /// What clients should be told to connect to.
  public String advertisedHost() {
    if (!settings.advertisedHost().isEmpty()) {
      return settings.advertisedHost();
    }
    return address.getAddress().isAnyLocalAddress() ? ownName() : settings.listenHost();
  }

  public int advertisedPort() {
    return settings.advertisedPort() == 0 ? address.getPort() : settings.advertisedPort();
  }

  /// "Any address" is nothing that a client could connect to.
  private static String ownName() {
    try {
      return InetAddress.getLocalHost().getHostName();
    } catch (UnknownHostException e) {
      return InetAddress.getLoopbackAddress().getHostAddress();
    }
  }

  ServerSocketChannel channel() {
    return channel;
  }

  @Override
  public void close() throws IOException {
    channel.close();
  }
}
