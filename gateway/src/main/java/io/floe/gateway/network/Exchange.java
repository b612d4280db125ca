package io.floe.gateway.network;

import java.net.InetAddress;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/// One request of a connection and the place of its answer among the others'.
///
/// Answers may be given in any order and from any thread; they leave in the order of the requests.
/// An exchange whose connection is gone is *abandoned*: its hooks run, its answer is dropped.
///
/// Thread-safety: any thread. Ownership: the request's buffer is held by the network thread while
/// the handler runs; who keeps bytes of it longer holds and lets go of it ([#hold], [#letGo]).
public final class Exchange {
  private final Connection connection;
  private final ByteBuffer request;
  private final int requestBytes;
  private final AtomicInteger holders = new AtomicInteger(1);

  private @Nullable Answer answer;
  private boolean isAbandoned;
  private @Nullable Runnable whenFirst;
  private @Nullable Runnable onDeadline;
  private long deadlineNanos;
  private @Nullable List<Runnable> abandonHooks;

  Exchange(Connection connection, ByteBuffer request) {
    this.connection = connection;
    this.request = request;
    this.requestBytes = request.limit();
  }

  /// The request behind its size field.
  public ByteBuffer request() {
    return request;
  }

  public String connectionId() {
    return connection.id();
  }

  public InetAddress clientAddress() {
    return connection.clientAddress();
  }

  int requestBytes() {
    return requestBytes;
  }

  /// Keeps the request's buffer alive until [#letGo].
  public void hold() {
    holders.incrementAndGet();
  }

  public void letGo() {
    if (holders.decrementAndGet() == 0) {
      connection.releaseRequest(request);
    }
  }

  /// Answers. The first answer counts; later ones, and one to an abandoned exchange, are dropped.
  public void answer(Answer given) {
    boolean isTaken;
    synchronized (this) {
      isTaken = answer == null && !isAbandoned;
      if (isTaken) {
        answer = given;
        onDeadline = null;
      }
    }
    if (isTaken) {
      connection.wake();
    } else {
      drop(given);
    }
  }

  /// Runs `action` on the network thread once every answer before this one has been sent: the time
  /// to pin what this answer needs. Not run when the exchange is abandoned.
  public void whenFirst(Runnable action) {
    synchronized (this) {
      whenFirst = action;
    }
    connection.wake();
  }

  /// Runs `action` on the network thread when there is no answer at the deadline, give or take a
  /// quarter of a second.
  public void onDeadline(long nanoTime, Runnable action) {
    synchronized (this) {
      if (answer == null) {
        deadlineNanos = nanoTime;
        onDeadline = action;
      }
    }
  }

  /// Runs `action` when the connection is gone before the answer was given; at once if it is.
  public void onAbandoned(Runnable action) {
    synchronized (this) {
      if (!isAbandoned) {
        if (abandonHooks == null) {
          abandonHooks = new ArrayList<>(1);
        }
        abandonHooks.add(action);
        return;
      }
    }
    action.run();
  }

  synchronized boolean isAbandoned() {
    return isAbandoned;
  }

  synchronized @Nullable Answer given() {
    return answer;
  }

  synchronized @Nullable Runnable takeWhenFirst() {
    Runnable action = whenFirst;
    whenFirst = null;
    return action;
  }

  synchronized @Nullable Runnable takeDue(long nowNanos) {
    if (onDeadline == null || nowNanos - deadlineNanos < 0) {
      return null;
    }
    Runnable action = onDeadline;
    onDeadline = null;
    return action;
  }

  /// The connection is gone. Drops an answer that was not sent and runs the hooks.
  void abandon() {
    Answer unsent;
    List<Runnable> hooks;
    synchronized (this) {
      if (isAbandoned) {
        return;
      }
      isAbandoned = true;
      unsent = answer;
      hooks = unsent == null && abandonHooks != null ? abandonHooks : List.of();
      abandonHooks = null;
      onDeadline = null;
      whenFirst = null;
    }
    if (unsent != null) {
      drop(unsent);
    }
    hooks.forEach(Runnable::run);
  }

  static void drop(Answer unsent) {
    if (unsent instanceof Answer.Message message) {
      message.release().run();
    }
  }
}
