package io.floe.client;

import org.jspecify.annotations.Nullable;

/// Why a flow or a sink failed. Records that were answered before are in the log; of those that
/// were not, some may be.
public final class ProducerException extends RuntimeException {
  private static final long serialVersionUID = 1;

  /// The kinds.
  public enum Reason {
    /// There is no such topic or partition, or it was deleted.
    UNKNOWN_PARTITION,
    /// The record is larger than `record-bytes-max`.
    RECORD_TOO_LARGE,
    /// No acknowledgement within `delivery-timeout`.
    DELIVERY_TIMEOUT,
    /// Someone else writes with this producer's id.
    PRODUCER_FENCED,
    /// The log does not know the records before these, though they were acknowledged.
    OUT_OF_ORDER_SEQUENCE,
    /// The node's store failed and takes nothing until a restart.
    STORE_FAILED,
    /// The node has no producer ids to give.
    NO_PRODUCER_ID
  }

  private final Reason reason;
  private final String topic;
  private final int partition;

  ProducerException(Reason reason, String topic, int partition, String message) {
    this(reason, topic, partition, message, null);
  }

  ProducerException(
      Reason reason, String topic, int partition, String message, @Nullable Throwable cause) {
    super(
        (topic.isEmpty() ? "" : topic + (partition < 0 ? "" : "-" + partition) + ": ") + message,
        cause);
    this.reason = reason;
    this.topic = topic;
    this.partition = partition;
  }

  public Reason reason() {
    return reason;
  }

  /// Empty when the failure is of no topic.
  public String topic() {
    return topic;
  }

  /// -1 when none was chosen yet.
  public int partition() {
    return partition;
  }
}
