package io.floe.actors.node;

import static io.floe.actors.node.TestNode.append;
import static io.floe.actors.node.TestNode.createTopic;
import static io.floe.actors.node.TestNode.partition;
import static io.floe.actors.node.TestNode.recordsOf;
import static io.floe.actors.node.TestNode.topic;
import static org.assertj.core.api.Assertions.assertThat;

import io.floe.actors.log.AppendResult;
import io.floe.actors.log.PartitionLog;
import io.floe.storage.SegmentStore;
import io.floe.storage.StoreException;
import io.floe.storage.StoreSettings;
import io.floe.storage.io.Errno;
import io.floe.storage.io.StorageIos;
import io.floe.storage.io.faulty.Fault;
import io.floe.storage.io.faulty.FaultyIo;
import io.floe.storage.io.faulty.PowerLoss;
import io.floe.storage.io.faulty.Transfer;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Nodes on a disk that fails: whatever happens, every append is answered, and what was
/// acknowledged is there in the next life.
class NodeFaultsTest {
  private static final Map<String, String> SMALL_SEGMENTS = Map.of("segment.bytes", "65536");

  @TempDir Path dir;
  private @Nullable FaultyIo io;

  private FloeNode start(long seed, String config) throws NodeStartException {
    return FloeNode.start(
        TestNode.settings(dir.resolve("node"), config),
        settings -> {
          FaultyIo faulty =
              FaultyIo.around(
                  StorageIos.open(StoreSettings.Io.FILE_CHANNEL, 256), dir.resolve("attic"), seed);
          io = faulty;
          return SegmentStore.open(settings, faulty);
        });
  }

  private FaultyIo io() {
    return Objects.requireNonNull(io);
  }

  @Test
  void losesNothingAcknowledgedWhenThePowerGoes() throws Exception {
    long seed = Long.getLong("floe.seed", System.nanoTime());
    System.out.println("NodeFaultsTest: -Dfloe.seed=" + seed);
    Random random = new Random(seed);
    TreeMap<Long, String> acknowledged = new TreeMap<>();
    for (int life = 0; life < 4; life++) {
      FloeNode node = start(random.nextLong(), "floe.node.drain-timeout = 100 ms");
      if (life == 0) {
        createTopic(node, "t", 1, SMALL_SEGMENTS);
      }
      PartitionLog partition = partition(node, "t", 0);
      assertThat(recordsOf(partition, 0)).as("life " + life).containsAllEntriesOf(acknowledged);
      int appends = 200 + random.nextInt(400);
      int cutAt = random.nextInt(appends);
      List<String> texts = new ArrayList<>();
      List<CompletableFuture<AppendResult>> results = new ArrayList<>();
      for (int i = 0; i < appends; i++) {
        if (i == cutAt) {
          io().cutPower();
        }
        texts.add("x".repeat(random.nextInt(1_000)) + " life " + life + " record " + i);
        results.add(append(partition, texts.getLast()));
        if (i % 50 == 0) {
          results.getLast().get(20, TimeUnit.SECONDS);
        }
      }
      node.close();
      for (int i = 0; i < appends; i++) {
        if (results.get(i).get(20, TimeUnit.SECONDS) instanceof AppendResult.Acked acked) {
          acknowledged.put(acked.baseOffset(), texts.get(i));
        }
      }
      io().applyPowerLoss(PowerLoss.seeded(random.nextLong()));
    }
    try (FloeNode node = start(seed, "")) {
      assertThat(recordsOf(partition(node, "t", 0), 0)).containsAllEntriesOf(acknowledged);
      assertThat(acknowledged).isNotEmpty();
    }
  }

