package io.floe.multijvm;

import static org.assertj.core.api.Assertions.assertThat;

import io.floe.multijvm.Commands.Result;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

/// kcat, and with it librdkafka: a client that shares no code with Kafka's own.
final class KcatMultiJvmTest {
  @RegisterExtension final Nodes nodes = new Nodes();
  @TempDir Path dataDir;

  @BeforeAll
  static void requireKcat() throws Exception {
    if (Commands.shell("command -v kcat").exitCode() != 0) {
      Result installed = Commands.floe("", "dev", "install-kcat");
      if (installed.exitCode() != 0) {
        String reason = "kcat is not installed: " + installed.err().strip();
        System.out.println("SKIPPED KcatMultiJvmTest: " + reason);
        Assumptions.abort(reason);
      }
    }
  }

  @BeforeEach
  void startNode() throws Exception {
    nodes.start(dataDir);
    Commands.floe("", "topic", "create", "t", "-p", "3", "-b", nodes.bootstrap()).ok();
  }

  private Result kcat(String input, String... arguments) throws InterruptedException {
    List<String> command = new ArrayList<>(List.of("kcat", "-b", nodes.bootstrap()));
    command.addAll(List.of(arguments));
    return Commands.run(input, command);
  }

  @Test
  void listsMetadata() throws Exception {
    assertThat(kcat("", "-L").ok().out())
        .contains("1 brokers", "broker 1 at " + nodes.bootstrap(), "topic \"t\" with 3 partitions");
    assertThat(kcat("", "-L", "-J", "-t", "t").ok().out()).contains("\"topic\":\"t\"");
  }

  @Test
  void consumesWhatItProducedWithEachCompression() throws Exception {
    List<String> expected = new ArrayList<>();
    for (String codec : List.of("none", "gzip", "snappy", "lz4", "zstd")) {
      List<String> lines = IntStream.range(0, 200).mapToObj(i -> codec + "-" + i).toList();
      kcat(String.join("\n", lines) + "\n", "-P", "-t", "t", "-p", "1", "-z", codec).ok();
      expected.addAll(lines);
    }

    assertThat(kcat("", "-C", "-t", "t", "-p", "1", "-o", "beginning", "-e", "-q").ok().lines())
        .isEqualTo(expected);
    assertThat(kcat("", "-C", "-t", "t", "-p", "1", "-o", "990", "-c", "3", "-q").ok().lines())
        .isEqualTo(expected.subList(990, 993));
    assertThat(kcat("", "-C", "-t", "t", "-p", "1", "-o", "-2", "-e", "-q").ok().lines())
        .isEqualTo(expected.subList(998, 1000));
  }

  @Test
  void keepsKeysHeadersAndTimestamps() throws Exception {
    kcat(
            "alice:1\n",
            "-P",
            "-t",
            "t",
            "-p",
            "0",
            "-K",
            ":",
            "-H",
            "a=b",
            "-X",
            "enable.idempotence=true")
        .ok();

    assertThat(
            kcat(
                    "",
                    "-C",
                    "-t",
                    "t",
                    "-p",
                    "0",
                    "-o",
                    "beginning",
                    "-e",
                    "-q",
                    "-f",
                    "%k|%s|%h|%o\n")
                .ok()
                .out())
        .isEqualTo("alice|1|a=b|0\n");
    String timestamp =
        kcat("", "-C", "-t", "t", "-p", "0", "-o", "beginning", "-e", "-q", "-f", "%T").ok().out();
    assertThat(
            kcat("", "-C", "-t", "t", "-p", "0", "-o", "s@" + timestamp, "-e", "-q").ok().lines())
        .containsExactly("1");
    assertThat(kcat("", "-Q", "-t", "t:0:" + (Long.parseLong(timestamp) + 1)).ok().out())
        .contains("offset -1");
  }

  @Test
  void readsWhatTheFloeCommandWroteAndTheOtherWayRound() throws Exception {
    Commands.floe("from floe\n", "produce", "t", "--partition", "2", "-b", nodes.bootstrap()).ok();
    kcat("from kcat\n", "-P", "-t", "t", "-p", "2").ok();

    List<String> both = List.of("from floe", "from kcat");
    assertThat(kcat("", "-C", "-t", "t", "-p", "2", "-o", "beginning", "-e", "-q").ok().lines())
        .isEqualTo(both);
    assertThat(
            Commands.floe("", "consume", "t", "--until-end", "-b", nodes.bootstrap()).ok().lines())
        .isEqualTo(both);
  }
}
