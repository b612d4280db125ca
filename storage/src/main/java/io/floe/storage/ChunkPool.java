package io.floe.storage;

import io.floe.storage.io.AlignedMemory;
import java.lang.foreign.Arena;
import java.util.ArrayDeque;
import java.util.LinkedHashSet;
import java.util.SequencedSet;
import org.jspecify.annotations.Nullable;

/// The memory of a store's tail chunks: hands it out, takes it back, and evicts the oldest durable
/// chunks when there is more than the budget.
///
/// Memory comes from automatic arenas: what the pool lets go is freed by the collector when the
/// last slice of it is gone, so that no reader can meet freed memory.
///
/// Thread-safety: any thread. Lock order: a cache's lock may be held when this one is taken, never
/// the other way round.
final class ChunkPool {
  /// Sizes that chunks grow through as a segment grows: small topics cost kilobytes.
  private static final int[] SIZES = {4 << 10, 16 << 10, 64 << 10, 256 << 10, 1 << 20};

  private final long budgetBytes;
  private final ArrayDeque<TailChunk>[] free = newQueues();

  /// Full and durable chunks that somebody holds, oldest first.
  private final SequencedSet<TailChunk> evictable = new LinkedHashSet<>();

  private long usedBytes;
  private long freeBytes;

  ChunkPool(long budgetBytes) {
    this.budgetBytes = budgetBytes;
  }

  @SuppressWarnings({"unchecked", "rawtypes"})
  private static ArrayDeque<TailChunk>[] newQueues() {
    ArrayDeque<TailChunk>[] queues = new ArrayDeque[SIZES.length];
    for (int i = 0; i < queues.length; i++) {
      queues[i] = new ArrayDeque<>();
    }
    return queues;
  }

  /// A chunk for `position`, sized by how far the segment has come.
  TailChunk take(TailCache owner, long position, int neededBytes) {
    int sizeClass = 0;
    while (sizeClass < SIZES.length - 1
        && (SIZES[sizeClass] < position || SIZES[sizeClass] < neededBytes)) {
      sizeClass++;
    }
    TailChunk chunk;
    synchronized (this) {
      chunk = free[sizeClass].pollLast();
      usedBytes += SIZES[sizeClass];
      if (chunk != null) {
        freeBytes -= SIZES[sizeClass];
      }
    }
    if (chunk == null) {
      chunk = new TailChunk(this, AlignedMemory.allocate(Arena.ofAuto(), SIZES[sizeClass]), owner);
    }
    chunk.assign(owner, position);
    trim();
    return chunk;
  }

  synchronized void giveBack(TailChunk chunk) {
    usedBytes -= chunk.sizeBytes();
    evictable.remove(chunk);
    // Kept memory counts against the budget too; a quarter of it is enough to reuse.
    if (freeBytes + chunk.sizeBytes() <= budgetBytes / 4) {
      for (int i = 0; i < SIZES.length; i++) {
        if (SIZES[i] == chunk.sizeBytes()) {
          free[i].addLast(chunk);
          freeBytes += chunk.sizeBytes();
        }
      }
    }
  }

  /// Says that a chunk is full and durable: it may be evicted when its turn comes.
  synchronized void offerForEviction(TailChunk chunk) {
    evictable.add(chunk);
  }

  /// Evicts until the budget is kept or nothing is left to evict. Called without a lock.
  void trim() {
    while (true) {
      Eviction oldest = pollOverBudget();
      if (oldest == null) {
        return;
      }
      oldest.owner.evict(oldest.chunk, oldest.assignment);
    }
  }

  /// A chunk to evict, if it still has that assignment: meanwhile it may have come back and gone to
  /// another segment.
  private record Eviction(TailCache owner, TailChunk chunk, long assignment) {}

  private synchronized @Nullable Eviction pollOverBudget() {
    if (usedBytes <= budgetBytes || evictable.isEmpty()) {
      return null;
    }
    TailChunk chunk = evictable.removeFirst();
    return new Eviction(chunk.owner(), chunk, chunk.assignment());
  }

  synchronized long usedBytes() {
    return usedBytes;
  }
}
