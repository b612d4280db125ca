package io.floe.cli;

import java.util.ArrayList;
import java.util.List;
import picocli.CommandLine.Command;
import picocli.CommandLine.Unmatched;

/// The commands that the script `./floe` runs itself, without this JVM. They stand here so that
/// `floe --help` shows them.
final class ScriptCommands {
  private ScriptCommands() {}

  private static CommandFailure onlyByScript(String command) {
    return new CommandFailure("'" + command + "' needs a source checkout: run ./floe " + command);
  }

  /// `floe test`.
  @Command(name = "test", description = "Build everything and run all tests.")
  static final class Test implements Runnable {
    @Unmatched List<String> rest = new ArrayList<>();

    @Override
    public void run() {
      throw onlyByScript("test");
    }
  }

  /// `floe dev`.
  @Command(
      name = "dev",
      description = "Tasks for contributors: format, test one module, simulate, clean.")
  static final class Dev implements Runnable {
    @Unmatched List<String> rest = new ArrayList<>();

    @Override
    public void run() {
      throw onlyByScript("dev");
    }
  }
}
