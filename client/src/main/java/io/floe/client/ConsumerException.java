package io.floe.client;

import org.jspecify.annotations.Nullable;

/// Why a source failed, and where. Every record before [#offset()] was delivered when this arrives,
/// so a new stream may start there.
public abstract sealed class ConsumerException extends RuntimeException {
  private static final long serialVersionUID = 1;

  private final String topic;
  private final int partition;
  private final long offset;

  private ConsumerException(
      TopicPartition partition, long offset, String message, @Nullable Throwable cause) {
    super(partition + (offset < 0 ? "" : " at offset " + offset) + ": " + message, cause);
    this.topic = partition.topic();
    this.partition = partition.partition();
    this.offset = offset;
  }

  public TopicPartition partition() {
    return new TopicPartition(topic, partition);
  }

  /// The offset that could not be read, or -1 when the start was not found yet.
  public long offset() {
    return offset;
  }

  /// There is no such topic or partition.
  public static final class UnknownPartition extends ConsumerException {
    private static final long serialVersionUID = 1;

    UnknownPartition(TopicPartition partition, String message) {
      super(partition, -1, message, null);
    }
  }

  /// The topic was deleted while it was read, even if another one has its name by now.
  public static final class TopicDeleted extends ConsumerException {
    private static final long serialVersionUID = 1;

    TopicDeleted(TopicPartition partition, long offset) {
      super(partition, offset, "the topic was deleted", null);
    }
  }

  /// The offset is below the log start (retention took it) or above the log end.
  public static final class OffsetOutOfRange extends ConsumerException {
    private static final long serialVersionUID = 1;
    private final long logStartOffset;
    private final long logEndOffset;

    OffsetOutOfRange(
        TopicPartition partition, long offset, long logStartOffset, long logEndOffset) {
      super(
          partition,
          offset,
          "out of range, the log has [" + logStartOffset + ", " + logEndOffset + ")",
          null);
      this.logStartOffset = logStartOffset;
      this.logEndOffset = logEndOffset;
    }

    public long logStartOffset() {
      return logStartOffset;
    }

    public long logEndOffset() {
      return logEndOffset;
    }
  }

  /// The bytes there are damaged on disk.
  public static final class Damaged extends ConsumerException {
    private static final long serialVersionUID = 1;
    private final long nextOffset;

    Damaged(TopicPartition partition, long offset, long nextOffset, String message) {
      super(partition, offset, message + "; readable again at " + nextOffset, null);
      this.nextOffset = nextOffset;
    }

    /// First offset behind the damage: start there to go on without the lost records.
    public long nextOffset() {
      return nextOffset;
    }
  }

  /// What was read is not what was written: the checksum of a batch does not match.
  public static final class Corrupt extends ConsumerException {
    private static final long serialVersionUID = 1;

    Corrupt(TopicPartition partition, long offset, String message) {
      super(partition, offset, message, null);
    }
  }

  /// A record could not be taken from its batch, or its deserializer threw.
  public static final class Undecodable extends ConsumerException {
    private static final long serialVersionUID = 1;

    Undecodable(TopicPartition partition, long offset, Throwable cause) {
      super(partition, offset, "cannot decode: " + cause.getMessage(), cause);
    }
  }

  /// The node could not serve the partition for longer than
  /// [ConsumerSettings#unavailableTimeout()].
  public static final class Unavailable extends ConsumerException {
    private static final long serialVersionUID = 1;

    Unavailable(TopicPartition partition, long offset, String message) {
      super(partition, offset, message, null);
    }
  }
}
