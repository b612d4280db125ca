package io.floe.client;

import java.util.Map;
import java.util.Set;

/// What a source reads, and from where. Made by [Subscriptions].
public sealed interface Subscription {

  /// Every partition of some topics, those that are added later too.
  record Topics(Set<String> topics, StartAt start) implements Subscription {
    public Topics {
      topics = Set.copyOf(topics);
      if (topics.isEmpty()) {
        throw new IllegalArgumentException("the subscription names no topic");
      }
    }

    /// The same topics from another place. A partition that is added while the stream runs is
    /// always read from its beginning: nothing in it is older than the stream.
    public Topics startingAt(StartAt start) {
      return new Topics(topics, start);
    }
  }

  /// These partitions and no others.
  record Assignment(Map<TopicPartition, StartAt> partitions) implements Subscription {
    public Assignment {
      partitions = Map.copyOf(partitions);
      if (partitions.isEmpty()) {
        throw new IllegalArgumentException("the subscription names no partition");
      }
    }
  }
}
