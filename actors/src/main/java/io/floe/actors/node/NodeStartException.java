package io.floe.actors.node;

import java.io.Serial;

/// A node could not start. The message says what is wrong and what to do about it.
public final class NodeStartException extends Exception {
  @Serial private static final long serialVersionUID = 1;

  public NodeStartException(String message) {
    super(message);
  }

  public NodeStartException(String message, Throwable cause) {
    super(message, cause);
  }
}
