package io.floe.cli;

/// Exit codes of the `floe` command, the same for every subcommand.
final class ExitCodes {
  static final int OK = 0;

  /// It was tried and did not succeed.
  static final int FAILURE = 1;

  /// It was not tried: the command line is wrong.
  static final int USAGE = 2;

  /// Whoever read the output went away; what a shell shows for a tool that SIGPIPE (13) ended.
  static final int OUTPUT_CLOSED = 128 + 13;

  private ExitCodes() {}
}
