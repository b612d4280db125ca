package io.floe.actors.node;

import static io.floe.actors.node.TestNode.acked;
import static io.floe.actors.node.TestNode.append;
import static io.floe.actors.node.TestNode.createTopic;
import static io.floe.actors.node.TestNode.partition;
import static io.floe.actors.node.TestNode.recordsOf;
import static io.floe.actors.node.TestNode.submit;
import static io.floe.actors.node.TestNode.topic;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.typesafe.config.ConfigFactory;
import io.floe.actors.log.AppendResult;
import io.floe.actors.log.LogRead;
import io.floe.actors.log.MetadataReply;
import io.floe.actors.log.PartitionLog;
import io.floe.consensus.BrokenInvariant;
import io.floe.consensus.metadata.core.MetadataCommand;
import io.floe.consensus.metadata.core.TopicRecord;
import io.floe.model.PartitionId;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.apache.pekko.actor.typed.ActorSystem;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class FloeNodeTest {
  private static final Map<String, String> SMALL_SEGMENTS = Map.of("segment.bytes", "65536");

  @TempDir Path dir;

  private FloeNode start() throws NodeStartException {
    return FloeNode.start(TestNode.settings(dir, ""));
  }

  private List<Path> files(String suffix) throws IOException {
    try (Stream<Path> all = Files.walk(dir.resolve("store"))) {
      return all.filter(file -> file.getFileName().toString().endsWith(suffix)).sorted().toList();
    }
  }

  @Test
  void keepsAcknowledgedRecordsOverRestarts() throws Exception {
    TreeMap<Long, String> expected = new TreeMap<>();
    int epochBefore = -1;
    for (int life = 0; life < 4; life++) {
      try (FloeNode node = start()) {
        if (life == 0) {
          createTopic(node, "t", 1, Map.of());
        }
        PartitionLog partition = partition(node, "t", 0);
        assertThat(partition.epoch()).isGreaterThan(epochBefore);
        epochBefore = partition.epoch();
        for (int i = 0; i < 10; i++) {
          String text = "life " + life + " record " + i;
          expected.put(acked(append(partition, text)), text);
        }
        assertThat(recordsOf(partition, 0)).isEqualTo(expected);
      }
    }
    assertThat(expected.lastKey()).isEqualTo(39);
  }

  @Test
  void keepsOrderOverRolls() throws Exception {
    try (FloeNode node = start()) {
      createTopic(node, "rolling", 1, SMALL_SEGMENTS);
      PartitionLog partition = partition(node, "rolling", 0);
      List<CompletableFuture<AppendResult>> results = new ArrayList<>();
      for (int i = 0; i < 2_000; i++) {
        results.add(append(partition, "x".repeat(500) + i));
      }
      long expected = 0;
      for (CompletableFuture<AppendResult> result : results) {
        assertThat(result.get(20, TimeUnit.SECONDS))
            .isEqualTo(new AppendResult.Acked(expected++, 0, false));
      }
      SortedMap<Long, String> values = recordsOf(partition, 0);
      assertThat(values).hasSize(2_000);
      values.forEach((offset, value) -> assertThat(value).endsWith("x" + offset));
      assertThat(topic(node, "rolling").partitions().get(0).chain()).hasSizeGreaterThan(5);
    }
  }

  @Test
  void answersRepeatedBatchesWithTheirOffsetsAfterRollAndRestart() throws Exception {
    List<Long> offsets = new ArrayList<>();
    try (FloeNode node = start()) {
      createTopic(node, "t", 1, SMALL_SEGMENTS);
      PartitionLog partition = partition(node, "t", 0);
      for (int sequence = 0; sequence < 5; sequence++) {
        offsets.add(acked(append(partition, TestBatches.of(7, sequence, "first"))));
      }
      for (int i = 0; i < 200; i++) {
        acked(append(partition, "x".repeat(1_000)));
      }
      assertThat(topic(node, "t").partitions().get(0).chain()).hasSizeGreaterThan(2);
      assertRepeatedAreKnown(partition, offsets);
    }
    for (int life = 0; life < 2; life++) {
      try (FloeNode node = start()) {
        PartitionLog partition = partition(node, "t", 0);
        assertRepeatedAreKnown(partition, offsets);
        assertThat(append(partition, TestBatches.of(7, 9, "gap")).get(20, TimeUnit.SECONDS))
            .isInstanceOfSatisfying(
                AppendResult.Refused.class,
                refused ->
                    assertThat(refused.reason())
                        .isEqualTo(AppendResult.Reason.OUT_OF_ORDER_SEQUENCE));
      }
    }
  }

  private static void assertRepeatedAreKnown(PartitionLog partition, List<Long> offsets)
      throws Exception {
    for (int sequence = 0; sequence < offsets.size(); sequence++) {
      assertThat(append(partition, TestBatches.of(7, sequence, "first")).get(20, TimeUnit.SECONDS))
          .isEqualTo(new AppendResult.Acked(offsets.get(sequence), 0, true));
    }
  }

  @Test
  void answersEveryAppendOfADeletedTopicAndFreesItsFiles() throws Exception {
    try (FloeNode node = start()) {
      TopicRecord topic = createTopic(node, "t", 2, SMALL_SEGMENTS);
      List<CompletableFuture<AppendResult>> results = new ArrayList<>();
      for (int i = 0; i < 500; i++) {
        results.add(append(partition(node, "t", i % 2), "x".repeat(900)));
      }
      PartitionLog held = partition(node, "t", 0);
      CompletableFuture<MetadataReply> deletion =
          node.log().submit(new MetadataCommand.DeleteTopic(topic.id())).toCompletableFuture();
      while (!deletion.isDone()) {
        CompletableFuture<AppendResult> result = append(held, "x".repeat(900));
        results.add(result);
        result.get(20, TimeUnit.SECONDS);
      }
      assertThat(deletion.get()).isInstanceOf(MetadataReply.Applied.class);
      assertThat(node.log().partition(new PartitionId(topic.id(), 0))).isNull();
      results.add(append(held, "too late"));
      for (CompletableFuture<AppendResult> result : results) {
        AppendResult end = result.get(20, TimeUnit.SECONDS);
        if (end instanceof AppendResult.Refused refused) {
          assertThat(refused.reason()).isEqualTo(AppendResult.Reason.UNKNOWN_PARTITION);
        }
      }
      assertThat(results.getLast().get()).isInstanceOf(AppendResult.Refused.class);
      assertThat(node.whenFailed().toCompletableFuture()).isNotDone();
      long deadlineNanos = System.nanoTime() + TimeUnit.SECONDS.toNanos(20);
      while (!files(".log").isEmpty() || !files(".footer").isEmpty()) {
        assertThat(System.nanoTime()).as("files left: " + files("")).isLessThan(deadlineNanos);
        Thread.onSpinWait();
      }
    }
    try (FloeNode node = start()) {
      assertThat(node.log().metadata().topicCount()).isZero();
    }
  }

  @Test
  void appliesChangedSettingsToOpenSegments() throws Exception {
    try (FloeNode node = start()) {
      TopicRecord topic = createTopic(node, "t", 1, Map.of());
      PartitionLog partition = partition(node, "t", 0);
      for (int i = 0; i < 100; i++) {
        acked(append(partition, "x".repeat(1_000)));
      }
      assertThat(topic(node, "t").partitions().get(0).chain()).hasSize(1);
      submit(
          node,
          new MetadataCommand.AlterTopicConfigs(
              topic.id(), -1, List.of(new MetadataCommand.ConfigChange("segment.bytes", "65536"))));
      acked(append(partition, "over the limit"));
      acked(append(partition, "in the next one"));
      assertThat(topic(node, "t").partitions().get(0).chain()).hasSize(2);
    }
  }

  @Test
  void servesWhatWasCreatedOnceThatIsAnswered() throws Exception {
    try (FloeNode node = start()) {
      for (int i = 0; i < 20; i++) {
        TopicRecord topic = createTopic(node, "t" + i, 2, Map.of());
        assertThat(acked(append(partition(node, "t" + i, 1), "first"))).isZero();
        submit(node, new MetadataCommand.CreatePartitions(topic.id(), 2, 4));
        assertThat(acked(append(partition(node, "t" + i, 3), "first"))).isZero();
      }
    }
  }

  @Test
  void restartsWithAThousandPartitions() throws Exception {
    try (FloeNode node = start()) {
      createTopic(node, "many", 1_000, Map.of());
      List<CompletableFuture<AppendResult>> results = new ArrayList<>();
      for (int i = 0; i < 1_000; i++) {
        results.add(append(partition(node, "many", i), "partition " + i));
      }
      for (CompletableFuture<AppendResult> result : results) {
        assertThat(acked(result)).isZero();
      }
    }
    for (int life = 1; life < 3; life++) {
      try (FloeNode node = start()) {
        // The last one first: it must not wait until all footers before it are written.
        for (int i = 999; i >= 0; i -= 37) {
          assertThat(recordsOf(partition(node, "many", i), 0))
              .containsEntry(0L, "partition " + i)
              .hasSize(life);
          assertThat(acked(append(partition(node, "many", i), "again"))).isEqualTo(life);
        }
      }
    }
  }

  @Test
  void stopsWithTheCauseWhenAPartitionFails() throws Exception {
    try (FloeNode node = start()) {
      createTopic(node, "t", 1, Map.of());
      BrokenInvariant broken = new BrokenInvariant("I0", "for the test");
      // Runs in the actor of the partition.
      @SuppressWarnings("unchecked")
      ActorSystem<NodeGuardian.Command> guardian =
          (ActorSystem<NodeGuardian.Command>) node.system();
      guardian.tell(
          new NodeGuardian.Drain(
              () -> {
                throw broken;
              }));
      assertThat(node.whenFailed().toCompletableFuture().get(20, TimeUnit.SECONDS))
          .isSameAs(broken);
      node.system().getWhenTerminated().toCompletableFuture().get(20, TimeUnit.SECONDS);
      assertThat(append(partition(node, "t", 0), "too late").get(20, TimeUnit.SECONDS))
          .isInstanceOf(AppendResult.Unknown.class);
    }
  }

  @Test
  void stopsWithTheCauseWhenTheActorSystemEnds() throws Exception {
    try (FloeNode node = start()) {
      node.system().terminate();
      assertThat(node.whenFailed().toCompletableFuture().get(20, TimeUnit.SECONDS))
          .hasMessageContaining("ended by itself");
    }
  }

  @Test
  void servesWhatLiesBehindDamageAndTakesAppends() throws Exception {
    try (FloeNode node = start()) {
      createTopic(node, "t", 1, Map.of());
      PartitionLog partition = partition(node, "t", 0);
      for (int i = 0; i < 30; i++) {
        acked(append(partition, TestBatches.of(7, i, "x".repeat(1_000) + i)));
      }
    }
    try (RandomAccessFile log = new RandomAccessFile(files(".log").getFirst().toFile(), "rw")) {
      log.seek(10_300);
      int old = log.read();
      log.seek(10_300);
      log.write(old ^ 0x10);
    }
    for (int life = 0; life < 2; life++) {
      try (FloeNode node = start()) {
        PartitionLog partition = partition(node, "t", 0);
        long firstBad = recordsOf(partition, 0).lastKey() + 1;
        assertThat(firstBad).isBetween(5L, 15L);
        LogRead read = partition.read(firstBad, 1 << 20);
        assertThat(read).isInstanceOf(LogRead.Damaged.class);
        long next = ((LogRead.Damaged) read).nextOffset();
        assertThat(next).isEqualTo(firstBad + 1);
        assertThat(recordsOf(partition, next)).hasSize((int) (30 + life - next));
        assertThat(acked(append(partition, TestBatches.of(7, 30 + life, "goes on"))))
            .isEqualTo(30 + life);
        assertThat(
                append(partition, TestBatches.of(7, 29, "x".repeat(1_000) + 29))
                    .get(20, TimeUnit.SECONDS))
            .isEqualTo(new AppendResult.Acked(29, 0, true));
      }
    }
  }

  @Test
  void makesALostProducerTableAgain() throws Exception {
    try (FloeNode node = start()) {
      createTopic(node, "t", 1, SMALL_SEGMENTS);
      PartitionLog partition = partition(node, "t", 0);
      for (int i = 0; i < 200; i++) {
        acked(append(partition, TestBatches.of(7, i, "x".repeat(1_000))));
      }
    }
    start().close(); // writes the footer of the last one
    List<Path> footers = files(".footer");
    assertThat(footers).hasSizeGreaterThan(2);
    for (Path footer : footers.subList(1, footers.size())) {
      Files.write(footer, new byte[] {1, 2, 3});
    }
    try (FloeNode node = start()) {
      PartitionLog partition = partition(node, "t", 0);
      assertThat(
              append(partition, TestBatches.of(7, 199, "x".repeat(1_000)))
                  .get(20, TimeUnit.SECONDS))
          .isEqualTo(new AppendResult.Acked(199, 0, true));
      assertThat(acked(append(partition, TestBatches.of(7, 200, "next")))).isEqualTo(200);
    }
  }

  @Test
  void refusesAStoreThatWasWiped() throws Exception {
    try (FloeNode node = start()) {
      createTopic(node, "t", 1, Map.of());
      acked(append(partition(node, "t", 0), "precious"));
    }
    deleteTree(dir.resolve("store"));
    assertThatThrownBy(this::start)
        .isInstanceOf(NodeStartException.class)
        .hasMessageContaining("wiped or replaced");
  }

  @Test
  void refusesMetadataThatWasSetBack() throws Exception {
    try (FloeNode node = start()) {
      createTopic(node, "t", 1, Map.of());
      acked(append(partition(node, "t", 0), "precious"));
    }
    deleteTree(dir.resolve("metadata"));
    deleteTree(dir.resolve("metadata-snapshots"));
    assertThatThrownBy(this::start)
        .isInstanceOf(NodeStartException.class)
        .hasMessageContaining("wiped or replaced");
  }

  private static void deleteTree(Path root) throws IOException {
    try (Stream<Path> all = Files.walk(root)) {
      for (Path path : all.sorted(Comparator.reverseOrder()).toList()) {
        Files.delete(path);
      }
    }
  }

  @Test
  void refusesADirectoryInUse() throws Exception {
    try (FloeNode node = start()) {
      assertThatThrownBy(this::start)
          .isInstanceOf(NodeStartException.class)
          .hasMessageContaining("in use");
      createTopic(node, "t", 1, Map.of());
      assertThat(acked(append(partition(node, "t", 0), "still here"))).isZero();
    }
  }

  @Test
  void refusesAWrongSetting() {
    assertThatThrownBy(
            () -> FloeNode.start(TestNode.settings(dir, "floe.store.open-files-max = many")))
        .isInstanceOf(NodeStartException.class)
        .hasMessageContaining("open-files-max");
  }

  @Test
  void refusesAnotherNodesDirectory() throws Exception {
    start().close();
    assertThatThrownBy(
            () ->
                FloeNode.start(
                    new NodeSettings(
                        dir,
                        7,
                        new HostPort("127.0.0.1", 0),
                        List.of(),
                        false,
                        new HostPort("127.0.0.1", 9092),
                        ConfigFactory.empty())))
        .isInstanceOf(NodeStartException.class)
        .hasMessageContaining("belongs to node 1");
    try (FloeNode node = start()) {
      assertThat(node.nodeId().value()).isEqualTo(1);
    }
  }
}
