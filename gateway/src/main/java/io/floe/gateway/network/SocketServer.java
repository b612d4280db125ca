package io.floe.gateway.network;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.StandardSocketOptions;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.apache.kafka.common.config.AbstractConfig;
import org.apache.kafka.common.config.ConfigDef;
import org.apache.kafka.common.metrics.Metrics;
import org.apache.kafka.common.network.ChannelBuilders;
import org.apache.kafka.common.network.ListenerName;
import org.apache.kafka.common.network.Selector;
import org.apache.kafka.common.security.auth.SecurityProtocol;
import org.apache.kafka.common.utils.LogContext;
import org.apache.kafka.common.utils.Time;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// A listening socket, the thread that accepts from it and the network threads that serve what was
/// accepted.
///
/// The security protocol is a parameter of Kafka's channel builder: TLS and SASL need its
/// configuration here and nothing elsewhere.
///
/// Thread-safety: any thread.
public final class SocketServer implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(SocketServer.class);

  /// After an accept failed, most likely for want of file descriptors: time for some to be freed.
  private static final Duration ACCEPT_PAUSE = Duration.ofMillis(100);

  /// A refused connection is logged at most this often.
  private static final long REFUSAL_LOG_NANOS = Duration.ofSeconds(10).toNanos();

  private final ServerSocketChannel listening;
  private final InetSocketAddress address;
  private final NetworkSettings settings;
  private final ConnectionCount counts;
  private final RequestMemory memory;
  private final Metrics metrics = new Metrics();
  private final List<NetworkThread> threads = new ArrayList<>();
  private final Thread acceptor;
  private long nextRefusalLogNanos = System.nanoTime();
  private volatile boolean isClosing;

  /// Serves a bound socket, which it then owns.
  public SocketServer(
      ServerSocketChannel listening,
      NetworkSettings settings,
      ResponseMemory responseMemory,
      RequestHandler handler)
      throws IOException {
    this.listening = listening;
    this.address = (InetSocketAddress) listening.getLocalAddress();
    this.settings = settings;
    this.counts =
        new ConnectionCount(settings.connectionsMax(), settings.connectionsPerAddressMax());
    memory =
        new RequestMemory(
            settings.requestMemoryBytes(), () -> threads.forEach(NetworkThread::wakeUp));
    for (int i = 0; i < settings.networkThreads(); i++) {
      threads.add(
          new NetworkThread(
              i, newSelector(i, memory), memory, responseMemory, settings, handler, counts));
    }
    this.acceptor = new Thread(this::accept, "floe-kafka-acceptor");
    this.acceptor.setDaemon(true);
  }

  private Selector newSelector(int index, RequestMemory memory) {
    LogContext logContext = new LogContext("[network " + index + "] ");
    ListenerName listener = ListenerName.forSecurityProtocol(SecurityProtocol.PLAINTEXT);
    return new Selector(
        settings.requestBytesMax(),
        settings.idleTimeout().toMillis(),
        Selector.NO_FAILED_AUTHENTICATION_DELAY,
        metrics,
        Time.SYSTEM,
        "floe-kafka",
        Map.of("thread", Integer.toString(index)),
        false,
        false,
        ChannelBuilders.serverChannelBuilder(
            listener,
            false,
            SecurityProtocol.PLAINTEXT,
            new AbstractConfig(new ConfigDef(), Map.of(), false),
            null,
            null,
            Time.SYSTEM,
            logContext,
            version -> {
              throw new IllegalStateException("only SASL asks for versions before it is done");
            }),
        memory,
        logContext);
  }

  public void start() {
    threads.forEach(NetworkThread::start);
    acceptor.start();
  }

  /// Where it listens; the port is the real one when 0 was asked for.
  public InetSocketAddress address() {
    return address;
  }

  /// Connections that are open.
  public int connections() {
    return counts.total();
  }

  /// Bytes of requests that are being received or handled.
  public long requestMemoryUsed() {
    return memory.usedBytes();
  }

  private void accept() {
    int next = 0;
    while (!isClosing) {
      try {
        SocketChannel socket = listening.accept();
        if (adopt(socket, threads.get(next))) {
          next = (next + 1) % threads.size();
        }
      } catch (ClosedChannelException e) {
        return;
      } catch (IOException e) {
        LOG.atWarn().addKeyValue("cause", e.getMessage()).log("a connection was not accepted");
        pause();
      }
    }
  }

  private boolean adopt(SocketChannel socket, NetworkThread thread) {
    String refusal = counts.add(socket.socket().getInetAddress());
    if (refusal != null) {
      logRefusal(socket, refusal);
      NetworkThread.closeQuietly(socket);
      return false;
    }
    try {
      socket.configureBlocking(false);
      socket.setOption(StandardSocketOptions.TCP_NODELAY, true);
      socket.setOption(StandardSocketOptions.SO_KEEPALIVE, true);
      if (settings.sendBufferBytes() > 0) {
        socket.setOption(StandardSocketOptions.SO_SNDBUF, settings.sendBufferBytes());
      }
    } catch (IOException e) {
      counts.remove(socket.socket().getInetAddress());
      NetworkThread.closeQuietly(socket);
      return false;
    }
    thread.adopt(socket);
    return true;
  }

  private void logRefusal(SocketChannel socket, String refusal) {
    long now = System.nanoTime();
    if (now - nextRefusalLogNanos >= 0) {
      nextRefusalLogNanos = now + REFUSAL_LOG_NANOS;
      LOG.atWarn()
          .addKeyValue("peer", socket.socket().getInetAddress())
          .addKeyValue("cause", refusal)
          .log("connection refused");
    }
  }

  private static void pause() {
    try {
      Thread.sleep(ACCEPT_PAUSE);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /// Stops accepting and reading, waits until everything in flight was answered, for at most the
  /// shutdown timeout, and closes all connections.
  @Override
  public void close() {
    isClosing = true;
    NetworkThread.closeQuietly(listening);
    long timeoutNanos = settings.shutdownTimeout().toNanos();
    long deadlineNanos = System.nanoTime() + timeoutNanos;
    threads.forEach(thread -> thread.beginShutdown(deadlineNanos));
    try {
      for (NetworkThread thread : threads) {
        // A little longer than their own deadline, for the closing itself.
        thread.join(settings.shutdownTimeout().toMillis() + 1_000);
      }
      acceptor.join(1_000);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    metrics.close();
  }
}
