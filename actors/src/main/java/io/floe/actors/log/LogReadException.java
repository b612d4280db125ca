package io.floe.actors.log;

import java.io.Serial;

/// A look-up could not be answered because bytes that it needs cannot be read. The message says
/// which.
public final class LogReadException extends RuntimeException {
  @Serial private static final long serialVersionUID = 1;

  public LogReadException(String message, Throwable cause) {
    super(message, cause);
  }
}
