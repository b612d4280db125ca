package io.floe.model;

import java.util.UUID;

/// The identity of a topic: survives nothing but the topic itself, so that a topic deleted and
/// created again under one name is another topic.
///
/// Order: by unsigned bytes, as Kafka sorts its ids; deterministic on every machine.
public record TopicId(UUID value) implements Comparable<TopicId> {
  @Override
  public int compareTo(TopicId other) {
    int high =
        Long.compareUnsigned(value.getMostSignificantBits(), other.value.getMostSignificantBits());
    return high != 0
        ? high
        : Long.compareUnsigned(
            value.getLeastSignificantBits(), other.value.getLeastSignificantBits());
  }

  @Override
  public String toString() {
    return value.toString();
  }
}
