package io.floe.client;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// A topic much larger than the heap goes through a sink that is slower than the disk.
///
/// The size is 192 MiB, 1.5 times the heap; the full form is `-Dfloe.slow-sink.mib=2048`.
final class SlowSinkTest {
  private static final long TIMEOUT_SECONDS = 300;
  @TempDir Path dataDir;

  @Test
  void aTopicLargerThanTheHeapGoesThroughASlowSink() throws Exception {
    long mib = Long.getLong("floe.slow-sink.mib", 192);
    Path output = dataDir.resolve("output");
    Process program =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "@" + Path.of(System.getProperty("floe.root", ".."), "config", "jvm.options"),
                "-Xmx128m",
                "-XX:+UseSerialGC",
                "-XX:+ExitOnOutOfMemoryError",
                "-cp",
                System.getProperty("java.class.path"),
                SlowSinkProgram.class.getName(),
                dataDir.resolve("node").toString(),
                Long.toString(mib))
            .redirectErrorStream(true)
            .redirectOutput(output.toFile())
            .start();
    try {
      assertThat(program.waitFor(TIMEOUT_SECONDS, TimeUnit.SECONDS)).isTrue();
    } finally {
      program.destroyForcibly();
    }
    String printed = Files.readString(output, StandardCharsets.UTF_8);
    System.out.println(printed);
    assertThat(program.exitValue()).as(printed).isZero();
    assertThat(printed).contains("READ " + mib * 64 + " WRONG 0 ");
  }
}
