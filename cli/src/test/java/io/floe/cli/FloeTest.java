package io.floe.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.floe.cli.process.Launcher;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import picocli.CommandLine;

final class FloeTest {
  private final StringWriter out = new StringWriter();
  private final StringWriter err = new StringWriter();

  private int run(String... args) {
    CommandLine line = Floe.commandLine();
    line.setOut(new PrintWriter(out));
    line.setErr(new PrintWriter(err));
    return line.execute(args);
  }

  private static List<CommandLine> all(CommandLine line) {
    List<CommandLine> commands = new ArrayList<>(List.of(line));
    line.getSubcommands().values().forEach(sub -> commands.addAll(all(sub)));
    return commands;
  }

  @Test
  void showsEveryCommandInItsHelp() {
    assertThat(run("--help")).isZero();
    assertThat(out.toString())
        .contains("start", "topic", "produce", "consume", "inspect", "bench", "demo", "test", "dev")
        .contains("Exit codes");
  }

  @Test
  void describesEveryCommandAndOptionInLinesThatFitATerminal() {
    for (CommandLine command : all(Floe.commandLine())) {
      String name = command.getCommandSpec().qualifiedName();
      assertThat(command.getCommandSpec().usageMessage().description()).as(name).isNotEmpty();
      for (CommandLine.Model.OptionSpec option : command.getCommandSpec().options()) {
        assertThat(option.description()).as(name + " " + option.longestName()).isNotEmpty();
      }
      for (String line : command.getCommandSpec().usageMessage().footer()) {
        assertThat(line.length()).as(name + ": " + line).isLessThanOrEqualTo(79);
      }
    }
  }

  @Test
  void answersAWrongCommandLineWithOneSentenceAndCode2() {
    assertThat(run("topic", "creat")).isEqualTo(ExitCodes.USAGE);
    assertThat(err.toString())
        .startsWith("floe: there is no command 'floe topic creat'\n")
        .contains("Did you mean: topic create");
    assertThat(run("consume", "t", "--from", "noon")).isEqualTo(ExitCodes.USAGE);
    assertThat(run("consume")).isEqualTo(ExitCodes.USAGE);
    assertThat(run()).isEqualTo(ExitCodes.USAGE);
    assertThat(run("topic")).isEqualTo(ExitCodes.USAGE);
    assertThat(run("topic", "create", "t", "--partitions", "0")).isEqualTo(ExitCodes.USAGE);
    assertThat(run("produce", "t", "--acks", "2")).isEqualTo(ExitCodes.USAGE);
    assertThat(run("consume", "t", "--json", "--print", "key")).isEqualTo(ExitCodes.USAGE);
    assertThat(err.toString()).doesNotContain("\tat ");
  }

  @Test
  void saysInOneLineThatNoNodeIsThere() {
    String nowhere = "127.0.0.1:" + Launcher.freePort();

    assertThat(run("topic", "list", "--bootstrap", nowhere)).isEqualTo(ExitCodes.FAILURE);
    assertThat(err.toString().lines().toList())
        .singleElement()
        .asString()
        .startsWith("floe: ")
        .contains(nowhere);
  }

  @Test
  void showsAStackTraceOnlyWhenAsked() {
    String nowhere = "127.0.0.1:" + Launcher.freePort();

    run("topic", "list", "--bootstrap", nowhere, "--verbose");

    assertThat(err.toString()).contains("\tat ");
  }

  @Test
  void tellsAReaderThatWentAwayFromAFullDisk() {
    assertThat(failureOfWriting("Broken pipe")).isInstanceOf(OutputClosedException.class);
    assertThat(failureOfWriting("No space left on device"))
        .isInstanceOf(CommandFailure.class)
        .hasMessageContaining("No space left");
  }

  private static Throwable failureOfWriting(String message) {
    java.io.OutputStream broken =
        new java.io.OutputStream() {
          @Override
          public void write(int b) throws java.io.IOException {
            throw new java.io.IOException(message);
          }
        };
    return org.assertj.core.api.Assertions.catchThrowable(
        () -> new StandardOutput(broken).write('x'));
  }

  @Test
  void spoilsARecordOfTheDemoWithEachChangedByte() {
    byte[] record = DemoCommand.DemoRecord.bytes(3, 1234567, 100);

    assertThat(DemoCommand.DemoRecord.number(record)).isEqualTo(1234567);
    assertThat(DemoCommand.DemoRecord.isIntact(record, 3, 1234567, 100)).isTrue();
    for (int i = 0; i < record.length; i++) {
      byte[] changed = record.clone();
      changed[i] ^= 1;
      assertThat(DemoCommand.DemoRecord.isIntact(changed, 3, 1234567, 100))
          .as("byte %d", i)
          .isFalse();
    }
    assertThat(DemoCommand.DemoRecord.isIntact(null, 3, 1, 100)).isFalse();
  }
}
