package io.floe.bench.engine;

import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.locks.LockSupport;

/// Writers of one lane that wait for their offset to become durable, in the order of the offsets.
///
/// Thread-safety: one thread at a time adds, one thread completes.
final class AckQueue {
  private final ConcurrentLinkedQueue<Ack> waiting = new ConcurrentLinkedQueue<>();

  /// One writer's wait.
  static final class Ack {
    private final long offset;
    private final Thread writer;
    private volatile boolean isDurable;

    private Ack(long offset, Thread writer) {
      this.offset = offset;
      this.writer = writer;
    }

    /// The calling thread's wait.
    static Ack of(long offset) {
      return new Ack(offset, Thread.currentThread());
    }

    void complete() {
      isDurable = true;
      LockSupport.unpark(writer);
    }

    void await() {
      while (!isDurable) {
        LockSupport.park(this);
      }
    }
  }

  /// Must come before the append: its ack may be quicker than the caller.
  Ack add(long offset) {
    Ack ack = Ack.of(offset);
    waiting.add(ack);
    return ack;
  }

  /// Wakes all whose offset is below `endOffset`.
  void complete(long endOffset) {
    Ack next;
    while ((next = waiting.peek()) != null && next.offset < endOffset) {
      waiting.poll();
      next.complete();
    }
  }
}
