package io.floe.gateway.kafka;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.floe.gateway.GatewayFixture;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// kcat, a real process on librdkafka: the other implementation of Kafka's clients. Skipped, and
/// said so, where it is not installed.
@Timeout(60)
final class KcatTest {
  private GatewayFixture fixture;
  @TempDir private Path directory;

  @BeforeEach
  void start() throws Exception {
    assumeTrue(
        Files.isExecutable(Path.of("/usr/bin/kcat")), "kcat is not installed (package kcat)");
    fixture = GatewayFixture.start();
  }

  @AfterEach
  void stop() {
    if (fixture != null) {
      fixture.close();
    }
  }

  private record Outcome(int exitCode, String output, String errors) {}

  private Outcome kcat(String input, String... arguments) throws Exception {
    List<String> command = new ArrayList<>(List.of("/usr/bin/kcat", "-b", fixture.bootstrap()));
    command.addAll(List.of(arguments));
    Path output = directory.resolve("out");
    Path errors = directory.resolve("err");
    Process process =
        new ProcessBuilder(command)
            .redirectOutput(output.toFile())
            .redirectError(errors.toFile())
            .start();
    try (OutputStream stdin = process.getOutputStream()) {
      stdin.write(input.getBytes(UTF_8));
    }
    boolean isDone = process.waitFor(40, TimeUnit.SECONDS);
    if (!isDone) {
      process.destroyForcibly().waitFor();
    }
    assertThat(isDone).as("kcat hangs: " + Files.readString(errors)).isTrue();
    return new Outcome(process.exitValue(), Files.readString(output), Files.readString(errors));
  }

  @ParameterizedTest
  @ValueSource(strings = {"none", "gzip", "snappy", "lz4", "zstd"})
  void readsWhatItWrote(String compression) throws Exception {
    fixture.log.create("t", 1, Map.of());
    String lines =
        String.join(
            "\n", IntStream.range(0, 500).mapToObj(i -> "key" + i + ":value " + i).toList());
    Outcome written =
        kcat(
            lines + "\n",
            "-P",
            "-t",
            "t",
            "-K",
            ":",
            "-z",
            compression,
            "-X",
            "enable.idempotence=true");
    assertThat(written.exitCode()).as(written.errors()).isZero();
    Outcome read = kcat("", "-C", "-t", "t", "-e", "-q", "-f", "%o %k %s\\n");
    assertThat(read.exitCode()).as(read.errors()).isZero();
    List<String> expected =
        IntStream.range(0, 500).mapToObj(i -> i + " key" + i + " value " + i).toList();
    assertThat(read.output().lines().toList()).isEqualTo(expected);
  }

  @Test
  void listsTopics() throws Exception {
    fixture.log.create("t", 3, Map.of());
    Outcome listed = kcat("", "-L");
    assertThat(listed.exitCode()).as(listed.errors()).isZero();
    assertThat(listed.output()).contains("topic \"t\" with 3 partitions").contains("broker 7 at");
  }

  @Test
  void readsFromTheEndsAndByTime() throws Exception {
    fixture.log.create("t", 1, Map.of());
    kcat("a\nb\nc\n", "-P", "-t", "t");
    assertThat(kcat("", "-C", "-t", "t", "-o", "-1", "-e", "-q").output().strip()).isEqualTo("c");
    assertThat(kcat("", "-C", "-t", "t", "-o", "1", "-c", "1", "-q").output().strip())
        .isEqualTo("b");
    assertThat(kcat("", "-Q", "-t", "t:0:0").output()).contains("t [0] offset 0");
    assertThat(kcat("", "-Q", "-t", "t:0:-1").output()).contains("t [0] offset 3");
  }

  @Test
  void failsInAGroupWithAClearErrorAndDoesNotHang() throws Exception {
    fixture.log.create("t", 1, Map.of());
    Outcome grouped = kcat("", "-G", "g", "-e", "t");
    assertThat(grouped.exitCode()).isNotZero();
    assertThat(grouped.errors() + grouped.output())
        .containsIgnoringCase("version of API is not supported");
  }
}
