package io.floe.actors.partition;

import io.floe.actors.log.PartitionLog;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;

/// The readers that wait for a partition's high watermark to pass an offset.
///
/// Thread-safety: any thread. A wait is woken at most once; wakes run outside the lock, so a waker
/// may wait again at once.
final class HighWatermarkWaits {
  private final Set<Waiting> waiting = new LinkedHashSet<>();

  /// Read without the lock by the writer on every group: no reader waits most of the time.
  private volatile int count;

  /// Registers a wait. The caller looks at the high watermark again afterwards and closes the wait
  /// when it has already passed, so that no wake is lost.
  Waiting add(long offset, Runnable wake) {
    Waiting wait = new Waiting(offset, wake);
    synchronized (waiting) {
      waiting.add(wait);
      count = waiting.size();
    }
    return wait;
  }

  /// Wakes those whose offset is now below the high watermark.
  void passed(long highWatermark) {
    if (count > 0) {
      wake(highWatermark);
    }
  }

  /// Wakes all, whatever they wait for.
  void wakeAll() {
    wake(Long.MAX_VALUE);
  }

  private void wake(long highWatermark) {
    List<Waiting> woken = new ArrayList<>();
    synchronized (waiting) {
      for (Iterator<Waiting> each = waiting.iterator(); each.hasNext(); ) {
        Waiting wait = each.next();
        if (wait.offset < highWatermark) {
          each.remove();
          woken.add(wait);
        }
      }
      count = waiting.size();
    }
    woken.forEach(wait -> EdgeCallback.run(wait.wake));
  }

  final class Waiting implements PartitionLog.Wait {
    private final long offset;
    private final Runnable wake;

    private Waiting(long offset, Runnable wake) {
      this.offset = offset;
      this.wake = wake;
    }

    /// Whether the wait was still there: false means that it has been woken.
    boolean remove() {
      synchronized (waiting) {
        boolean removed = waiting.remove(this);
        count = waiting.size();
        return removed;
      }
    }

    @Override
    public void close() {
      remove();
    }
  }
}
