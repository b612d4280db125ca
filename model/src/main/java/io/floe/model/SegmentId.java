package io.floe.model;

/// The name of a segment: allocated in order by the metadata log, unique in the cluster, never
/// reused.
///
/// @param value 1 or more
public record SegmentId(long value) implements Comparable<SegmentId> {
  public SegmentId {
    if (value < 1) {
      throw new IllegalArgumentException("segment id " + value + " is not positive");
    }
  }

  @Override
  public int compareTo(SegmentId other) {
    return Long.compare(value, other.value);
  }

  @Override
  public String toString() {
    return Long.toString(value);
  }
}
