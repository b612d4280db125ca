package io.floe.cli;

import java.io.Serial;

/// A command that did not succeed. Its message is the one line that the user sees, so it says what
/// to do where that is known.
final class CommandFailure extends RuntimeException {
  @Serial private static final long serialVersionUID = 1;

  private final int exitCode;

  CommandFailure(String message) {
    super(message);
    this.exitCode = ExitCodes.FAILURE;
  }

  CommandFailure(String message, Throwable cause) {
    super(message, cause);
    this.exitCode = ExitCodes.FAILURE;
  }

  private CommandFailure(String message, int exitCode) {
    super(message);
    this.exitCode = exitCode;
  }

  /// A command line that can never be right.
  static CommandFailure usage(String message) {
    return new CommandFailure(message, ExitCodes.USAGE);
  }

  int exitCode() {
    return exitCode;
  }
}
