package io.floe.consensus.raft.core;

/// Bytes that are not what a [RaftCodec] wrote, or that a newer version wrote.
///
/// Errors: nothing was decoded. A message is dropped; stored bytes that cannot be read must stop
/// the node.
public final class MalformedRaft extends RuntimeException {
  private static final long serialVersionUID = 1;

  public MalformedRaft(String message) {
    super(message);
  }

  public MalformedRaft(String message, Throwable cause) {
    super(message, cause);
  }
}
