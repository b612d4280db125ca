package io.floe.bench.node;

import io.floe.bench.BenchException;
import java.io.File;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;

/// A class run in a JVM of its own: the JDK of this process, its output in a file.
///
/// Thread-safety: none.
final class JavaProcess {
  private final String what;
  private final Process process;
  private final Path output;

  private JavaProcess(String what, Process process, Path output) {
    this.what = what;
    this.process = process;
    this.output = output;
  }

  /// @param what how messages call it
  static JavaProcess start(
      String what,
      List<String> jvmOptions,
      String classPath,
      String mainClass,
      List<String> arguments,
      Path output)
      throws IOException {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(jvmOptions);
    command.add("-cp");
    command.add(classPath);
    command.add(mainClass);
    command.addAll(arguments);
    Process process =
        new ProcessBuilder(command)
            .redirectErrorStream(true)
            .redirectOutput(ProcessBuilder.Redirect.to(output.toFile()))
            .redirectInput(ProcessBuilder.Redirect.from(new File("/dev/null")))
            .start();
    Children.add(process.toHandle());
    return new JavaProcess(what, process, output);
  }

  long pid() {
    return process.pid();
  }

  ProcessHandle handle() {
    return process.toHandle();
  }

  boolean isAlive() {
    return process.isAlive();
  }

  /// Waits until it ended by itself, without an error.
  ///
  /// @return what it printed
  /// @throws BenchException when it failed or took too long
  List<String> awaitSuccess(Duration limit) throws IOException, InterruptedException {
    if (!process.waitFor(limit.toMillis(), TimeUnit.MILLISECONDS)) {
      Children.end(handle(), 1);
      throw new BenchException(what + " took more than " + limit.toSeconds() + " s" + tail());
    }
    if (process.exitValue() != 0) {
      throw new BenchException(what + " ended with exit code " + process.exitValue() + tail());
    }
    return Files.readAllLines(output, StandardCharsets.UTF_8);
  }

  /// The end of its output, for a message.
  String tail() {
    try {
      List<String> lines = Files.readAllLines(output, StandardCharsets.UTF_8);
      return lines.subList(Math.max(0, lines.size() - 20), lines.size()).stream()
          .collect(Collectors.joining("\n  ", "\n  ", ""));
    } catch (IOException e) {
      return "";
    }
  }
}
