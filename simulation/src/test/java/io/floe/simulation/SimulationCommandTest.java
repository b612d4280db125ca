package io.floe.simulation;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SimulationCommandTest {
  private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();

  private int run(String... args) {
    return SimulationCommand.run(args, new PrintStream(bytes, true, StandardCharsets.UTF_8));
  }

  private String output() {
    return bytes.toString(StandardCharsets.UTF_8);
  }

  @Test
  void tellsTheStoryOfOneSeed() {
    assertThat(run("--seed", "3", "--steps", "200")).isZero();
    assertThat(output()).contains("node: process 1 starts", "every promise kept", "TORN_GROUP");
  }

  @Test
  void runsManySeedsQuietly() {
    assertThat(run("--seeds", "1..3", "--steps", "200")).isZero();
    assertThat(output()).contains("3 seeds").doesNotContain("node: process 1 starts");
  }

  @Test
  void saysWhichSeedBroke() {
    assertThat(run("--seeds", "1..30", "--bug", "ack_before_sync")).isEqualTo(1);
    assertThat(output()).contains("BROKEN", "--seed 1 --steps 3000");
  }

  @Test
  void tellsTheStoryOfARaftGroup() {
    assertThat(run("--raft", "--seed", "3", "--steps", "2000")).isZero();
    assertThat(output()).contains("BECOME_LEADER", "the faults end", "every promise kept", "KILL");
  }

  @Test
  void writesTheTraceOfARaftGroup(@TempDir Path directory) throws IOException {
    Path file = directory.resolve("trace.ndjson");
    assertThat(run("--raft", "--seed", "3", "--steps", "400", "--trace", file.toString())).isZero();
    assertThat(Files.readAllLines(file))
        .hasSizeGreaterThan(100)
        .first()
        .asString()
        .startsWith("{\"format\":\"floe-raft-trace/1\",\"founders\":[\"1/1\",");
  }

  @Test
  void saysWhichSeedOfARaftGroupBroke() {
    assertThat(run("--raft", "--seeds", "1..30", "--bug", "vote_not_persisted")).isEqualTo(1);
    assertThat(output()).contains("BROKEN R9", "--raft --seed 1 --steps 3000");
  }

  @Test
  void refusesOptionsThatMakeNoSense() {
    assertThat(run("--raft", "--seed", "1", "--bug", "torn_batch_kept")).isEqualTo(2);
    assertThat(run("--raft", "--seed", "1", "--crash-at", "5")).isEqualTo(2);
    assertThat(run("--seed", "1", "--trace", "t")).isEqualTo(2);
    assertThat(run("--raft", "--seeds", "1..2", "--trace", "t")).isEqualTo(2);
    assertThat(run("--seeds", "3..1")).isEqualTo(2);
    assertThat(run("--seed")).isEqualTo(2);
    assertThat(run("--speed", "3")).isEqualTo(2);
    assertThat(run("--seed", "x")).isEqualTo(2);
    assertThat(output()).contains("usage:");
  }
}
