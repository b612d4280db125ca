package io.floe.storage;

/// Offsets from `from` (first) to `to` (first after).
public record OffsetRange(long from, long to) {
  public OffsetRange {
    if (from < 0 || to < from) {
      throw new IllegalArgumentException("offset range [" + from + ", " + to + ")");
    }
  }

  public boolean contains(long offset) {
    return offset >= from && offset < to;
  }
}
