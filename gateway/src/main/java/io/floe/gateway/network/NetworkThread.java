package io.floe.gateway.network;

import java.io.IOException;
import java.net.InetAddress;
import java.nio.channels.SocketChannel;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentLinkedQueue;
import org.apache.kafka.common.network.KafkaChannel;
import org.apache.kafka.common.network.NetworkReceive;
import org.apache.kafka.common.network.NetworkSend;
import org.apache.kafka.common.network.Selector;
import org.apache.kafka.common.network.ServerConnectionId;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// One event loop with the connections that were given to it.
///
/// Kafka's own selector does the reading, writing, TLS, SASL and idle expiry; this loop gives each
/// received request to the handler at once, so that a connection can have several in flight, and
/// sends the answers in order. Only this thread touches the selector.
///
/// Thread-safety: [#adopt], [#enqueue], [#wakeUp] and [#beginShutdown] from any thread.
final class NetworkThread implements Runnable {
  private static final Logger LOG = LoggerFactory.getLogger(NetworkThread.class);

  /// How often deadlines are looked at; also the longest sleep.
  private static final long SWEEP_MILLIS = 250;

  private final int index;
  private final Selector selector;
  private final RequestMemory memory;
  private final ResponseMemory responseMemory;
  private final NetworkSettings settings;
  private final RequestHandler handler;
  private final ConnectionCount counts;
  private final Map<String, Connection> connections = new HashMap<>();
  private final ConcurrentLinkedQueue<SocketChannel> adopted = new ConcurrentLinkedQueue<>();
  private final ConcurrentLinkedQueue<Connection> woken = new ConcurrentLinkedQueue<>();
  private final Thread thread;

  private int nextConnection;
  private long nextSweepNanos;
  private volatile boolean isShuttingDown;
  private volatile long shutdownDeadlineNanos;
  private boolean isDraining;

  /// True while the loop is (or may be) asleep in select.
  private volatile boolean isAsleep;

  NetworkThread(
      int index,
      Selector selector,
      RequestMemory memory,
      ResponseMemory responseMemory,
      NetworkSettings settings,
      RequestHandler handler,
      ConnectionCount counts) {
    this.index = index;
    this.selector = selector;
    this.memory = memory;
    this.responseMemory = responseMemory;
    this.settings = settings;
    this.handler = handler;
    this.counts = counts;
    this.thread = new Thread(this, "floe-kafka-network-" + index);
    this.thread.setDaemon(true);
  }

  void start() {
    thread.start();
  }

  RequestMemory memory() {
    return memory;
  }

  /// Takes over an accepted socket that was counted.
  void adopt(SocketChannel socket) {
    adopted.add(socket);
    selector.wakeup();
  }

  void enqueue(Connection connection) {
    woken.add(connection);
    // On the loop itself, and while it is awake, the queue is looked at before the next sleep.
    if (isAsleep && Thread.currentThread() != thread) {
      selector.wakeup();
    }
  }

  void wakeUp() {
    selector.wakeup();
  }

  /// Stops reading; ends when everything in flight is answered, or at the deadline.
  void beginShutdown(long deadlineNanos) {
    shutdownDeadlineNanos = deadlineNanos;
    isShuttingDown = true;
    selector.wakeup();
  }

  void join(long millis) throws InterruptedException {
    thread.join(millis);
  }

  @Override
  public void run() {
    try {
      while (!isFinished()) {
        turn();
      }
    } catch (RuntimeException | IOException e) {
      LOG.error("a network thread failed; its connections are closed", e);
    } finally {
      closeAll();
    }
  }

  private void turn() throws IOException {
    registerAdopted();
    advanceWoken();
    isAsleep = true;
    // Whoever enqueued before it saw isAsleep did not wake the selector: look once more.
    selector.poll(woken.isEmpty() && adopted.isEmpty() ? SWEEP_MILLIS : 0);
    isAsleep = false;
    for (NetworkReceive receive : selector.completedReceives()) {
      received(receive);
    }
    selector.clearCompletedReceives();
    for (NetworkSend send : selector.completedSends()) {
      Connection connection = connections.get(send.destinationId());
      if (connection != null) {
        guarded(connection, connection::sent);
      }
    }
    selector.clearCompletedSends();
    for (String id : selector.disconnected().keySet()) {
      forget(id);
    }
    sweep();
  }

