package io.floe.client;

import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;

/// Makes subscriptions.
public final class Subscriptions {
  private Subscriptions() {}

  /// All partitions of the topics, from the earliest record; [Subscription.Topics#startingAt]
  /// changes the place.
  public static Subscription.Topics topics(String... topics) {
    return topics(Set.of(topics));
  }

  /// All partitions of the topics, from the earliest record.
  public static Subscription.Topics topics(Set<String> topics) {
    return new Subscription.Topics(topics, StartAt.earliest());
  }

  /// One partition.
  public static Subscription.Assignment assignment(TopicPartition partition, StartAt start) {
    return new Subscription.Assignment(Map.of(partition, start));
  }

  /// Some partitions, each from its own place.
  public static Subscription.Assignment assignment(Map<TopicPartition, StartAt> partitions) {
    return new Subscription.Assignment(partitions);
  }

  /// One partition from an offset.
  public static Subscription.Assignment assignmentWithOffset(
      TopicPartition partition, long offset) {
    return assignment(partition, StartAt.offset(offset));
  }

  /// Some partitions, each from its own offset: the next to read.
  public static Subscription.Assignment assignmentWithOffset(Map<TopicPartition, Long> offsets) {
    return new Subscription.Assignment(mapped(offsets, StartAt::offset));
  }

  /// One partition from the first record that is not older than `time`.
  public static Subscription.Assignment assignmentOffsetsForTimes(
      TopicPartition partition, Instant time) {
    return assignment(partition, StartAt.timestamp(time));
  }

  /// Some partitions, each from the first record that is not older than its time.
  public static Subscription.Assignment assignmentOffsetsForTimes(
      Map<TopicPartition, Instant> times) {
    return new Subscription.Assignment(mapped(times, StartAt::timestamp));
  }

  private static <T> Map<TopicPartition, StartAt> mapped(
      Map<TopicPartition, T> places, Function<T, StartAt> start) {
    Map<TopicPartition, StartAt> starts = new LinkedHashMap<>();
    places.forEach((partition, place) -> starts.put(partition, start.apply(place)));
    return starts;
  }
}
