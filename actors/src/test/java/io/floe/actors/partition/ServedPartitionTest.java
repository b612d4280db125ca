package io.floe.actors.partition;

import static io.floe.actors.partition.PartitionRig.refused;
import static org.assertj.core.api.Assertions.assertThat;

import io.floe.actors.log.AppendResult;
import io.floe.actors.log.LogRead;
import io.floe.actors.log.PartitionLog;
import io.floe.consensus.metadata.core.PartitionRecord;
import io.floe.consensus.metadata.core.ReplicaId;
import io.floe.consensus.metadata.core.SegmentRecord;
import io.floe.consensus.metadata.core.SegmentState;
import io.floe.consensus.metadata.core.WriterId;
import io.floe.model.NodeId;
import io.floe.model.PartitionId;
import io.floe.model.ProcessIncarnation;
import io.floe.model.SegmentId;
import io.floe.model.StoreIncarnation;
import io.floe.model.TopicId;
import io.floe.model.batch.BatchInfo;
import io.floe.storage.LogSlice;
import io.floe.storage.SegmentReads;
import io.floe.storage.StoreException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicInteger;
import org.apache.pekko.actor.testkit.typed.javadsl.ActorTestKit;
import org.apache.pekko.actor.testkit.typed.javadsl.TestProbe;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;
import org.pcollections.TreePVector;

class ServedPartitionTest {
  private static final ActorTestKit KIT = ActorTestKit.create();
  private static final WriterId WRITER = new WriterId(new NodeId(1), new ProcessIncarnation(1));
  private static final ReplicaId REPLICA = new ReplicaId(new NodeId(1), new StoreIncarnation(1));

  private final TestProbe<PartitionCommand> actor = KIT.createTestProbe();
  private final FakeReads reads = new FakeReads();

  @AfterAll
  static void stop() {
    KIT.shutdownTestKit();
  }

  private static SegmentRecord segment(long id, int epoch, long base, long end) {
    return new SegmentRecord(
        new SegmentId(id),
        epoch,
        base,
        WRITER,
        List.of(REPLICA),
        1,
        end < 0
            ? new SegmentState.Open()
            : new SegmentState.Sealed(end, 0, List.of(REPLICA), false));
  }

  private static PartitionRecord chain(SegmentRecord... segments) {
    return new PartitionRecord(0, 0, TreePVector.from(List.of(segments)));
  }

  /// Segments 1 [0, 10) and 2 [10, 20) of epoch 1, 3 from 20 on of epoch 4.
  private ServedPartition served() {
    ServedPartition served =
        new ServedPartition(
            new PartitionId(new TopicId(UUID.randomUUID()), 0),
            chain(segment(1, 1, 0, 10), segment(2, 1, 10, 20), segment(3, 4, 20, -1)),
            reads,
            1_000);
    served.routeTo(actor.getRef());
    return served;
  }

  private static CompletableFuture<AppendResult> append(ServedPartition served, int padding) {
    ByteBuffer batch = PartitionRig.batch("a", padding);
    CompletableFuture<AppendResult> result = new CompletableFuture<>();
    served.append(
        batch,
        BatchInfo.of(batch, 0),
        end -> {
          if (!result.complete(end)) {
            throw new AssertionError("answered twice");
          }
        });
    return result;
  }

  private PartitionCommand.Append passedOn() {
    return actor.expectMessageClass(PartitionCommand.Append.class);
  }

  @Test
  void everythingBeforeTheOpenSegmentIsCommitted() {
    ServedPartition served = served();
    assertThat(served.highWatermark()).isEqualTo(20);
    assertThat(served.logEndOffset()).isEqualTo(20);
    assertThat(served.epoch()).isEqualTo(4);
  }

  @Test
  void boundsWhatIsNotAnswered() throws Exception {
    ServedPartition served = served();
    CompletableFuture<AppendResult> large = append(served, 5_000);
    PartitionCommand.Append first = passedOn();
    assertThat(first.isOverload()).as("a single batch is let in, however large").isFalse();
    var _ = append(served, 10);
    PartitionCommand.Append second = passedOn();
    assertThat(second.isOverload()).isTrue();
    assertThat(second.batch().remaining()).as("its bytes are not kept").isZero();
    second.onResult().accept(new AppendResult.Unknown("x"));
    first.onResult().accept(new AppendResult.Acked(20, 0, false));
    assertThat(large.get()).isEqualTo(new AppendResult.Acked(20, 0, false));
    var _ = append(served, 10);
    assertThat(passedOn().isOverload()).as("room again").isFalse();
  }

  @Test
  void answersOnceWhoeverAnswersFirst() throws Exception {
    ServedPartition served = served();
    CompletableFuture<AppendResult> result = append(served, 10);
    PartitionCommand.Append passedOn = passedOn();
    passedOn.onResult().accept(new AppendResult.Acked(20, 0, false));
    passedOn.onResult().accept(new AppendResult.Unknown("again"));
    served.stopped();
    assertThat(result.get()).isEqualTo(new AppendResult.Acked(20, 0, false));
  }

  @Test
  void answersWhatTheActorsLeft() throws Exception {
    ServedPartition served = served();
    CompletableFuture<AppendResult> before = append(served, 10);
    served.stopped();
    assertThat(before.get()).isInstanceOf(AppendResult.Unknown.class);
    assertThat(append(served, 10).get()).isInstanceOf(AppendResult.Unknown.class);
    assertThat(served.read(0, 100)).isInstanceOf(LogRead.Failed.class);
  }

  @Test
  void refusesAppendsToADeletedPartition() throws Exception {
    ServedPartition served = served();
    served.gone();
    refused(append(served, 10), AppendResult.Reason.UNKNOWN_PARTITION);
    actor.expectNoMessage(java.time.Duration.ZERO);
  }

