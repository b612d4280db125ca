package io.floe.gateway.network;

import java.net.InetAddress;
import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.concurrent.atomic.AtomicBoolean;
import org.apache.kafka.common.network.NetworkReceive;
import org.apache.kafka.common.network.NetworkSend;
import org.apache.kafka.common.network.Selector;
import org.jspecify.annotations.Nullable;

/// One client's connection: its requests in flight, in order, and the one answer being sent.
///
/// Reading stops while too many requests or bytes are in flight, and goes on when answers were
/// sent. An answer is first taken up when all answers before it are out.
///
/// Thread-safety: confined to its network thread, but for [#wake] and [#releaseRequest].
public final class Connection {
  private final String id;
  private final InetAddress clientAddress;
  private final NetworkThread thread;
  private final Selector selector;
  private final NetworkSettings settings;
  private final ArrayDeque<Exchange> inFlight = new ArrayDeque<>();
  private final AtomicBoolean isWoken = new AtomicBoolean();

  private long inFlightBytes;
  private boolean isMuted;
  private boolean isGone;
  private boolean isDraining;

  private @Nullable TimedSend sending;
  private Answer.@Nullable Message sendingMessage;

  /// The request that is being received, as the last sweep saw it.
  private @Nullable NetworkReceive partial;

  private long partialSinceNanos;

  Connection(
      String id,
      InetAddress clientAddress,
      NetworkThread thread,
      Selector selector,
      NetworkSettings settings) {
    this.id = id;
    this.clientAddress = clientAddress;
    this.thread = thread;
    this.selector = selector;
    this.settings = settings;
  }

  public String id() {
    return id;
  }

  public InetAddress clientAddress() {
    return clientAddress;
  }

  /// Something changed for the first exchange or another: look again, on the network thread.
  void wake() {
    if (isWoken.compareAndSet(false, true)) {
      thread.enqueue(this);
    }
  }

  void releaseRequest(ByteBuffer request) {
    thread.memory().release(request);
  }

  boolean isIdle() {
    return inFlight.isEmpty();
  }

  Exchange received(ByteBuffer request) {
    Exchange exchange = new Exchange(this, request);
    inFlight.add(exchange);
    inFlightBytes += exchange.requestBytes();
    muteOrUnmute();
    return exchange;
  }

  /// Stops reading for good; what is in flight is still answered.
  void drain() {
    isDraining = true;
    muteOrUnmute();
  }

  private void muteOrUnmute() {
    if (isGone) {
      return;
    }
    boolean isFull =
        isDraining
            || inFlight.size() >= settings.inFlightRequestsMax()
            || inFlightBytes >= settings.inFlightBytesMax();
    if (isFull && !isMuted) {
      isMuted = true;
      selector.mute(id);
    } else if (!isFull && isMuted) {
      isMuted = false;
      selector.unmute(id);
    }
  }

  /// Takes up whatever can be done for the first exchanges.
  void advance() {
    isWoken.set(false);
    while (!isGone && sending == null) {
      Exchange first = inFlight.peek();
      if (first == null) {
        return;
      }
      Runnable whenFirst = first.takeWhenFirst();
      if (whenFirst != null) {
        whenFirst.run();
      }
      switch (first.given()) {
        case null -> {
          return;
        }
        case Answer.Message message -> send(message);
        case Answer.Silence ignored -> finishFirst();
        case Answer.Hangup hangup -> thread.close(this, hangup.reason());
      }
    }
  }

  private void send(Answer.Message message) {
    TimedSend send = new TimedSend(message.send(), System.nanoTime());
    sending = send;
    sendingMessage = message;
    selector.send(new NetworkSend(id, send));
  }

  /// The answer is out.
  void sent() {
    Answer.Message message = sendingMessage;
    if (message == null) {
      return;
    }
    sending = null;
    sendingMessage = null;
    message.release().run();
    finishFirst();
    advance();
  }

  private void finishFirst() {
    Exchange first = inFlight.remove();
    inFlightBytes -= first.requestBytes();
    muteOrUnmute();
  }

  /// The socket is gone: lets go of everything, once.
  void abandon() {
    if (isGone) {
      return;
    }
    isGone = true;
    sending = null;
    sendingMessage = null;
    for (Exchange exchange : inFlight) {
      exchange.abandon();
    }
    inFlight.clear();
  }

  /// Runs deadlines that have passed. Says why the connection should be closed, or null.
  @Nullable String sweep(long nowNanos, @Nullable NetworkReceive receiving, boolean isMemoryShort) {
    for (Exchange exchange : inFlight) {
      Runnable due = exchange.takeDue(nowNanos);
      if (due != null) {
        due.run();
      }
    }
    TimedSend stalled = sending;
    if (stalled != null
        && isMemoryShort
        && isLate(stalled.sinceNanos(), stalled.size(), nowNanos)) {
      return "reads its answer too slowly while others wait for memory";
    }
    if (receiving == null || isMuted || isWaitingForMemory(receiving)) {
      partial = null;
      return null;
    }
    if (!receiving.equals(partial)) {
      partial = receiving;
      partialSinceNanos = nowNanos;
      return null;
    }
    return isLate(partialSinceNanos, receiving.bytesRead(), nowNanos)
        ? "sends a request too slowly"
        : null;
  }

  private static boolean isWaitingForMemory(NetworkReceive receiving) {
    return receiving.requiredMemoryAmountKnown() && !receiving.memoryAllocated();
  }

  private boolean isLate(long sinceNanos, long bytes, long nowNanos) {
    double allowedSeconds =
        settings.transferTimeout().toNanos() / 1e9
            + (double) bytes / settings.transferBytesPerSecondMin();
    return (nowNanos - sinceNanos) / 1e9 > allowedSeconds;
  }
}