  private boolean isFinished() {
    if (!isShuttingDown) {
      return false;
    }
    if (!isDraining) {
      isDraining = true;
      connections.values().forEach(connection -> guarded(connection, connection::drain));
    }
    return System.nanoTime() - shutdownDeadlineNanos >= 0
        || connections.values().stream().allMatch(Connection::isIdle);
  }

  private void registerAdopted() {
    SocketChannel socket;
    while ((socket = adopted.poll()) != null) {
      InetAddress address = socket.socket().getInetAddress();
      String id = ServerConnectionId.generateConnectionId(socket.socket(), index, nextConnection);
      nextConnection = (nextConnection + 1) & Integer.MAX_VALUE;
      try {
        selector.register(id, socket);
        connections.put(id, new Connection(id, address, this, selector, settings));
      } catch (IOException | RuntimeException e) {
        LOG.atDebug().addKeyValue("peer", address).setCause(e).log("connection lost at its start");
        counts.remove(address);
        closeQuietly(socket);
      }
    }
  }

  private void advanceWoken() {
    Connection connection;
    while ((connection = woken.poll()) != null) {
      guarded(connection, connection::advance);
    }
  }

  private void received(NetworkReceive receive) {
    Connection connection = connections.get(receive.source());
    if (connection == null) {
      memory.release(receive.payload());
      return;
    }
    Exchange exchange = connection.received(receive.payload());
    guarded(connection, () -> handler.handle(exchange));
    exchange.letGo();
  }

  /// One connection's mistake or ours in serving it costs that connection, not the others.
  private void guarded(Connection connection, Runnable action) {
    try {
      action.run();
    } catch (RuntimeException e) {
      LOG.atWarn()
          .addKeyValue("peer", connection.id())
          .setCause(e)
          .log("connection closed: its request could not be handled");
      close(connection);
    }
  }

  void close(Connection connection, String reason) {
    LOG.atInfo()
        .addKeyValue("peer", connection.id())
        .addKeyValue("cause", reason)
        .log("connection closed");
    close(connection);
  }

  private void close(Connection connection) {
    selector.close(connection.id());
    forget(connection.id());
  }

  private void forget(String id) {
    Connection connection = connections.remove(id);
    if (connection != null) {
      counts.remove(connection.clientAddress());
      connection.abandon();
    }
  }

  private void sweep() {
    long now = System.nanoTime();
    if (now - nextSweepNanos < 0) {
      return;
    }
    nextSweepNanos = now + SWEEP_MILLIS * 1_000_000;
    boolean isMemoryShort = responseMemory.isShort();
    List<Connection> late = new ArrayList<>(0);
    List<String> reasons = new ArrayList<>(0);
    for (Connection connection : connections.values()) {
      KafkaChannel channel = selector.channel(connection.id());
      String reason =
          connection.sweep(now, channel == null ? null : channel.currentReceive(), isMemoryShort);
      if (reason != null) {
        late.add(connection);
        reasons.add(reason);
      }
    }
    for (int i = 0; i < late.size(); i++) {
      close(late.get(i), reasons.get(i));
    }
  }

  private void closeAll() {
    for (String id : List.copyOf(connections.keySet())) {
      forget(id);
    }
    SocketChannel socket;
    while ((socket = adopted.poll()) != null) {
      counts.remove(socket.socket().getInetAddress());
      closeQuietly(socket);
    }
    selector.close();
  }

  static void closeQuietly(@Nullable AutoCloseable resource) {
    if (resource == null) {
      return;
    }
    try {
      resource.close();
    } catch (Exception e) {
      LOG.debug("close failed", e);
    }
  }
}
