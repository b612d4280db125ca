package io.floe.multijvm;

import io.floe.cli.process.Launcher;
import java.io.File;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;

/// Other programs, run to their end.
final class Commands {
  private static final Duration LIMIT = Duration.ofSeconds(60);
  private static final Path ARCHIVE = Path.of("target", "kafka-tools.jsa").toAbsolutePath();

  private Commands() {}

  /// What a program left behind.
  record Result(int exitCode, String out, String err) {
    List<String> lines() {
      return out.lines().toList();
    }

    /// This result, if the program said that it succeeded.
    Result ok() {
      if (exitCode != 0) {
        throw new AssertionError("exit code " + exitCode + "\nout: " + out + "\nerr: " + err);
      }
      return this;
    }
  }

  /// The `floe` command as users run it, through the script.
  static Result floe(String input, String... arguments) throws InterruptedException {
    List<String> command = new ArrayList<>();
    command.add(Launcher.find().toString());
    command.addAll(List.of(arguments));
    return run(input, command);
  }

  /// A line for bash, in which `$FLOE` is the script.
  static Result shell(String line) throws InterruptedException {
    return run("", List.of("bash", "-c", line));
  }

  /// A class of Kafka's own tools in a JVM of its own.
  static Result kafkaTool(String input, String mainClass, String... arguments)
      throws InterruptedException {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(List.of("-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1"));
    // The first tool leaves the parsed classes for the others. Not when the class path has
    // directories, and a tool needs only jars.
    command.addAll(List.of("-XX:+AutoCreateSharedArchive", "-XX:SharedArchiveFile=" + ARCHIVE));
    command.addAll(List.of("-Xlog:cds*=off", "-Xlog:aot*=off"));
    command.addAll(List.of("-cp", jars(), mainClass));
    command.addAll(List.of(arguments));
    return run(input, command);
  }

  private static String jars() {
    return Arrays.stream(System.getProperty("java.class.path").split(File.pathSeparator))
        .filter(entry -> entry.endsWith(".jar"))
        .collect(Collectors.joining(File.pathSeparator));
  }

  static Result run(String input, List<String> command) throws InterruptedException {
    Process process = null;
    try {
      Path out = Files.createTempFile("floe-test-", ".out");
      Path err = Files.createTempFile("floe-test-", ".err");
      try {
        ProcessBuilder builder =
            new ProcessBuilder(command).redirectOutput(out.toFile()).redirectError(err.toFile());
        builder.environment().put("FLOE_NO_BUILD", "1");
        builder.environment().put("FLOE", Launcher.find().toString());
        builder.environment().put("FLOE_JAVA_HOME", System.getProperty("java.home"));
        process = builder.start();
        try (OutputStream in = process.getOutputStream()) {
          in.write(input.getBytes(StandardCharsets.UTF_8));
        } catch (IOException e) {
          // It ended without reading all of its input; its exit code says why.
        }
        if (!process.waitFor(LIMIT.toSeconds(), TimeUnit.SECONDS)) {
          throw new AssertionError(
              command
                  + " still runs after "
                  + LIMIT.toSeconds()
                  + " s\nout: "
                  + text(out)
                  + "\nerr: "
                  + text(err));
        }
        return new Result(process.exitValue(), text(out), text(err));
      } finally {
        Files.delete(out);
        Files.delete(err);
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } finally {
      if (process != null) {
        process.destroyForcibly();
      }
    }
  }

  private static String text(Path file) throws IOException {
    return new String(Files.readAllBytes(file), StandardCharsets.UTF_8);
  }
}
