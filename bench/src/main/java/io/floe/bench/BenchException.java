package io.floe.bench;

import java.io.Serial;

/// A benchmark could not be carried out. The message is what the user sees.
public final class BenchException extends RuntimeException {
  @Serial private static final long serialVersionUID = 1;

  public BenchException(String message) {
    super(message);
  }

  public BenchException(String message, Throwable cause) {
    super(message, cause);
  }
}
