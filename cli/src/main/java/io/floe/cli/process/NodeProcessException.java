package io.floe.cli.process;

import java.io.Serial;

/// A node's process did not do what was asked. The message holds the end of its log.
public final class NodeProcessException extends RuntimeException {
  @Serial private static final long serialVersionUID = 1;

  public NodeProcessException(String message) {
    super(message);
  }

  public NodeProcessException(String message, Throwable cause) {
    super(message, cause);
  }
}
