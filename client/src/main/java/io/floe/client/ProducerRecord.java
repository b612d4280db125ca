package io.floe.client;

import java.util.List;
import org.jspecify.annotations.Nullable;

/// A record to write.
///
/// @param partition where it goes; null to let its key decide
/// @param timestamp milliseconds since the epoch; null for the time when the stream takes it
/// @param key null for none
/// @param value null for none: a deletion mark where the topic is compacted
public record ProducerRecord<K, V>(
    String topic,
    @Nullable Integer partition,
    @Nullable Long timestamp,
    @Nullable K key,
    @Nullable V value,
    List<Header> headers) {
  public ProducerRecord {
    if (topic.isEmpty()) {
      throw new IllegalArgumentException("topic is empty");
    }
    if (partition != null && partition < 0) {
      throw new IllegalArgumentException(
          "partition " + partition + " of " + topic + " is negative");
    }
    if (timestamp != null && timestamp < 0) {
      throw new IllegalArgumentException("timestamp " + timestamp + " is negative");
    }
    headers = List.copyOf(headers);
  }

  /// Without a key: partitions take turns, a batch each.
  public static <K, V> ProducerRecord<K, V> of(String topic, @Nullable V value) {
    return new ProducerRecord<>(topic, null, null, null, value, List.of());
  }

  /// Records with equal keys go to the same partition, the one that Kafka's own clients choose.
  public static <K, V> ProducerRecord<K, V> of(String topic, @Nullable K key, @Nullable V value) {
    return new ProducerRecord<>(topic, null, null, key, value, List.of());
  }

  public ProducerRecord<K, V> withPartition(int partition) {
    return new ProducerRecord<>(topic, partition, timestamp, key, value, headers);
  }

  public ProducerRecord<K, V> withTimestamp(long millis) {
    return new ProducerRecord<>(topic, partition, millis, key, value, headers);
  }

  public ProducerRecord<K, V> withHeaders(List<Header> headers) {
    return new ProducerRecord<>(topic, partition, timestamp, key, value, headers);
  }
}
