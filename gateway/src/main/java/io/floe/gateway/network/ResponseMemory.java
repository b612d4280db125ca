package io.floe.gateway.network;

import java.util.ArrayDeque;
import java.util.Iterator;

/// The bytes of the log that are pinned by answers on their way to clients, bounded in sum. Who
/// wants more than is left waits in line.
///
/// The bound may be passed by one grant: the first in line is served as soon as anything is left,
/// so that a large answer cannot starve.
///
/// Units: bytes. Thread-safety: any thread.
public final class ResponseMemory {
  private final long totalBytes;
  private final ArrayDeque<Waiting> line = new ArrayDeque<>();
  private long usedBytes;

  public ResponseMemory(long totalBytes) {
    this.totalBytes = totalBytes;
  }

  private record Waiting(long bytes, Runnable granted) {}

  /// Reserves bytes, now or later.
  ///
  /// @param granted called once when they are reserved: at once on this thread, or by the thread
  ///   that releases others; must not block
  public void reserve(long bytes, Runnable granted) {
    synchronized (line) {
      if (usedBytes >= totalBytes || !line.isEmpty()) {
        line.add(new Waiting(bytes, granted));
        return;
      }
      usedBytes += bytes;
    }
    granted.run();
  }

  /// Gives up a wait.
  ///
  /// @return false when it was granted before: the bytes must then be released
  public boolean cancel(Runnable granted) {
    synchronized (line) {
      for (Iterator<Waiting> all = line.iterator(); all.hasNext(); ) {
        if (all.next().granted.equals(granted)) {
          all.remove();
          return true;
        }
      }
      return false;
    }
  }

  /// Gives bytes back, or takes a few more than were reserved (negative).
  public void release(long bytes) {
    ArrayDeque<Waiting> served = new ArrayDeque<>();
    synchronized (line) {
      usedBytes -= bytes;
      while (usedBytes < totalBytes) {
        Waiting first = line.poll();
        if (first == null) {
          break;
        }
        usedBytes += first.bytes;
        served.add(first);
      }
    }
    served.forEach(waiting -> waiting.granted.run());
  }

  /// Whether someone waits because slow readers hold the memory.
  boolean isShort() {
    synchronized (line) {
      return !line.isEmpty();
    }
  }

  public long usedBytes() {
    synchronized (line) {
      return usedBytes;
    }
  }
}
