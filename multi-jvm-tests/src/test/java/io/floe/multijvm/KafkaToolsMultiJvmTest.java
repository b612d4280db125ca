package io.floe.multijvm;

import static org.assertj.core.api.Assertions.assertThat;

import io.floe.multijvm.Commands.Result;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

/// Kafka's own command line tools, each in a process of its own, as its users run them.
final class KafkaToolsMultiJvmTest {
  private static final String TOOLS = "org.apache.kafka.tools.";

  @RegisterExtension final Nodes nodes = new Nodes();
  @TempDir Path dataDir;

  @BeforeEach
  void startNode() throws Exception {
    nodes.start(dataDir);
  }

  private Result tool(String input, String name, String... arguments) throws InterruptedException {
    List<String> all = new ArrayList<>(List.of("--bootstrap-server", nodes.bootstrap()));
    all.addAll(List.of(arguments));
    return Commands.kafkaTool(input, name, all.toArray(new String[0]));
  }

  @Test
  void topicCommandCreatesAltersDescribesAndDeletes() throws Exception {
    String topics = TOOLS + "TopicCommand";
    tool("", topics, "--create", "--topic", "t", "--partitions", "2", "--replication-factor", "1")
        .ok();

    assertThat(tool("", topics, "--list").ok().out()).isEqualTo("t\n");
    assertThat(tool("", topics, "--describe", "--topic", "t").ok().out())
        .contains("PartitionCount: 2", "ReplicationFactor: 1", "Leader: 1");
    tool("", topics, "--alter", "--topic", "t", "--partitions", "4").ok();
    assertThat(tool("", topics, "--describe", "--topic", "t").ok().out())
        .contains("PartitionCount: 4");
    tool("", topics, "--delete", "--topic", "t").ok();
    assertThat(tool("", topics, "--list").ok().out().strip()).isEmpty();
  }

  @Test
  void configCommandSetsAndShowsATopicsConfig() throws Exception {
    tool("", TOOLS + "TopicCommand", "--create", "--topic", "t").ok();
    String configs = "kafka.admin.ConfigCommand";
    tool(
            "",
            configs,
            "--alter",
            "--entity-type",
            "topics",
            "--entity-name",
            "t",
            "--add-config",
            "retention.ms=3600000")
        .ok();

    assertThat(
            tool("", configs, "--describe", "--entity-type", "topics", "--entity-name", "t")
                .ok()
                .out())
        .contains("retention.ms=3600000");
    tool(
            "",
            configs,
            "--alter",
            "--entity-type",
            "topics",
            "--entity-name",
            "t",
            "--delete-config",
            "retention.ms")
        .ok();
    assertThat(
            tool("", configs, "--describe", "--entity-type", "topics", "--entity-name", "t")
                .ok()
                .out())
        .doesNotContain("retention.ms=3600000");
  }

  @Test
  void consoleConsumerReadsWhatTheConsoleProducerWrote() throws Exception {
    tool("", TOOLS + "TopicCommand", "--create", "--topic", "t").ok();
    List<String> lines = IntStream.range(0, 1000).mapToObj(i -> "k" + i + ":v" + i).toList();
    tool(
            String.join("\n", lines) + "\n",
            TOOLS + "ConsoleProducer",
            "--topic",
            "t",
            "--reader-property",
            "parse.key=true",
            "--reader-property",
            "key.separator=:",
            "--compression-codec",
            "lz4")
        .ok();

    Result read =
        tool(
                "",
                TOOLS + "consumer.ConsoleConsumer",
                "--topic",
                "t",
                "--partition",
                "0",
                "--offset",
                "10",
                "--max-messages",
                "990",
                "--formatter-property",
                "print.key=true",
                "--formatter-property",
                "key.separator=:")
            .ok();

    assertThat(read.lines()).isEqualTo(lines.subList(10, 1000));
    assertThat(tool("", TOOLS + "GetOffsetShell", "--topic", "t", "--time", "-1").ok().out())
        .isEqualTo("t:0:1000\n");
    assertThat(tool("", TOOLS + "GetOffsetShell", "--topic", "t", "--time", "-2").ok().out())
        .isEqualTo("t:0:0\n");
  }

  @Test
  void producerPerformanceRunsToItsEnd() throws Exception {
    tool("", TOOLS + "TopicCommand", "--create", "--topic", "t", "--partitions", "6").ok();

    Result result =
        Commands.kafkaTool(
                "",
                TOOLS + "ProducerPerformance",
                "--topic",
                "t",
                "--num-records",
                "50000",
                "--record-size",
                "1024",
                "--throughput",
                "-1",
                "--producer-props",
                "bootstrap.servers=" + nodes.bootstrap(),
                "acks=all")
            .ok();

    assertThat(result.out()).contains("50000 records sent");
    int sum =
        tool("", TOOLS + "GetOffsetShell", "--topic", "t").ok().lines().stream()
            .mapToInt(line -> Integer.parseInt(line.substring(line.lastIndexOf(':') + 1)))
            .sum();
    assertThat(sum).isEqualTo(50_000);
  }
}
