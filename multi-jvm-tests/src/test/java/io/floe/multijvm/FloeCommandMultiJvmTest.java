package io.floe.multijvm;

import static org.assertj.core.api.Assertions.assertThat;

import io.floe.cli.process.NodeProcess;
import io.floe.multijvm.Commands.Result;
import java.io.RandomAccessFile;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

/// The shell commands as a person types them, against a node in another process.
final class FloeCommandMultiJvmTest {
  @RegisterExtension final Nodes nodes = new Nodes();
  @TempDir Path dataDir;

  private @Nullable NodeProcess node;

  @BeforeEach
  void startNode() throws Exception {
    node = nodes.start(dataDir);
  }

  private Result floe(String input, String... arguments) throws InterruptedException {
    List<String> all = new ArrayList<>(List.of(arguments));
    all.addAll(List.of("--bootstrap", nodes.bootstrap()));
    return Commands.floe(input, all.toArray(new String[0]));
  }

  @Test
  void createsListsDescribesAndDeletesTopics() throws Exception {
    assertThat(floe("", "topic", "create", "b", "--partitions", "3").ok().out())
        .isEqualTo("created b with 3 partitions, 1 replica each\n");
    floe("", "topic", "create", "a", "--config", "retention.ms=3600000").ok();

    assertThat(floe("", "topic", "list").ok().out()).isEqualTo("a\nb\n");
    assertThat(floe("", "topic", "describe", "b").ok().lines()).hasSize(6);
    assertThat(floe("", "topic", "describe", "a", "--json").ok().lines())
        .singleElement()
        .asString()
        .startsWith("{\"topic\":\"a\",\"id\":\"")
        .contains("\"configs\":{\"retention.ms\":\"3600000\"}")
        .contains("\"partition\":0");

    Result twice = floe("", "topic", "create", "a");
    assertThat(twice.exitCode()).isEqualTo(1);
    assertThat(twice.err().lines()).singleElement().asString().startsWith("floe: ").contains("a");

    floe("", "topic", "delete", "a").ok();
    assertThat(floe("", "topic", "list").ok().out()).isEqualTo("b\n");
    assertThat(floe("", "topic", "delete", "a").exitCode()).isEqualTo(1);
    assertThat(floe("", "topic", "create", "no spaces").exitCode()).isEqualTo(2);
  }

  @Test
  void givesBackWhatWasProduced() throws Exception {
    floe("", "topic", "create", "t").ok();
    floe("alice:1\nbob:grüße\n:3\n", "produce", "t", "--key-separator", ":", "-H", "h=x").ok();

    assertThat(floe("", "consume", "t", "--until-end", "--print", "key,offset,headers").ok().out())
        .isEqualTo("alice\t0\th=x\t1\nbob\t1\th=x\tgrüße\n\t2\th=x\t3\n");
    assertThat(floe("", "consume", "t", "--from", "1", "--count", "1", "--json").ok().out())
        .startsWith("{\"topic\":\"t\",\"partition\":0,\"offset\":1,\"timestamp\":")
        .endsWith(
            "\"key\":\"bob\",\"value\":\"grüße\",\"headers\":[{\"name\":\"h\",\"value\":\"x\"}]}\n");
    assertThat(floe("", "consume", "t", "--until-end", "--from", "@1").ok().lines()).hasSize(3);
    assertThat(floe("", "consume", "t", "--until-end", "--from", "latest").ok().out()).isEmpty();
    assertThat(floe("", "consume", "t", "--from", "2100-01-01", "--until-end").ok().out())
        .isEmpty();

    Result outside = floe("", "consume", "t", "--from", "77");
    assertThat(outside.exitCode()).isEqualTo(1);
    assertThat(outside.err()).contains("77").doesNotContain("\tat ");
    Result noKey = floe("a:1\nb\n", "produce", "t", "--key-separator", ":");
    assertThat(noKey.exitCode()).isEqualTo(1);
    assertThat(noKey.err()).contains("line 2");
    assertThat(floe("x\n", "produce", "nowhere").exitCode()).isEqualTo(1);
    assertThat(floe("", "consume", "t", "--partition", "5").exitCode()).isEqualTo(1);
  }

