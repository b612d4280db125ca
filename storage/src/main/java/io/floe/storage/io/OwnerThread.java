package io.floe.storage.io;

import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/// Guard of the rule that transfers and reaps of a [StorageIo] belong to the first thread that does
/// one.
///
/// Thread-safety: any thread may ask.
public final class OwnerThread {
  private final AtomicReference<@Nullable Thread> owner = new AtomicReference<>();

  /// Makes the calling thread the owner if there is none yet.
  ///
  /// @throws IllegalStateException if another thread owns the transfers
  public void claim() {
    Thread caller = Thread.currentThread();
    Thread current = owner.getPlain();
    if (current != caller && !owner.compareAndSet(null, caller)) {
      throw new IllegalStateException(
          "transfers and reaps belong to thread " + owner.get() + ", called by " + caller);
    }
  }

  /// Null before the first transfer or reap.
  public @Nullable Thread get() {
    return owner.get();
  }

  /// Whether the calling thread owns the transfers.
  public boolean isCaller() {
    return owner.get() == Thread.currentThread();
  }
}
