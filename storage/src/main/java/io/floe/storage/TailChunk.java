package io.floe.storage;

import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.util.concurrent.atomic.AtomicInteger;

/// Page-aligned memory that mirrors a range of a segment file: written to the disk from here and
/// read from here while it is recent.
///
/// Ownership: counted. The segment holds one count until the chunk is evicted, each pin one more;
/// the last one gives the memory back to the pool.
///
/// Thread-safety: the counts, any thread. Bytes below the segment's end never change, so whoever
/// learned of an end reads below it without a lock; only the writer writes, at or above it.
final class TailChunk {
  final MemorySegment memory;

  /// The same memory as a big-endian buffer, for absolute access only.
  final ByteBuffer bytes;

  private final ChunkPool pool;
  private final AtomicInteger holders = new AtomicInteger();
  private long position;

  /// The cache that holds it, for eviction.
  private volatile TailCache owner;

  /// Counts how often the memory was handed out.
  private volatile long assignment;

  TailChunk(ChunkPool pool, MemorySegment memory, TailCache owner) {
    this.pool = pool;
    this.memory = memory;
    this.bytes = memory.asByteBuffer();
    this.owner = owner;
  }

  @SuppressWarnings("NonAtomicVolatileUpdate") // One thread at a time: nobody else holds it.
  void assign(TailCache owner, long position) {
    this.owner = owner;
    this.position = position;
    assignment++;
    holders.set(1);
  }

  long assignment() {
    return assignment;
  }

  TailCache owner() {
    return owner;
  }

  /// File position of its first byte.
  long position() {
    return position;
  }

  int sizeBytes() {
    return bytes.capacity();
  }

  long endPosition() {
    return position + bytes.capacity();
  }

  /// Counts a pin. The caller knows that somebody holds the chunk.
  void retain() {
    holders.incrementAndGet();
  }

  void release() {
    int left = holders.decrementAndGet();
    if (left == 0) {
      pool.giveBack(this);
    } else if (left < 0) {
      throw new IllegalStateException("chunk released more often than held");
    }
  }
}
