package io.floe.gateway.tool;

import io.floe.gateway.tool.RemoteException.Kind;
import java.util.concurrent.ExecutionException;
import java.util.function.Supplier;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.KafkaFuture;
import org.apache.kafka.common.errors.DisconnectException;
import org.apache.kafka.common.errors.InterruptException;
import org.apache.kafka.common.errors.InvalidConfigurationException;
import org.apache.kafka.common.errors.InvalidPartitionsException;
import org.apache.kafka.common.errors.InvalidReplicationFactorException;
import org.apache.kafka.common.errors.InvalidRequestException;
import org.apache.kafka.common.errors.InvalidTopicException;
import org.apache.kafka.common.errors.OffsetOutOfRangeException;
import org.apache.kafka.common.errors.PolicyViolationException;
import org.apache.kafka.common.errors.RecordBatchTooLargeException;
import org.apache.kafka.common.errors.RecordTooLargeException;
import org.apache.kafka.common.errors.TimeoutException;
import org.apache.kafka.common.errors.TopicExistsException;
import org.apache.kafka.common.errors.UnknownTopicIdException;
import org.apache.kafka.common.errors.UnknownTopicOrPartitionException;
import org.apache.kafka.common.errors.UnsupportedVersionException;
import org.apache.kafka.common.errors.WakeupException;
import org.jspecify.annotations.Nullable;

/// What a failure of Kafka's client means to the person who called the tool.
final class RemoteFailures {
  private RemoteFailures() {}

  static <T> T await(String action, @Nullable KafkaFuture<T> future) {
    try {
      return present(action, future).get();
    } catch (ExecutionException e) {
      throw of(action, e.getCause() == null ? e : e.getCause());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new RemoteException(action + ": interrupted", Kind.INTERRUPTED, e);
    }
  }

  static <T> T translating(String action, Supplier<T> call) {
    try {
      return call.get();
    } catch (KafkaException e) {
      throw of(action, e);
    }
  }

  static <T> T present(String action, @Nullable T value) {
    if (value == null) {
      throw new RemoteException(action + ": the node's answer is incomplete", Kind.FAILED);
    }
    return value;
  }

  static RemoteException of(String action, Throwable cause) {
    Throwable root =
        cause.getClass() == KafkaException.class && cause.getCause() != null
            ? cause.getCause()
            : cause;
    return new RemoteException(action + ": " + root.getMessage(), kind(root), cause);
  }

  private static Kind kind(Throwable failure) {
    return switch (failure) {
      case TimeoutException e -> Kind.TIMEOUT;
      case UnknownTopicOrPartitionException e -> Kind.UNKNOWN_TOPIC;
      case UnknownTopicIdException e -> Kind.UNKNOWN_TOPIC;
      case TopicExistsException e -> Kind.TOPIC_EXISTS;
      case RecordTooLargeException e -> Kind.TOO_LARGE;
      case RecordBatchTooLargeException e -> Kind.TOO_LARGE;
      case OffsetOutOfRangeException e -> Kind.OUT_OF_RANGE;
      case UnsupportedVersionException e -> Kind.UNSUPPORTED;
      case InvalidTopicException e -> Kind.INVALID;
      case InvalidPartitionsException e -> Kind.INVALID;
      case InvalidReplicationFactorException e -> Kind.INVALID;
      case InvalidConfigurationException e -> Kind.INVALID;
      case InvalidRequestException e -> Kind.INVALID;
      case PolicyViolationException e -> Kind.INVALID;
      case org.apache.kafka.common.config.ConfigException e -> Kind.INVALID;
      case WakeupException e -> Kind.INTERRUPTED;
      case InterruptException e -> Kind.INTERRUPTED;
      case DisconnectException e -> Kind.UNREACHABLE;
      default -> Kind.FAILED;
    };
  }
}
