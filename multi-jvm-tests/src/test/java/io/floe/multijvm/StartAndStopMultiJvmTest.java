package io.floe.multijvm;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.floe.cli.process.Launcher;
import io.floe.cli.process.NodeProcess;
import io.floe.cli.process.NodeProcessException;
import io.floe.cli.process.ReadyLine;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

final class StartAndStopMultiJvmTest {
  @RegisterExtension final Nodes nodes = new Nodes();
  @TempDir Path temporary;

  @Test
  void isReadyInThreeSecondsAndStopsCleanlyOnSigterm() throws Exception {
    Path dataDir = temporary.resolve("data dir with spaces");
    NodeProcess node = nodes.launch(dataDir, Map.of());
    ReadyLine ready = node.awaitReady(Nodes.READY_LIMIT);
    long emptyMillis = node.startTime().toMillis();

    assertThat(ready.kafka()).isEqualTo(nodes.bootstrap());
    assertThat(ready.nodeId()).isEqualTo(1);
    assertThat(Path.of(ready.dataDir())).isEqualTo(dataDir.toRealPath());
    assertThat(ready.io()).isIn("io_uring", "file_channel");
    long beganNanos = System.nanoTime();
    assertThat(node.terminate(Nodes.STOP_LIMIT)).isZero();
    long stopMillis = Duration.ofNanos(System.nanoTime() - beganNanos).toMillis();

    NodeProcess again = nodes.start(dataDir);
    System.out.printf(
        "RESULT ready after %d ms in an empty directory, %d ms in a used one; stopped in %d ms%n",
        emptyMillis, again.startTime().toMillis(), stopMillis);
    assertThat(again.terminate(Nodes.STOP_LIMIT)).isZero();
    // A machine that also runs a build is slower; the bound here only catches a start that waits.
    assertThat(emptyMillis).isLessThan(10_000);
  }

  @Test
  void bindsFreePortsWhenAskedForPortZero() throws Exception {
    NodeProcess node =
        nodes.launchWith(
            List.of(
                "--data-dir", temporary.toString(),
                "--kafka", "127.0.0.1:0",
                "--cluster", "127.0.0.1:0"),
            Map.of());
    ReadyLine ready = node.awaitReady(Nodes.READY_LIMIT);

    assertThat(ready.kafka()).startsWith("127.0.0.1:").isNotEqualTo("127.0.0.1:0");
    assertThat(ready.cluster()).startsWith("127.0.0.1:").isNotEqualTo("127.0.0.1:0");
    assertThat(Commands.floe("", "topic", "create", "t", "-b", ready.kafka()).exitCode()).isZero();
  }

  @Test
  void refusesADataDirectoryThatAnotherProcessHolds() throws Exception {
    NodeProcess first = nodes.start(temporary);
    NodeProcess second =
        nodes.launchWith(
            List.of(
                "--data-dir", temporary.toString(),
                "--kafka", "127.0.0.1:0",
                "--cluster", "127.0.0.1:0"),
            Map.of());

    assertThat(second.awaitExit(Nodes.READY_LIMIT)).isEqualTo(1);
    assertThat(lastLine(second)).startsWith("floe: ").contains(temporary.toRealPath().toString());
    assertThat(first.isAlive()).isTrue();
    assertThat(Commands.floe("", "topic", "list", "-b", nodes.bootstrap()).exitCode()).isZero();
  }

  @Test
  void namesTheOptionOfAPortThatIsInUse() throws Exception {
    try (ServerSocket taken = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      String address = "127.0.0.1:" + taken.getLocalPort();
      NodeProcess kafka =
          nodes.launchWith(
              List.of(
                  "--data-dir",
                  temporary.resolve("a").toString(),
                  "--kafka",
                  address,
                  "--cluster",
                  "127.0.0.1:0"),
              Map.of());
      assertThat(kafka.awaitExit(Nodes.READY_LIMIT)).isEqualTo(1);
      assertThat(lastLine(kafka)).startsWith("floe: ").contains("--kafka").contains(address);

      NodeProcess cluster =
          nodes.launchWith(
              List.of(
                  "--data-dir",
                  temporary.resolve("b").toString(),
                  "--kafka",
                  "127.0.0.1:0",
                  "--cluster",
                  address),
              Map.of());
      assertThat(cluster.awaitExit(Nodes.READY_LIMIT)).isEqualTo(1);
      assertThat(lastLine(cluster)).startsWith("floe: ").contains("--cluster").contains(address);
    }
  }

  @Test
  void refusesToStartWithoutAJvmFlagInsteadOfHanging() throws Exception {
    Path root = Launcher.home();
    String classPath =
        root.resolve("cli/target/floe-cli.jar") + ":" + root.resolve("cli/target/floe/lib") + "/*";
    List<String> options =
        Files.readAllLines(root.resolve("config/jvm.options")).stream()
            .filter(line -> line.startsWith("-"))
            .toList();
    for (String flag :
        List.of("--add-opens=java.base/jdk.internal.misc", "--enable-native-access")) {
      List<String> command = new java.util.ArrayList<>();
      command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
      options.stream().filter(option -> !option.startsWith(flag)).forEach(command::add);
      command.addAll(List.of("-cp", classPath, "io.floe.cli.Floe", "start"));
      command.addAll(List.of("--data-dir", temporary.toString(), "--kafka", "127.0.0.1:0"));

      Commands.Result result = Commands.run("", command);

      assertThat(result.exitCode()).as(flag).isEqualTo(1);
      assertThat(result.err()).contains("floe: ").contains(flag).contains("config/jvm.options");
    }
  }

  @Test
  void refusesAnUnknownSetting() throws Exception {
    NodeProcess node = nodes.launch(temporary, Map.of(), "--set", "floe.store.oi=auto");

    assertThatThrownBy(() -> node.awaitReady(Nodes.READY_LIMIT))
        .isInstanceOf(NodeProcessException.class)
        .hasMessageContaining("did you mean floe.store.io?");
    assertThat(node.awaitExit(Nodes.STOP_LIMIT)).isEqualTo(2);
  }

  @Test
  void goesOnWithFileChannelsWhenToldTo() throws Exception {
    NodeProcess node = nodes.launch(temporary, Map.of(), "--set", "floe.store.io=file_channel");

    assertThat(node.awaitReady(Nodes.READY_LIMIT).io()).isEqualTo("file_channel");
    Commands.floe("", "topic", "create", "t", "-b", nodes.bootstrap()).ok();
    Commands.floe("a\nb\n", "produce", "t", "-b", nodes.bootstrap()).ok();
    assertThat(
            Commands.floe("", "consume", "t", "--until-end", "-b", nodes.bootstrap()).ok().lines())
        .containsExactly("a", "b");
  }

  private static String lastLine(NodeProcess node) throws IOException {
    return Files.readAllLines(node.log()).getLast();
  }
}
