package io.floe.gateway.network;

import java.nio.ByteBuffer;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import org.apache.kafka.common.memory.MemoryPool;

/// The memory of all requests that are being received or handled, bounded in sum.
///
/// A request is received into one buffer. Small ones are plain heap arrays, which the collector
/// frees for nothing; larger ones are direct buffers of a power of two, kept and used again: a new
/// array of a megabyte would be zeroed first and copied once more by the socket read.
///
/// When the bound is reached no more is handed out, connections that want more stop being read, and
/// `onRelief` is called when that ends. The bound may be passed by one request for each network
/// thread: a request that is larger than what is left is still taken, else a large one could starve
/// for ever beside many small ones.
///
/// Units: bytes. Thread-safety: any thread. Ownership: whoever got a buffer releases it, once, the
/// same object.
final class RequestMemory implements MemoryPool {
  /// Below this a heap array is cheaper than a trip to the free list.
  private static final int DIRECT_BYTES_MIN = 16 << 10;

  private static final int CLASSES = 32;

  private final long totalBytes;
  private final Runnable onRelief;
  private final AtomicLong usedBytes = new AtomicLong();
  private final AtomicLong freeBytes = new AtomicLong();
  private final AtomicBoolean isRefusing = new AtomicBoolean();
  private final ConcurrentLinkedQueue<ByteBuffer>[] free;

  RequestMemory(long totalBytes, Runnable onRelief) {
    this.totalBytes = totalBytes;
    this.onRelief = onRelief;
    @SuppressWarnings({"unchecked", "rawtypes"})
    ConcurrentLinkedQueue<ByteBuffer>[] lists = new ConcurrentLinkedQueue[CLASSES];
    for (int i = 0; i < CLASSES; i++) {
      lists[i] = new ConcurrentLinkedQueue<>();
    }
    this.free = lists;
  }

  /// A buffer whose limit is the wanted size, or null when memory is short.
  @Override
  @SuppressWarnings("NullAway") // Kafka's interface is not annotated: null says "not now".
  public ByteBuffer tryAllocate(int sizeBytes) {
    int capacity = capacityOf(sizeBytes);
    while (true) {
      long used = usedBytes.get();
      if (used >= totalBytes) {
        isRefusing.set(true);
        // Released in between: the relief may have been missed.
        if (usedBytes.get() >= totalBytes) {
          return null;
        }
      } else if (usedBytes.compareAndSet(used, used + capacity)) {
        return take(sizeBytes, capacity);
      }
    }
  }

  private ByteBuffer take(int sizeBytes, int capacity) {
    if (capacity < DIRECT_BYTES_MIN) {
      return ByteBuffer.allocate(sizeBytes);
    }
    ByteBuffer kept = free[classOf(capacity)].poll();
    if (kept == null) {
      kept = ByteBuffer.allocateDirect(capacity);
    } else {
      freeBytes.addAndGet(-capacity);
    }
    return kept.clear().limit(sizeBytes);
  }

  @Override
  public void release(ByteBuffer buffer) {
    int capacity = buffer.capacity();
    if (buffer.isDirect() && freeBytes.get() + capacity <= totalBytes) {
      freeBytes.addAndGet(capacity);
      free[classOf(capacity)].add(buffer);
    }
    long used = usedBytes.addAndGet(-capacity);
    if (used < totalBytes && isRefusing.get() && isRefusing.compareAndSet(true, false)) {
      onRelief.run();
    }
  }

  private static int capacityOf(int sizeBytes) {
    if (sizeBytes < DIRECT_BYTES_MIN) {
      return sizeBytes;
    }
    // The largest class holds every positive int but the topmost half; those are refused earlier.
    return sizeBytes > 1 << 30 ? sizeBytes : ceilingPowerOfTwo(sizeBytes);
  }

  private static int ceilingPowerOfTwo(int value) {
    return value == 1 ? 1 : Integer.highestOneBit(value - 1) << 1;
  }

  private static int classOf(int capacity) {
    return 31 - Integer.numberOfLeadingZeros(capacity);
  }

  @Override
  public long size() {
    return totalBytes;
  }

  @Override
  public long availableMemory() {
    return Math.max(0, totalBytes - usedBytes.get());
  }

  @Override
  public boolean isOutOfMemory() {
    return usedBytes.get() >= totalBytes;
  }

  long usedBytes() {
    return usedBytes.get();
  }
}
