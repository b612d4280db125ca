package io.floe.storage.io.uring;

import static java.lang.foreign.ValueLayout.JAVA_LONG;

import io.floe.storage.io.Errno;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.concurrent.atomic.AtomicBoolean;

/// An eventfd that the ring polls, so that another thread can end a wait.
///
/// Polled and not read by the ring: a read in flight would need memory that outlives the ring.
///
/// Thread-safety: [#raise()] any thread; the rest belongs to the owner of the ring.
final class WakeSignal implements AutoCloseable {
  @SuppressWarnings("MustBeClosedChecker") // The arena lives as long as the descriptor.
  private final Arena arena = Arena.ofShared();

  private final MemorySegment one = arena.allocate(Long.BYTES, Long.BYTES);
  private final MemorySegment count = arena.allocate(Long.BYTES, Long.BYTES);
  private final AtomicBoolean isRaised = new AtomicBoolean();
  private final int descriptor;
  private boolean isClosed;

  private WakeSignal(int descriptor) {
    this.descriptor = descriptor;
    one.set(JAVA_LONG, 0, 1L);
  }

  static WakeSignal open() throws UringUnavailableException {
    int descriptor = LibC.eventfd();
    if (descriptor < 0) {
      throw new UringUnavailableException("eventfd failed with " + Errno.describe(descriptor));
    }
    return new WakeSignal(descriptor);
  }

  int descriptor() {
    return descriptor;
  }

  /// Makes the descriptor readable, with one system call for any number of calls until it is
  /// lowered.
  void raise() {
    if (isRaised.compareAndSet(false, true)) {
      writeOne();
    }
  }

  // Excludes close(): after it the number may be another file's.
  private synchronized void writeOne() {
    if (!isClosed) {
      LibC.write(descriptor, one);
    }
  }

  /// Makes the descriptor unreadable. In this order: were the flag lowered first, a call in between
  /// would set it again, its count be read here, and no later call would write.
  void lower() {
    LibC.read(descriptor, count);
    isRaised.set(false);
  }

  @Override
  public synchronized void close() {
    if (!isClosed) {
      isClosed = true;
      LibC.close(descriptor);
      arena.close();
    }
  }
}
