package io.floe.storage;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// The chunks of one segment that are in memory: a contiguous range at its end.
///
/// Thread-safety: any thread.
final class TailCache {
  private final ChunkPool pool;
  private final List<TailChunk> chunks = new ArrayList<>();

  TailCache(ChunkPool pool) {
    this.pool = pool;
  }

  /// The chunk that holds `position`, or null.
  synchronized @Nullable TailChunk chunkAt(long position) {
    int at = indexOf(position);
    return at < 0 ? null : chunks.get(at);
  }

  /// The chunk of the writer's next byte, a new one if none holds it.
  ///
  /// @param neededBytes what the writer has to put from there on
  TailChunk chunkToWrite(long position, int neededBytes) {
    TailChunk chunk = chunkAt(position);
    if (chunk == null) {
      chunk = pool.take(this, position, neededBytes);
      synchronized (this) {
        chunks.add(chunk);
      }
    }
    return chunk;
  }

  /// The chunks that hold [from, to), each pinned, or null when not all of it is in memory.
  synchronized @Nullable List<TailChunk> pin(long from, long to) {
    int first = indexOf(from);
    if (first < 0 || chunks.getLast().endPosition() < to) {
      return null;
    }
    int last = first;
    while (chunks.get(last).endPosition() < to) {
      last++;
    }
    List<TailChunk> pinned = new ArrayList<>(chunks.subList(first, last + 1));
    pinned.forEach(TailChunk::retain);
    return pinned;
  }

  /// Offers chunks to the pool that became full and durable.
  synchronized void becameDurable(long fromPosition, long toPosition) {
    for (int i = chunks.size() - 1; i >= 0; i--) {
      TailChunk chunk = chunks.get(i);
      if (chunk.endPosition() <= fromPosition) {
        break;
      }
      if (chunk.endPosition() <= toPosition) {
        pool.offerForEviction(chunk);
      }
    }
  }

  /// Offers every chunk: nothing is added or written any more.
  synchronized void becameFinal() {
    chunks.forEach(pool::offerForEviction);
  }

  /// Lets go of a chunk and of all before it, so that what remains is contiguous.
  synchronized void evict(TailChunk chunk, long assignment) {
    int at = chunk.assignment() == assignment ? chunks.indexOf(chunk) : -1;
    for (int i = 0; i <= at; i++) {
      chunks.get(i).release();
    }
    chunks.subList(0, at + 1).clear();
  }

  /// Lets go of everything.
  synchronized void clear() {
    chunks.forEach(TailChunk::release);
    chunks.clear();
  }

  synchronized boolean isEmpty() {
    return chunks.isEmpty();
  }

  private int indexOf(long position) {
    int low = 0;
    int high = chunks.size() - 1;
    while (low <= high) {
      int middle = (low + high) >>> 1;
      TailChunk chunk = chunks.get(middle);
      if (position < chunk.position()) {
        high = middle - 1;
      } else if (position >= chunk.endPosition()) {
        low = middle + 1;
      } else {
        return middle;
      }
    }
    return -1;
  }
}
