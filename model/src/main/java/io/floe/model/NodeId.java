package io.floe.model;

/// The number of a node: handed out once per node identity, never reused, what Kafka clients see as
/// broker id.
///
/// @param value 0 or more
public record NodeId(int value) implements Comparable<NodeId> {
  public NodeId {
    if (value < 0) {
      throw new IllegalArgumentException("node id " + value + " is negative");
    }
  }

  @Override
  public int compareTo(NodeId other) {
    return Integer.compare(value, other.value);
  }

  @Override
  public String toString() {
    return Integer.toString(value);
  }
}
