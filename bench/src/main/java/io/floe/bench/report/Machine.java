package io.floe.bench.report;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/// Where and with what a run was made. Numbers of two runs compare only if this is the same, and
/// then not well: compare within a run.
///
/// @param commit of Floe's sources; `-dirty` when they differ from it, `unknown` without git
public record Machine(
    String time,
    String commit,
    String jdk,
    String kernel,
    String cpu,
    int processors,
    long memoryBytes,
    String filesystem) {

  /// This machine.
  ///
  /// @param home where Floe's sources are
  /// @param directory where the benchmark writes
  public static Machine describe(Path home, Path directory) throws IOException {
    return new Machine(
        Instant.now().truncatedTo(ChronoUnit.SECONDS).toString(),
        commit(home),
        System.getProperty("java.vm.vendor") + " " + Runtime.version(),
        System.getProperty("os.name") + " " + System.getProperty("os.version"),
        procField(Path.of("/proc/cpuinfo"), "model name"),
        Runtime.getRuntime().availableProcessors(),
        totalMemoryBytes(),
        Files.getFileStore(directory).type());
  }

  private static String commit(Path home) {
    String head = git(home, "rev-parse", "--short=12", "HEAD");
    if (head.isEmpty()) {
      return "unknown";
    }
    return git(home, "status", "--porcelain", "--untracked-files=no").isEmpty()
        ? head
        : head + "-dirty";
  }

  private static String git(Path home, String... arguments) {
    List<String> command =
        Stream.concat(Stream.of("git", "-C", home.toString()), Stream.of(arguments)).toList();
    try {
      Process git =
          new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.DISCARD).start();
      String output = new String(git.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
      return git.waitFor(10, TimeUnit.SECONDS) && git.exitValue() == 0 ? output.strip() : "";
    } catch (IOException e) {
      return "";
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return "";
    }
  }

  private static long totalMemoryBytes() throws IOException {
    String text = procField(Path.of("/proc/meminfo"), "MemTotal");
    return text.endsWith(" kB")
        ? Long.parseLong(text.substring(0, text.length() - 3).strip()) * 1024
        : 0;
  }

  /// The first value of a `name : value` line, or `unknown`.
  private static String procField(Path file, String name) throws IOException {
    if (!Files.isReadable(file)) {
      return "unknown";
    }
    for (String line : Files.readAllLines(file)) {
      int colon = line.indexOf(':');
      if (colon > 0 && line.substring(0, colon).strip().equals(name)) {
        return line.substring(colon + 1).strip();
      }
    }
    return "unknown";
  }
}
