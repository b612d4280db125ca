package io.floe.actors.node;

/// The node must leave and come back, in the same process: nothing is broken.
///
/// Thread-safety: immutable.
public final class NodeRejoinException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  NodeRejoinException(String message) {
    super(message);
  }
}
