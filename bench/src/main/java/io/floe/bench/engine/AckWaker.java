package io.floe.bench.engine;

import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.locks.LockSupport;

/// Wakes the writers in place of the store's thread, which has the next group to commit: a virtual
/// thread wakes others without a system call.
///
/// Thread-safety: [#wake] and [#close] any thread.
final class AckWaker implements AutoCloseable {
  private record Durable(AckQueue acks, long endOffset) {}

  private final ConcurrentLinkedQueue<Durable> news = new ConcurrentLinkedQueue<>();
  private final Thread thread = Thread.ofVirtual().name("ack-waker").start(this::run);
  private volatile boolean isParked;
  private volatile boolean isClosed;

  void wake(AckQueue acks, long endOffset) {
    news.add(new Durable(acks, endOffset));
    if (isParked) {
      isParked = false;
      LockSupport.unpark(thread);
    }
  }

  private void run() {
    while (!isClosed) {
      Durable next;
      while ((next = news.poll()) != null) {
        next.acks.complete(next.endOffset);
      }
      isParked = true;
      if (news.isEmpty() && !isClosed) {
        LockSupport.park(this);
      }
      isParked = false;
    }
  }

  @Override
  public void close() {
    isClosed = true;
    LockSupport.unpark(thread);
  }
}