  @Test
  void readsTheSegmentThatHoldsTheOffsetUpToItsEnd() {
    ServedPartition served = served();
    served.highWatermarkAdvanced(25);
    assertThat(served.read(0, 100)).isInstanceOf(LogRead.Batches.class);
    assertThat(served.read(9, 100)).isInstanceOf(LogRead.Batches.class);
    assertThat(served.read(10, 100)).isInstanceOf(LogRead.Batches.class);
    assertThat(served.read(24, 100)).isInstanceOf(LogRead.Batches.class);
    assertThat(reads.calls).containsExactly("1 [0, 10)", "1 [9, 10)", "2 [10, 20)", "3 [24, 25)");
  }

  @Test
  void tellsTheEndFromWhatIsOutOfRange() {
    ServedPartition served = served();
    served.logEndAdvanced(23);
    assertThat(served.read(20, 100)).isEqualTo(new LogRead.AtEnd(20));
    assertThat(served.read(23, 100)).isEqualTo(new LogRead.AtEnd(20));
    assertThat(served.read(24, 100)).isEqualTo(new LogRead.OutOfRange(0, 23));
    assertThat(served.read(-1, 100)).isEqualTo(new LogRead.OutOfRange(0, 23));
  }

  @Test
  void saysSoWhenCommittedRecordsAreMissing() {
    reads.isShort = true;
    assertThat(served().read(5, 100)).isInstanceOf(LogRead.Failed.class);
  }

  @Test
  void namesTheEndOfDamageThatIsNotKnownExactly() {
    reads.failure = new StoreException(StoreException.Category.DAMAGED, "bad");
    assertThat(served().read(5, 100)).isEqualTo(new LogRead.Damaged(10, "bad"));
    reads.failure = new StoreException(StoreException.Category.IO, "gone");
    assertThat(served().read(5, 100)).isEqualTo(new LogRead.Failed("gone"));
  }

  @Test
  void knowsWhereTenuresEnd() {
    ServedPartition served = served();
    served.highWatermarkAdvanced(25);
    assertThat(served.endOf(0)).isNull();
    assertThat(served.endOf(1)).isEqualTo(new PartitionLog.EpochEnd(1, 20));
    assertThat(served.endOf(3)).isEqualTo(new PartitionLog.EpochEnd(1, 20));
    assertThat(served.endOf(4)).isEqualTo(new PartitionLog.EpochEnd(4, 25));
    assertThat(served.endOf(9)).isEqualTo(new PartitionLog.EpochEnd(4, 25));
  }

  @Test
  void wakesForEachReasonOnceAndAtOnceWhenItIsThere() {
    ServedPartition served = served();
    AtomicInteger wakes = new AtomicInteger();
    var _ = served.awaitBeyond(19, wakes::incrementAndGet);
    assertThat(wakes).as("passed already").hasValue(1);
    var _ = served.awaitBeyond(20, wakes::incrementAndGet);
    served.highWatermarkAdvanced(20);
    assertThat(wakes).hasValue(1);
    served.highWatermarkAdvanced(21);
    assertThat(wakes).hasValue(2);
    var _ = served.awaitBeyond(100, wakes::incrementAndGet);
    served.chainChanged(
        chain(
            segment(1, 1, 0, 10),
            segment(2, 1, 10, 20),
            segment(3, 4, 20, 21),
            segment(5, 4, 21, -1)));
    assertThat(wakes).as("a planned roll keeps the epoch").hasValue(2);
    served.chainChanged(
        chain(
            segment(1, 1, 0, 10),
            segment(2, 1, 10, 20),
            segment(3, 4, 20, 21),
            segment(6, 5, 21, -1)));
    assertThat(wakes).as("a new epoch").hasValue(3);
    var _ = served.awaitBeyond(100, wakes::incrementAndGet);
    served.gone();
    assertThat(wakes).as("deleted").hasValue(4);
    var _ = served.awaitBeyond(100, wakes::incrementAndGet);
    assertThat(wakes).as("already deleted").hasValue(5);
  }

  @Test
  void wakesWaitersWhenTheNodeStops() {
    ServedPartition served = served();
    AtomicInteger wakes = new AtomicInteger();
    var _ = served.awaitBeyond(100, wakes::incrementAndGet);
    served.stopped();
    var _ = served.awaitBeyond(100, wakes::incrementAndGet);
    assertThat(wakes).hasValue(2);
  }

  @Test
  void survivesACallerThatThrows() {
    ServedPartition served = served();
    ByteBuffer batch = PartitionRig.batch("a", 0);
    served.append(
        batch,
        BatchInfo.of(batch, 0),
        end -> {
          throw new IllegalStateException("for the test");
        });
    passedOn().onResult().accept(new AppendResult.Acked(20, 0, false));
  }

  /// Answers every read with a slice that reaches to the wanted end.
  private static final class FakeReads implements SegmentReads {
    final List<String> calls = new ArrayList<>();
    boolean isShort;
    @Nullable StoreException failure;

    @Override
    public LogSlice read(SegmentId segment, long offset, long endOffset, int maxBytes)
        throws StoreException {
      StoreException fails = failure;
      if (fails != null) {
        throw fails;
      }
      calls.add(segment + " [" + offset + ", " + endOffset + ")");
      return new FakeSlice(isShort ? offset : endOffset);
    }

    @Override
    public @Nullable Found firstAtOrAfter(SegmentId segment, long timestamp, long endOffset) {
      return null;
    }

    @Override
    public @Nullable Found maxTimestamp(SegmentId segment, long endOffset) {
      return null;
    }

    @Override
    public long bytesBetween(SegmentId segment, long fromOffset, long toOffset) {
      return toOffset - fromOffset;
    }
  }
}
