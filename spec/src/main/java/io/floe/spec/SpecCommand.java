package io.floe.spec;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;

/// `floe dev spec`: checks the large configurations, or those that are named, or a trace.
public final class SpecCommand {
  /// The configurations that take longer than a test may.
  static final List<String> LARGE =
      List.of(
          "large/Election.cfg",
          "large/Crash.cfg",
          "large/Sessions.cfg",
          "large/Membership.cfg",
          "large/Wipe.cfg",
          "large/Snapshots.cfg",
          "large/Read.cfg");

  private static final int HEAP_MEGABYTES = 4096;

  private SpecCommand() {}

  public static void main(String[] arguments) throws IOException {
    boolean isTrace = arguments.length == 2 && arguments[0].equals("trace");
    System.exit(isTrace ? checkTrace(Path.of(arguments[1])) : checkAll(Arrays.asList(arguments)));
  }

  private static int checkTrace(Path file) throws IOException {
    RaftTraceCheck.Verdict verdict = RaftTraceCheck.check(Files.readAllLines(file), HEAP_MEGABYTES);
    return switch (verdict) {
      case RaftTraceCheck.Accepted accepted -> {
        System.out.println("accepted: " + accepted.events() + " events are a behaviour");
        yield 0;
      }
      case RaftTraceCheck.Rejected rejected -> {
        System.out.println(
            "REJECTED at line " + rejected.lineNumber() + ", " + rejected.reason() + ":");
        System.out.println(rejected.line());
        yield 1;
      }
    };
  }

  private static int checkAll(List<String> named) {
    int failed = 0;
    List<String> configurations = named.isEmpty() ? LARGE : named;
    for (String configuration : configurations) {
      System.out.println(configuration);
      try (Tlc tlc = new Tlc(HEAP_MEGABYTES, SpecCommand::showProgress)) {
        TlcResult result = tlc.checkMetadata(configuration);
        System.out.println("  " + result.summary());
        if (!result.isClean()) {
          failed++;
          System.out.println(result.output());
        }
      }
    }
    System.out.println(
        failed == 0
            ? "all " + configurations.size() + " configurations are clean"
            : failed + " of " + configurations.size() + " configurations FAILED");
    return failed == 0 ? 0 : 1;
  }

  private static void showProgress(String line) {
    if (line.startsWith("Progress")) {
      System.out.println("  " + line);
    }
  }
}
