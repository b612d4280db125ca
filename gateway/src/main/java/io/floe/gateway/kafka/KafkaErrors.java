package io.floe.gateway.kafka;

import io.floe.actors.log.AppendResult;
import io.floe.consensus.metadata.core.Refusal;
import io.floe.model.batch.BatchValidation;
import org.apache.kafka.common.protocol.Errors;

/// What the log's outcomes are called in the Kafka protocol: the one place that knows.
///
/// The code decides what a client does next: look up the metadata and send again (3, 5, 6, 9, 56,
/// 74, 100), send again (7, 14, 15, 19, 20), or give up (most others). A partition that is only not
/// ready yet is never "unknown", since that may create or drop topics.
final class KafkaErrors {
  private KafkaErrors() {}

  static Errors of(AppendResult.Reason reason) {
    return switch (reason) {
      case OUT_OF_ORDER_SEQUENCE -> Errors.OUT_OF_ORDER_SEQUENCE_NUMBER;
      case PRODUCER_FENCED -> Errors.INVALID_PRODUCER_EPOCH;
      case NOT_WRITER -> Errors.NOT_LEADER_OR_FOLLOWER;
      case UNKNOWN_PARTITION -> Errors.UNKNOWN_TOPIC_OR_PARTITION;
      // Nothing was appended and the same batch may come again: a plain retry.
      case OVERLOADED -> Errors.REQUEST_TIMED_OUT;
      // Producers retry until their delivery timeout, so the append succeeds if space comes back.
      case NO_SPACE, STORE_FAILED -> Errors.KAFKA_STORAGE_ERROR;
    };
  }

  /// The batch may be in the log: idempotent producers may send it again, others at their own risk.
  static Errors ofUnknownOutcome() {
    return Errors.NOT_ENOUGH_REPLICAS_AFTER_APPEND;
  }

  static Errors of(Refusal.Reason reason) {
    return switch (reason) {
      case INVALID_NAME -> Errors.INVALID_TOPIC_EXCEPTION;
      case INVALID_PARTITIONS -> Errors.INVALID_PARTITIONS;
      case INVALID_REPLICATION_FACTOR -> Errors.INVALID_REPLICATION_FACTOR;
      case INVALID_CONFIG -> Errors.INVALID_CONFIG;
      case TOPIC_EXISTS -> Errors.TOPIC_ALREADY_EXISTS;
      case UNKNOWN_TOPIC -> Errors.UNKNOWN_TOPIC_OR_PARTITION;
      case UNKNOWN_SEGMENT, UNKNOWN_NODE -> Errors.UNKNOWN_SERVER_ERROR;
      // Someone else changed it meanwhile; the same request may succeed now.
      case CONFLICT -> Errors.REQUEST_TIMED_OUT;
      case LIMIT_REACHED -> Errors.POLICY_VIOLATION;
      case NOT_STORED -> Errors.KAFKA_STORAGE_ERROR;
    };
  }

  static Errors of(BatchValidation.Reason reason) {
    return switch (reason) {
      case TRUNCATED, CORRUPT -> Errors.CORRUPT_MESSAGE;
      // Java producers split the batch and send the parts.
      case TOO_LARGE -> Errors.MESSAGE_TOO_LARGE;
      case UNSUPPORTED_MAGIC, INVALID_RECORD -> Errors.INVALID_RECORD;
      case UNSUPPORTED_COMPRESSION -> Errors.UNSUPPORTED_COMPRESSION_TYPE;
      case INVALID_TIMESTAMP -> Errors.INVALID_TIMESTAMP;
    };
  }
}
