package io.floe.spec;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.URISyntaxException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.function.Consumer;
import java.util.stream.Stream;

/// Runs TLC, one worker, in a JVM of its own: TLC keeps its state in static fields, so two runs in
/// one JVM would disturb each other.
///
/// Ownership: keeps a scratch directory, removed by [#close()]. Thread-safety: none. Errors:
/// [UncheckedIOException] when a file or the JVM fails; what is wrong with a specification is in
/// the [TlcResult].
public final class Tlc implements AutoCloseable {
  private static final List<String> MODULES =
      List.of("MetadataRaft.tla", "MCMetadataRaft.tla", "TraceSpec.tla", "TraceSpec.cfg");

  private static final int SHORT_RUN_MEGABYTES = 2048;

  private final Path directory;
  private final int heapMegabytes;
  private final Consumer<String> progress;

  /// Copies the specifications out of the class path.
  ///
  /// @param heapMegabytes of the JVM that TLC runs in
  /// @param progress hears each line of TLC's output as it comes
  public Tlc(int heapMegabytes, Consumer<String> progress) {
    this.heapMegabytes = heapMegabytes;
    this.progress = progress;
    try {
      directory = Files.createTempDirectory("floe-tlc");
      for (String module : MODULES) {
        copyResource(module);
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /// Checks a configuration of the metadata group, e.g. `small/Election.cfg`.
  public TlcResult checkMetadata(String configuration) {
    try {
      Path file = copyResource(configuration);
      return run("MCMetadataRaft", file);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /// Runs the trace specification on a `TraceData` module.
  TlcResult checkTrace(String traceData) {
    try {
      Files.writeString(directory.resolve("TraceData.tla"), traceData);
      return run("TraceSpec", directory.resolve("TraceSpec.cfg"));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private Path copyResource(String name) throws IOException {
    Path target = directory.resolve(name);
    Files.createDirectories(target.getParent());
    try (InputStream in = Tlc.class.getResourceAsStream("/tla/" + name)) {
      if (in == null) {
        throw new IllegalArgumentException("no specification file " + name);
      }
      Files.write(target, in.readAllBytes());
    }
    return target;
  }

  private TlcResult run(String module, Path configuration) throws IOException {
    long beganNanos = System.nanoTime();
    Process process =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-Xmx" + heapMegabytes + "m",
                "-Xss64m", // Replaying a long log recurses.
                "-XX:+UseSerialGC",
                "-XX:TieredStopAtLevel=" + compilerLevel(),
                "-cp",
                jarOfTlc().toString(),
                "tlc2.TLC",
                "-workers",
                "1",
                "-deadlock", // Every bounded behaviour ends; that is no error.
                "-metadir",
                directory.resolve("states").toString(),
                "-config",
                configuration.toString(),
                module)
            .directory(directory.toFile())
            .redirectErrorStream(true)
            .start();
    StringBuilder output = new StringBuilder();
    try (BufferedReader reader = process.inputReader(StandardCharsets.UTF_8)) {
      for (String line = reader.readLine(); line != null; line = reader.readLine()) {
        output.append(line).append('\n');
        progress.accept(line);
      }
      int exitCode = process.waitFor();
      return TlcResult.of(
          exitCode, output.toString(), Duration.ofNanos(System.nanoTime() - beganNanos));
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IOException("interrupted while TLC ran", e);
    } finally {
      process.destroyForcibly();
    }
  }

  /// For a few seconds of TLC the second compiler costs more than it brings.
  private int compilerLevel() {
    return heapMegabytes > SHORT_RUN_MEGABYTES ? 4 : 1;
  }

  private static Path jarOfTlc() {
    try {
      return Path.of(tlc2.TLC.class.getProtectionDomain().getCodeSource().getLocation().toURI());
    } catch (URISyntaxException e) {
      throw new IllegalStateException(e);
    }
  }

  @Override
  public void close() {
    try (Stream<Path> files = Files.walk(directory)) {
      for (Path file : files.sorted((a, b) -> b.compareTo(a)).toList()) {
        Files.deleteIfExists(file);
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
