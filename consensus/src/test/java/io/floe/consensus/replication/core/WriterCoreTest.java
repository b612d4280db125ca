package io.floe.consensus.replication.core;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.floe.consensus.BrokenInvariant;
import io.floe.consensus.metadata.core.ReplicaId;
import io.floe.consensus.metadata.core.SegmentRecord;
import io.floe.consensus.metadata.core.SegmentState;
import io.floe.consensus.metadata.core.WriterId;
import io.floe.consensus.replication.core.WriterEvent.Append;
import io.floe.consensus.replication.core.WriterEvent.AppendWithoutSpace;
import io.floe.consensus.replication.core.WriterEvent.DurableEnd;
import io.floe.consensus.replication.core.WriterEvent.Fenced;
import io.floe.consensus.replication.core.WriterEvent.NextOpened;
import io.floe.consensus.replication.core.WriterEvent.RollPending;
import io.floe.consensus.replication.core.WriterEvent.RollRefused;
import io.floe.consensus.replication.core.WriterEvent.RollRequested;
import io.floe.consensus.replication.core.WriterEvent.RollUnknown;
import io.floe.consensus.replication.core.WriterEvent.Stop;
import io.floe.consensus.replication.core.WriterEvent.StoreFailed;
import io.floe.model.NodeId;
import io.floe.model.ProcessIncarnation;
import io.floe.model.SegmentId;
import io.floe.model.StoreIncarnation;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class WriterCoreTest {
  private static final int EPOCH = 4;

  private final RecordedEffects effects = new RecordedEffects();
  private final List<String> trace = new ArrayList<>();

  private static SegmentRecord segment(long id, long base, int replicas, int ackQuorum) {
    List<ReplicaId> stores = new ArrayList<>();
    for (int node = 0; node < replicas; node++) {
      stores.add(new ReplicaId(new NodeId(node), new StoreIncarnation(node)));
    }
    return new SegmentRecord(
        new SegmentId(id),
        EPOCH,
        base,
        new WriterId(new NodeId(0), new ProcessIncarnation(1)),
        stores,
        ackQuorum,
        new SegmentState.Open());
  }

  private WriterCore writer(int replicas, int ackQuorum) {
    return writer(replicas, ackQuorum, WriterSettings.DEFAULT);
  }

  private WriterCore writer(int replicas, int ackQuorum, WriterSettings settings) {
    return new WriterCore(
        segment(1, 0, replicas, ackQuorum),
        new ProducerTable(),
        settings,
        (id, action, from, to, reason) -> trace.add(action + " " + from + " " + to));
  }

  private List<String> step(WriterCore writer, WriterEvent event) {
    writer.step(event, effects);
    return effects.take();
  }

  private static DurableEnd durable(int replica, long end) {
    return new DurableEnd(new SegmentId(1), replica, end);
  }

  @Test
  void assignsDenseOffsetsAndAcksInOrderOnceDurable() {
    WriterCore writer = writer(1, 1);
    assertThat(step(writer, new Append(7, Batches.plain(3))))
        .containsExactly("write 7 at 0 epoch 4");
    assertThat(step(writer, new Append(8, Batches.plain(2))))
        .containsExactly("write 8 at 3 epoch 4");
    assertThat(step(writer, durable(0, 3))).containsExactly("hw 3", "acked 7 at 0");
    assertThat(step(writer, durable(0, 5))).containsExactly("hw 5", "acked 8 at 3");
    assertThat(writer.openRequests()).isZero();
  }

  @Test
  void highWatermarkIsTheQuorumthLargestDurableEndAndNeverGoesBack() {
    WriterCore writer = writer(3, 2);
    step(writer, new Append(1, Batches.plain(10)));
    assertThat(step(writer, durable(0, 10))).isEmpty();
    assertThat(step(writer, durable(1, 4))).containsExactly("hw 4");
    assertThat(step(writer, durable(2, 6))).containsExactly("hw 6");
    assertThat(step(writer, durable(2, 5))).isEmpty();
    assertThat(step(writer, durable(1, 10))).containsExactly("hw 10", "acked 1 at 0");
    assertThat(step(writer, durable(2, 10))).isEmpty();
  }

  @Test
  void lateSmallerAckOfAReplicaDoesNotTakeBackALargerOne() {
    WriterCore writer = writer(3, 2);
    step(writer, new Append(1, Batches.plain(10)));
    step(writer, durable(0, 10));
    step(writer, durable(0, 5));
    assertThat(step(writer, durable(1, 10))).containsExactly("hw 10", "acked 1 at 0");
  }

  @Test
  void refusesAckOfWhatWasNeverAssigned() {
    WriterCore writer = writer(3, 2);
    assertThatThrownBy(() -> step(writer, durable(0, 1))).isInstanceOf(BrokenInvariant.class);
  }

  @Test
  void ignoresAcksOfAnotherSegment() {
    WriterCore writer = writer(1, 1);
    step(writer, new Append(1, Batches.plain(1)));
    assertThat(step(writer, new DurableEnd(new SegmentId(9), 0, 1))).isEmpty();
  }

  @Test
  void answersDuplicatesWithTheOriginalOffsetOnlyBelowTheHighWatermark() {
    WriterCore writer = writer(1, 1);
    step(writer, new Append(1, Batches.of(5, 0, 0, 2)));
    assertThat(step(writer, new Append(2, Batches.of(5, 0, 0, 2)))).isEmpty();
    assertThat(step(writer, durable(0, 2)))
        .containsExactly("hw 2", "acked 1 at 0", "acked 2 at 0 duplicate");
    assertThat(step(writer, new Append(3, Batches.of(5, 0, 0, 2))))
        .containsExactly("acked 3 at 0 duplicate");
  }

  @Test
  void refusesGapsAndOldEpochs() {
    WriterCore writer = writer(1, 1);
    assertThat(step(writer, new Append(1, Batches.of(5, 1, 40, 2)))).hasSize(1);
    assertThat(step(writer, new Append(2, Batches.of(5, 1, 43, 1))))
        .containsExactly("refused 2 OUT_OF_ORDER_SEQUENCE");
    assertThat(step(writer, new Append(3, Batches.of(5, 0, 42, 1))))
        .containsExactly("refused 3 PRODUCER_FENCED");
    assertThat(step(writer, new Append(4, Batches.of(5, 2, 42, 1))))
        .containsExactly("refused 4 OUT_OF_ORDER_SEQUENCE");
    assertThat(step(writer, new Append(5, Batches.of(5, 2, 0, 1))))
        .containsExactly("write 5 at 2 epoch 4");
    assertThat(step(writer, new Append(6, Batches.of(6, 0, -1, 1))))
        .containsExactly("refused 6 OUT_OF_ORDER_SEQUENCE");
  }

  @Test
  void newProducerThatWasTurnedAwayMustBeginAtItsFirstBatch() {
    WriterCore writer = writer(1, 1);
    assertThat(step(writer, new AppendWithoutSpace(1, Batches.of(5, 0, 0, 1))))
        .containsExactly("refused 1 NO_SPACE");
    assertThat(step(writer, new Append(2, Batches.of(5, 0, 1, 1))))
        .containsExactly("refused 2 OUT_OF_ORDER_SEQUENCE");
    assertThat(step(writer, new Append(3, Batches.of(5, 0, 0, 1)))).hasSize(1);
    assertThat(step(writer, new Append(4, Batches.of(5, 0, 1, 1))))
        .containsExactly("write 4 at 1 epoch 4");
  }

  @Test
  void fullDiskRefusesNewBatchesButStillAnswersDuplicates() {
    WriterCore writer = writer(1, 1);
    step(writer, new Append(1, Batches.of(5, 0, 0, 1)));
    step(writer, durable(0, 1));
    assertThat(step(writer, new AppendWithoutSpace(2, Batches.of(5, 0, 0, 1))))
        .containsExactly("acked 2 at 0 duplicate");
    assertThat(step(writer, new AppendWithoutSpace(3, Batches.of(5, 0, 1, 1))))
        .containsExactly("refused 3 NO_SPACE");
    assertThat(writer.endOffset()).isEqualTo(1);
  }

  @Test
  void boundsRequestsInFlight() {
    WriterCore byCount = writer(1, 1, new WriterSettings(2, 1 << 20, 1, 1 << 20));
    step(byCount, new Append(1, Batches.plain(1)));
    step(byCount, new Append(2, Batches.plain(1)));
    assertThat(step(byCount, new Append(3, Batches.plain(1))))
        .containsExactly("refused 3 OVERLOADED");
    step(byCount, durable(0, 1));
    assertThat(step(byCount, new Append(4, Batches.plain(1)))).hasSize(1);
    WriterCore byBytes = writer(1, 1, new WriterSettings(9, 2 * Batches.SIZE_BYTES, 1, 1));
    step(byBytes, new Append(1, Batches.of(5, 0, 0, 1)));
    step(byBytes, new Append(2, Batches.plain(1)));
    assertThat(step(byBytes, new Append(3, Batches.plain(1))))
        .containsExactly("refused 3 OVERLOADED");
    assertThat(step(byBytes, new Append(4, Batches.of(5, 0, 0, 1)))).isEmpty();
  }

  @Test
  void keepsOrderWhileTheRingGrowsAndWraps() {
    WriterCore writer = writer(1, 1);
    long next = 0;
    long acked = 0;
    for (int round = 1; round <= 40; round++) {
      for (int i = 0; i < round; i++) {
        step(writer, new Append(next++, Batches.plain(1)));
      }
      long upTo = acked + round / 2;
      List<String> acks = step(writer, durable(0, upTo));
      for (int i = 1; i < acks.size(); i++) {
        assertThat(acks.get(i)).isEqualTo("acked " + acked + " at " + acked);
        acked++;
      }
      assertThat(acked).isEqualTo(upTo);
    }
  }

  @Test
  void rollWaitsForTheHighWatermarkThenProposesItsEnd() {
    WriterCore writer = writer(1, 1);
    step(writer, new Append(1, Batches.plain(2)));
    assertThat(step(writer, new RollRequested("size"))).isEmpty();
    assertThat(step(writer, new Append(2, Batches.plain(1)))).isEmpty();
    assertThat(step(writer, durable(0, 2))).containsExactly("hw 2", "acked 1 at 0", "propose 2");
    assertThat(writer.state()).isEqualTo(WriterState.PROPOSED);
    assertThat(step(writer, new RollRequested("age"))).isEmpty();
    assertThat(step(writer, new Append(3, Batches.plain(1)))).isEmpty();
    assertThat(step(writer, new NextOpened(new SegmentId(2))))
        .containsExactly("hand over 2", "hand over 3");
    assertThat(step(writer, new Append(4, Batches.plain(1)))).containsExactly("hand over 4");
    assertThat(trace)
        .containsExactly(
            "BEGIN_ROLL OPEN DRAINING",
            "PROPOSE_SEAL_AND_OPEN DRAINING PROPOSED",
            "LEARN_SEALED PROPOSED SEALED");
  }

  @Test
  void neverAppendsAfterAProposalOfUnknownOutcome() {
    WriterCore writer = writer(1, 1);
    assertThat(step(writer, new RollRequested("size"))).containsExactly("propose 0");
    assertThat(step(writer, new RollUnknown())).containsExactly("read outcome");
    assertThat(step(writer, new Append(1, Batches.plain(1)))).isEmpty();
    assertThat(step(writer, new RollPending())).containsExactly("propose 0");
    assertThat(step(writer, new Append(2, Batches.plain(1)))).isEmpty();
    assertThat(step(writer, new RollRefused()))
        .containsExactly("refused 1 NOT_WRITER", "refused 2 NOT_WRITER", "halt FENCED");
  }

  @Test
  void boundsWhatWaitsForARoll() {
    WriterCore writer = writer(1, 1, new WriterSettings(9, 1 << 20, 2, 2 * Batches.SIZE_BYTES));
    step(writer, new RollRequested("size"));
    step(writer, new Append(1, Batches.plain(1)));
    step(writer, new Append(2, Batches.plain(1)));
    assertThat(step(writer, new Append(3, Batches.plain(1))))
        .containsExactly("refused 3 OVERLOADED");
    assertThat(writer.openRequests()).isEqualTo(2);
  }

  @Test
  void successorGoesOnWhereTheSegmentEnded() {
    WriterCore writer = writer(1, 1);
    step(writer, new Append(1, Batches.of(5, 0, 0, 2)));
    step(writer, durable(0, 2));
    step(writer, new RollRequested("size"));
    step(writer, new NextOpened(new SegmentId(2)));
    assertThatThrownBy(() -> writer.successor(segment(3, 2, 1, 1)))
        .isInstanceOf(BrokenInvariant.class);
    assertThatThrownBy(() -> writer.successor(segment(2, 3, 1, 1)))
        .isInstanceOf(BrokenInvariant.class);
    WriterCore next = writer.successor(segment(2, 2, 1, 1));
    assertThat(step(next, new Append(2, Batches.of(5, 0, 0, 2))))
        .containsExactly("acked 2 at 0 duplicate");
    assertThat(step(next, new Append(3, Batches.of(5, 0, 2, 1))))
        .containsExactly("write 3 at 2 epoch 4");
  }

  @Test
  void refusesToBeginWithTheTableOfAnotherOffset() {
    assertThatThrownBy(
            () ->
                new WriterCore(
                    segment(1, 5, 1, 1),
                    new ProducerTable(),
                    WriterSettings.DEFAULT,
                    WriterTrace.NONE))
        .isInstanceOf(BrokenInvariant.class);
  }

  @Test
  void storeFailureLeavesWhatWasAssignedUnknown() {
    WriterCore writer = writer(1, 1);
    step(writer, new Append(1, Batches.plain(2)));
    step(writer, new RollRequested("size"));
    step(writer, new Append(2, Batches.plain(2)));
    assertThat(step(writer, new StoreFailed()))
        .containsExactly("unknown 1", "refused 2 STORE_FAILED", "halt STORE_FAILED");
    assertThat(step(writer, durable(0, 2))).isEmpty();
    assertThat(step(writer, new Append(3, Batches.plain(2))))
        .containsExactly("refused 3 STORE_FAILED");
    assertThat(step(writer, new StoreFailed())).isEmpty();
  }

  @Test
  void fencedWriterAcksNothingMore() {
    WriterCore writer = writer(3, 2);
    step(writer, new Append(1, Batches.plain(2)));
    step(writer, durable(0, 2));
    assertThat(step(writer, new Fenced())).containsExactly("unknown 1", "halt FENCED");
    assertThat(step(writer, durable(1, 2))).isEmpty();
    assertThat(writer.highWatermark()).isZero();
    assertThat(step(writer, new Append(2, Batches.plain(2))))
        .containsExactly("refused 2 NOT_WRITER");
    assertThat(trace).containsExactly("STEP_DOWN OPEN RESIGNED");
  }

  @Test
  void reopenedWriterRemembersWhomTheEndedOneTurnedAway() {
    WriterCore writer = writer(1, 1);
    step(writer, new Fenced());
    assertThat(step(writer, new Append(1, Batches.of(5, 0, 0, 1))))
        .containsExactly("refused 1 NOT_WRITER");
    assertThatThrownBy(() -> writer.reopened(segment(1, 0, 1, 1), new ProducerTable()))
        .isInstanceOf(BrokenInvariant.class);
    WriterCore later = writer.reopened(segment(2, 0, 1, 1), new ProducerTable());
    assertThat(step(later, new Append(2, Batches.of(5, 0, 1, 1))))
        .containsExactly("refused 2 OUT_OF_ORDER_SEQUENCE");
    assertThat(step(later, new Append(3, Batches.of(5, 0, 0, 1))))
        .containsExactly("write 3 at 0 epoch 4");
  }

  @Test
  void stepsDownWhenSealedUnasked() {
    WriterCore writer = writer(1, 1);
    step(writer, new Append(1, Batches.plain(2)));
    assertThat(step(writer, new NextOpened(new SegmentId(2))))
        .containsExactly("unknown 1", "halt FENCED");
  }

  @Test
  void stopAnswersEveryoneAndSaysWhy() {
    WriterCore writer = writer(1, 1);
    step(writer, new Append(1, Batches.plain(2)));
    assertThat(step(writer, new Stop(AppendRefusal.UNKNOWN_PARTITION)))
        .containsExactly("unknown 1", "halt STOPPED");
    assertThat(step(writer, new Append(2, Batches.plain(2))))
        .containsExactly("refused 2 UNKNOWN_PARTITION");
  }
}
