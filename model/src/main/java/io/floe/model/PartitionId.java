package io.floe.model;

/// The identity of a partition: its topic and its index in it.
///
/// @param index 0 or more, dense within the topic
public record PartitionId(TopicId topic, int index) implements Comparable<PartitionId> {
  public PartitionId {
    if (index < 0) {
      throw new IllegalArgumentException("partition index " + index + " is negative");
    }
  }

  @Override
  public int compareTo(PartitionId other) {
    int byTopic = topic.compareTo(other.topic);
    return byTopic != 0 ? byTopic : Integer.compare(index, other.index);
  }

  @Override
  public String toString() {
    return topic + "-" + index;
  }
}
