package io.floe.client;

import java.util.List;
import org.jspecify.annotations.Nullable;

/// A record as a source delivers it.
///
/// @param timestamp milliseconds since the epoch: the producer's, or the log's where the topic says
///   so
/// @param epoch the tenure that wrote it; Kafka's leader epoch
/// @param key null when the record has none
/// @param value null when the record has none
public record ConsumerRecord<K, V>(
    String topic,
    int partition,
    long offset,
    long timestamp,
    int epoch,
    @Nullable K key,
    @Nullable V value,
    List<Header> headers) {
  public ConsumerRecord {
    headers = List.copyOf(headers);
  }

  public TopicPartition topicPartition() {
    return new TopicPartition(topic, partition);
  }

  public PartitionOffset partitionOffset() {
    return new PartitionOffset(topicPartition(), offset);
  }
}
