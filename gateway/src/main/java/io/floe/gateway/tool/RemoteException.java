package io.floe.gateway.tool;

import java.io.Serial;

/// A call to a node that did not succeed. The message is one sentence for the person at the
/// keyboard and names the topic, partition or address it is about.
public final class RemoteException extends RuntimeException {
  @Serial private static final long serialVersionUID = 1;

  /// What kind of failure it is; a tool chooses its exit code by it.
  public enum Kind {
    /// No node answers at the address.
    UNREACHABLE,
    /// A node answered before and the call got no answer in time: its outcome is unknown.
    TIMEOUT,
    UNKNOWN_TOPIC,
    /// The topic exists, the partition does not.
    UNKNOWN_PARTITION,
    TOPIC_EXISTS,
    /// A name, number, config or address that can never be right.
    INVALID,
    /// The record or batch is larger than the topic takes.
    TOO_LARGE,
    /// The wanted offset is not in the log.
    OUT_OF_RANGE,
    /// The node does not offer this.
    UNSUPPORTED,
    /// The node gave up for a reason of its own (disk full, store failed); its log says more.
    FAILED,
    /// The calling thread was interrupted or the client was closed meanwhile.
    INTERRUPTED
  }

  private final Kind kind;

  public RemoteException(String message, Kind kind) {
    super(message);
    this.kind = kind;
  }

  public RemoteException(String message, Kind kind, Throwable cause) {
    super(message, cause);
    this.kind = kind;
  }

  public Kind kind() {
    return kind;
  }
}
