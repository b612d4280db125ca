package io.floe.consensus.replication.core;

/// Requests in the order in which they came: a ring of parallel arrays that grows to its bound, so
/// that an idle partition costs little and a busy one allocates nothing per batch.
final class PendingAppends {
  private static final int SIZE_AT_FIRST = 8;

  private final int batchesMax;
  private final long bytesMax;
  private long[] tokens = new long[SIZE_AT_FIRST];
  private long[] baseOffsets = new long[SIZE_AT_FIRST];
  private long[] endOffsets = new long[SIZE_AT_FIRST];
  private int[] sizesBytes = new int[SIZE_AT_FIRST];
  private int first;
  private int count;
  private long bytes;

  PendingAppends(int batchesMax, long bytesMax) {
    this.batchesMax = batchesMax;
    this.bytesMax = bytesMax;
  }

  boolean hasRoom(int sizeBytes) {
    return count < batchesMax && (count == 0 || bytes + sizeBytes <= bytesMax);
  }

  boolean isEmpty() {
    return count == 0;
  }

  int count() {
    return count;
  }

  /// @param sizeBytes what it counts against the bound; 0 for a duplicate, which is not written
  void add(long token, long baseOffset, long endOffset, int sizeBytes) {
    if (count == tokens.length) {
      grow();
    }
    int slot = slot(count++);
    tokens[slot] = token;
    baseOffsets[slot] = baseOffset;
    endOffsets[slot] = endOffset;
    sizesBytes[slot] = sizeBytes;
    bytes += sizeBytes;
  }

  long firstToken() {
    return tokens[first];
  }

  long firstBaseOffset() {
    return baseOffsets[first];
  }

  long firstEndOffset() {
    return endOffsets[first];
  }

  /// Whether the first one is a duplicate: it waits for another one's record.
  boolean isFirstDuplicate() {
    return sizesBytes[first] == 0;
  }

  void removeFirst() {
    bytes -= sizesBytes[first];
    first = slot(1);
    count--;
  }

  private int slot(int index) {
    return (first + index) & (tokens.length - 1);
  }

  private void grow() {
    int size = tokens.length * 2;
    long[] grownTokens = new long[size];
    long[] grownBases = new long[size];
    long[] grownEnds = new long[size];
    int[] grownSizes = new int[size];
    for (int i = 0; i < count; i++) {
      int slot = slot(i);
      grownTokens[i] = tokens[slot];
      grownBases[i] = baseOffsets[slot];
      grownEnds[i] = endOffsets[slot];
      grownSizes[i] = sizesBytes[slot];
    }
    tokens = grownTokens;
    baseOffsets = grownBases;
    endOffsets = grownEnds;
    sizesBytes = grownSizes;
    first = 0;
  }
}
