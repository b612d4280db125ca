package io.floe.client;

import io.floe.model.batch.BatchHeader;
import java.nio.ByteBuffer;

/// A batch as it lies in the log: compressed as its producer sent it, with its checksum verified.
///
/// The first batch of a partition holds the offset that was asked for and may begin before it.
/// Control batches (markers of transactions) are delivered too.
///
/// @param bytes the whole batch in record batch format v2, read-only; a copy that the receiver may
///   keep
public record ConsumerBatch(String topic, int partition, ByteBuffer bytes) {

  public TopicPartition topicPartition() {
    return new TopicPartition(topic, partition);
  }

  /// Offset of its first record.
  public long baseOffset() {
    return BatchHeader.baseOffset(bytes, 0);
  }

  /// Offset after its last record.
  public long nextOffset() {
    return BatchHeader.nextOffset(bytes, 0);
  }

  public int recordCount() {
    return BatchHeader.recordCount(bytes, 0);
  }

  /// The tenure that wrote it.
  public int epoch() {
    return BatchHeader.epoch(bytes, 0);
  }

  /// Milliseconds since the epoch.
  public long maxTimestamp() {
    return BatchHeader.maxTimestamp(bytes, 0);
  }

  public boolean isControl() {
    return BatchHeader.isControl(bytes, 0);
  }
}
