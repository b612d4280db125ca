package io.floe.storage;

import java.nio.ByteBuffer;
import java.util.Arrays;

/// Some of a segment's batches, by offset, position and time: one entry for each so many bytes.
///
/// An entry says of a batch that begins there: its offset, its position, and, of everything before
/// it, the chain digest and the largest timestamp. Since the largest timestamp so far never falls,
/// the interval that holds the first record at or after a time is found by bisection. Batches
/// between two entries are found by stepping from header to header.
///
/// On disk an entry is four big-endian longs: offset, position, digest, largest timestamp before.
///
/// Thread-safety: any thread; entries are only added.
final class SparseIndex {
  static final int ENTRY_BYTES = 32;

  /// Largest timestamp of no batches.
  static final long NO_TIMESTAMP = -1;

  private static final int LONGS = 4;

  private long[] entries = new long[LONGS * 4];
  private int size;

  /// One entry. `number` is its place, -1 for none.
  record Entry(int number, long offset, long position, long digest, long maxTimestampBefore) {}

  synchronized void add(long offset, long position, long digest, long maxTimestampBefore) {
    int at = size * LONGS;
    if (at == entries.length) {
      entries = Arrays.copyOf(entries, entries.length * 2);
    }
    entries[at] = offset;
    entries[at + 1] = position;
    entries[at + 2] = digest;
    entries[at + 3] = maxTimestampBefore;
    size++;
  }

  synchronized int size() {
    return size;
  }

  synchronized Entry get(int number) {
    int at = number * LONGS;
    return new Entry(number, entries[at], entries[at + 1], entries[at + 2], entries[at + 3]);
  }

  /// The last entry at or before an offset. The first entry is the segment's first batch, so there
  /// is one for every offset from the base on once the segment has a batch.
  synchronized Entry floorByOffset(long offset) {
    return get(Math.max(0, lastAtMost(0, offset)));
  }

  /// The last entry at or before a position.
  synchronized Entry floorByPosition(long position) {
    return get(Math.max(0, lastAtMost(1, position)));
  }

  /// The number of the first entry before which a timestamp ≥ `timestamp` lies, or [#size()].
  synchronized int firstAfterTimestamp(long timestamp) {
    int low = 0;
    int high = size;
    while (low < high) {
      int middle = (low + high) >>> 1;
      if (entries[middle * LONGS + 3] >= timestamp) {
        high = middle;
      } else {
        low = middle + 1;
      }
    }
    return low;
  }

  private int lastAtMost(int column, long value) {
    int low = 0;
    int high = size;
    while (low < high) {
      int middle = (low + high) >>> 1;
      if (entries[middle * LONGS + column] <= value) {
        low = middle + 1;
      } else {
        high = middle;
      }
    }
    return low - 1;
  }

  synchronized byte[] encode(long belowPosition) {
    int count = lastAtMost(1, belowPosition - 1) + 1;
    ByteBuffer bytes = ByteBuffer.allocate(count * ENTRY_BYTES);
    for (int i = 0; i < count * LONGS; i++) {
      bytes.putLong(entries[i]);
    }
    return bytes.array();
  }

  static SparseIndex decode(ByteBuffer bytes, int count) {
    SparseIndex index = new SparseIndex();
    index.entries = new long[Math.max(1, count) * LONGS];
    index.size = count;
    for (int i = 0; i < count * LONGS; i++) {
      index.entries[i] = bytes.getLong();
    }
    return index;
  }
}
