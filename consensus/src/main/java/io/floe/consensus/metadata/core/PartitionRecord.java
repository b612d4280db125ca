package io.floe.consensus.metadata.core;

import org.pcollections.PVector;

/// A partition: its chain of segments, in offset order, dense. Only the last one may be not sealed.
///
/// @param logStartOffset first offset that retention keeps
/// @param chain never empty
public record PartitionRecord(int index, long logStartOffset, PVector<SegmentRecord> chain) {
  public PartitionRecord {
    if (chain.isEmpty()) {
      throw new IllegalArgumentException("partition " + index + " has no segment");
    }
  }

  /// The last segment: the open one, or the one that is being sealed.
  public SegmentRecord last() {
    return chain.get(chain.size() - 1);
  }
}