  @Test
  void streamsABigInputInOrder() throws Exception {
    floe("", "topic", "create", "big").ok();
    List<String> lines = IntStream.range(0, 200_000).mapToObj(i -> "line " + i).toList();
    floe(String.join("\n", lines), "produce", "big").ok();

    assertThat(floe("", "consume", "big", "--until-end").ok().lines()).isEqualTo(lines);
  }

  @Test
  void endsQuietlyWhenItsReaderGoesAway() throws Exception {
    floe("", "topic", "create", "t").ok();
    floe("x\n".repeat(100_000), "produce", "t").ok();

    Result first = Commands.shell("\"$FLOE\" consume t -b " + nodes.bootstrap() + " | head -1");

    assertThat(first.out()).isEqualTo("x\n");
    assertThat(first.err()).isEmpty();
  }

  private static void awaitFooter(Path segments) throws Exception {
    long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(60);
    while (true) {
      try (Stream<Path> files = Files.walk(segments)) {
        if (files.anyMatch(file -> file.toString().endsWith(".footer"))) {
          return;
        }
      } catch (UncheckedIOException e) {
        // A temporary file got its name meanwhile: look again.
      }
      assertThat(System.nanoTime()).as("no footer within a minute").isLessThan(deadline);
      Thread.sleep(20);
    }
  }

  @Test
  void inspectsTheFilesOfAStoppedNode() throws Exception {
    floe("", "topic", "create", "t").ok();
    floe("alice:1\nbob:2\n", "produce", "t", "--key-separator", ":").ok();
    floe("carol:3\n", "produce", "t", "--key-separator", ":").ok();
    assertThat(Objects.requireNonNull(node).terminate(Nodes.STOP_LIMIT)).isZero();
    // Started again, the node seals what the stopped one left, in the background; kill it then.
    node = nodes.start(dataDir);
    awaitFooter(dataDir.resolve("store").resolve("segments"));
    Objects.requireNonNull(node).kill();

    Result whole = Commands.floe("", "inspect", "segment", dataDir.toString()).ok();
    assertThat(whole.out()).contains("sound", "sealed").doesNotContain("DAMAGE");
    Path log = Path.of(whole.lines().getFirst().replaceFirst(": topic .*", ""));
    Result records =
        Commands.floe("", "inspect", "segment", log.toString(), "--records", "--json").ok();
    assertThat(records.lines()).hasSize(4);
    assertThat(records.lines().getFirst())
        .startsWith("{\"type\":\"record\",\"offset\":0,")
        .contains("\"key\":\"alice\",\"value\":\"1\"");
    assertThat(records.lines().getLast()).contains("\"sound\":true", "\"endOffset\":3");

    try (RandomAccessFile file = new RandomAccessFile(log.toFile(), "rw")) {
      file.seek(65);
      int value = file.read();
      file.seek(65);
      file.write(value ^ 4);
    }
    Result damaged = Commands.floe("", "inspect", "segment", dataDir.toString());
    assertThat(damaged.exitCode()).isEqualTo(1);
    assertThat(damaged.out()).contains("DAMAGE crc at bytes 0 to ", ": offsets from 0 to ");
    assertThat(Commands.floe("", "inspect", "segment", "/nowhere").exitCode()).isEqualTo(1);
  }

  @Test
  void runsFromAnyDirectoryAndThroughALink() throws Exception {
    Result result =
        Commands.shell(
            "d=$(mktemp -d) && cd \"$d\" && ln -s \"$FLOE\" 'my floe' && './my floe' topic list -b "
                + nodes.bootstrap()
                + "; s=$?; rm -r \"$d\"; exit $s");

    assertThat(result.ok().out()).isEmpty();
  }
}
