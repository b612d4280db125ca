package io.floe.client;

/// A partition as an application names it.
///
/// @param partition index in the topic, from 0
public record TopicPartition(String topic, int partition) {
  public TopicPartition {
    if (topic.isEmpty()) {
      throw new IllegalArgumentException("topic is empty");
    }
    if (partition < 0) {
      throw new IllegalArgumentException(
          "partition " + partition + " of " + topic + " is negative");
    }
  }

  @Override
  public String toString() {
    return topic + "-" + partition;
  }
}
