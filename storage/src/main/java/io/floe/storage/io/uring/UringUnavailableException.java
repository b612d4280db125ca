package io.floe.storage.io.uring;

import java.io.Serial;

/// Says why this machine has no io_uring for us. The message is a reason and, where there is one,
/// what to do about it, for a line in the log.
public final class UringUnavailableException extends Exception {
  @Serial private static final long serialVersionUID = 1;

  UringUnavailableException(String message) {
    super(message);
  }

  UringUnavailableException(String message, Throwable cause) {
    super(message, cause);
  }
}
