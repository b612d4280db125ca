package io.floe.multijvm;

import io.floe.cli.process.Launcher;
import java.util.List;

/// The JVM's startup cache of the packaged program. A user's build makes it; the build that runs
/// these tests has packaged the program a moment ago, and a hundred starts are faster with it.
final class StartupCache {
  static {
    try {
      Commands.Result made =
          Commands.run("", List.of(Launcher.find().toString(), "dev", "startup-cache"));
      if (made.exitCode() != 0) {
        System.out.println("NOTE no startup cache: " + made.err().strip());
      }
    } catch (AssertionError e) {
      System.out.println("NOTE no startup cache in time: " + e.getMessage());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private StartupCache() {}

  /// Returns when there is one, or cannot be.
  static void await() {
    // The work is done when this class is initialised: once in each JVM.
  }
}