  @Test
  void stopsWhenASyncFailsAndKeepsWhatWasAcknowledged() throws Exception {
    TreeMap<Long, String> acknowledged = new TreeMap<>();
    FloeNode node = start(1, "");
    createTopic(node, "t", 1, SMALL_SEGMENTS);
    PartitionLog partition = partition(node, "t", 0);
    acknowledged.put(TestNode.acked(append(partition, "first")), "first");
    io().add(Fault.failIf(transfer -> transfer.kind() == Transfer.Kind.SYNC, Errno.EIO));
    AppendResult failed = append(partition, "second").get(20, TimeUnit.SECONDS);
    assertThat(failed).isInstanceOf(AppendResult.Unknown.class);
    assertThat(node.whenFailed().toCompletableFuture().get(20, TimeUnit.SECONDS))
        .isInstanceOf(StoreException.class);
    assertThat(append(partition, "third").get(20, TimeUnit.SECONDS))
        .isNotInstanceOf(AppendResult.Acked.class);
    node.close();
    try (FloeNode next = start(1, "")) {
      assertThat(recordsOf(partition(next, "t", 0), 0)).containsAllEntriesOf(acknowledged);
      assertThat(TestNode.acked(append(partition(next, "t", 0), "again"))).isPositive();
    }
  }

  @Test
  void refusesOnAFullDiskAndGoesOnWhenThereIsSpace() throws Exception {
    try (FloeNode node = start(1, "")) {
      createTopic(node, "t", 1, SMALL_SEGMENTS);
      PartitionLog partition = partition(node, "t", 0);
      TreeMap<Long, String> acknowledged = new TreeMap<>();
      // Enough for this segment to be filled, not for a footer or the next one.
      for (int i = 0; i < 20; i++) {
        acknowledged.put(TestNode.acked(append(partition, "x".repeat(1_000) + i)), "");
      }
      io().limitSpace(64 << 10);
      AppendResult last = new AppendResult.Acked(0, 0, false);
      for (int i = 0; i < 1_000 && last instanceof AppendResult.Acked; i++) {
        last = append(partition, "x".repeat(1_000)).get(20, TimeUnit.SECONDS);
        if (last instanceof AppendResult.Acked acked) {
          acknowledged.put(acked.baseOffset(), "");
        }
      }
      assertThat(last)
          .isInstanceOfSatisfying(
              AppendResult.Refused.class,
              refused -> assertThat(refused.reason()).isEqualTo(AppendResult.Reason.NO_SPACE));
      assertThat(node.whenFailed().toCompletableFuture()).isNotDone();
      assertThat(topic(node, "t").partitions().get(0).chain()).hasSizeGreaterThan(1);
      io().heal();
      AppendResult healed = last;
      long deadlineNanos = System.nanoTime() + TimeUnit.SECONDS.toNanos(20);
      while (!(healed instanceof AppendResult.Acked)) {
        assertThat(System.nanoTime()).isLessThan(deadlineNanos);
        healed = append(partition, "healed").get(20, TimeUnit.SECONDS);
      }
      assertThat(recordsOf(partition, 0).keySet()).containsAll(acknowledged.keySet());
      assertThat(node.whenFailed().toCompletableFuture()).isNotDone();
    }
  }

  @Test
  void answersEveryAppendWhenItStops() throws Exception {
    FloeNode node = start(1, "floe.node.drain-timeout = 50 ms");
    createTopic(node, "t", 1, SMALL_SEGMENTS);
    PartitionLog partition = partition(node, "t", 0);
    TestNode.acked(append(partition, "first"));
    io().delayCompletions(Duration.ofMillis(300), Duration.ofMillis(400));
    List<CompletableFuture<AppendResult>> results = new ArrayList<>();
    for (int i = 0; i < 300; i++) {
      results.add(append(partition, "x".repeat(1_000)));
    }
    CompletableFuture<Boolean> woken = new CompletableFuture<>();
    var _ = partition.awaitBeyond(1_000_000, () -> woken.complete(true));
    node.close();
    for (CompletableFuture<AppendResult> result : results) {
      assertThat(result).isDone();
    }
    assertThat(results.getLast().get()).isNotInstanceOf(AppendResult.Acked.class);
    assertThat(woken).isDone();
  }
}
