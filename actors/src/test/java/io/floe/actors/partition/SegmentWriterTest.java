package io.floe.actors.partition;

import static io.floe.actors.partition.PartitionRig.acked;
import static io.floe.actors.partition.PartitionRig.refused;
import static org.assertj.core.api.Assertions.assertThat;

import io.floe.actors.log.AppendResult;
import io.floe.actors.metadata.MetadataProtocol;
import io.floe.consensus.replication.core.ProducerTable;
import io.floe.consensus.replication.core.WriterCore;
import io.floe.consensus.replication.core.WriterSettings;
import io.floe.consensus.replication.core.WriterTrace;
import io.floe.model.batch.BatchInfo;
import io.floe.storage.OpenSegment;
import io.floe.storage.StoreException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.apache.pekko.actor.testkit.typed.javadsl.ActorTestKit;
import org.apache.pekko.actor.testkit.typed.javadsl.ManualTime;
import org.apache.pekko.actor.testkit.typed.javadsl.TestProbe;
import org.apache.pekko.actor.typed.ActorRef;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;

/// The writer alone; the test is its router.
class SegmentWriterTest {
  private static final ActorTestKit KIT = ActorTestKit.create(ManualTime.config());

  private final PartitionRig rig = new PartitionRig(KIT, 0);
  private final TestProbe<PartitionCommand> router = KIT.createTestProbe();

  @AfterAll
  static void stop() {
    KIT.shutdownTestKit();
  }

  private ActorRef<SegmentWriterCommand> writer(long segmentBytes, WriterSettings settings) {
    return KIT.spawn(
        SegmentWriter.create(
            rig.shared,
            rig.served,
            new WriterCore(rig.record().last(), new ProducerTable(), settings, WriterTrace.NONE),
            false,
            new PartitionSettings(segmentBytes, PartitionRig.AGE),
            router.getRef()));
  }

  private static CompletableFuture<AppendResult> append(
      ActorRef<SegmentWriterCommand> writer, String text, int padding) {
    ByteBuffer batch = PartitionRig.batch(text, padding);
    CompletableFuture<AppendResult> result = new CompletableFuture<>();
    writer.tell(
        new PartitionCommand.Append(batch, BatchInfo.of(batch, 0), false, result::complete));
    return result;
  }

  @Test
  void acknowledgesOnlyWhatIsDurableAndThenItCanBeRead() throws Exception {
    ActorRef<SegmentWriterCommand> writer = writer(1 << 20, WriterSettings.DEFAULT);
    CompletableFuture<AppendResult> result = append(writer, "a", 0);
    rig.store.awaitAppends(1);
    router.expectNoMessage(Duration.ZERO);
    assertThat(result).isNotDone();
    assertThat(rig.served.highWatermark()).isZero();
    CompletableFuture<Long> seen = result.thenApply(end -> rig.served.highWatermark());
    rig.store.segment(1).sync();
    acked(result, 0);
    assertThat(seen.get(10, TimeUnit.SECONDS)).isEqualTo(1);
  }

  @Test
  void rollsWhenItIsFullAndHandsOverWhatWaited() throws Exception {
    ActorRef<SegmentWriterCommand> writer = writer(500, WriterSettings.DEFAULT);
    CompletableFuture<AppendResult> full = append(writer, "fills", 600);
    CompletableFuture<AppendResult> waits = append(writer, "waits", 0);
    rig.store.awaitAppends(1);
    rig.metadataLog.expectNoMessage(Duration.ZERO);
    rig.store.segment(1).sync();
    acked(full, 0);
    MetadataProtocol.Submit roll = rig.proposal();
    roll.replyTo().tell(rig.applyOnly(roll));
    router.expectMessageClass(PartitionCommand.Closing.class);
    CompletableFuture<AppendResult> late = append(writer, "late", 0);
    writer.tell(SegmentWriterCommand.HandOver.HAND_OVER);
    PartitionCommand.HandedOver handedOver =
        router.expectMessageClass(PartitionCommand.HandedOver.class);
    assertThat(handedOver.queued())
        .extracting(append -> FakeStore.Appends.textOf(append.batch()))
        .containsExactly("waits", "late");
    assertThat(handedOver.wasFilled()).isTrue();
    assertThat(waits).isNotDone();
    assertThat(late).isNotDone();
    router.expectTerminated(writer);
  }

  @Test
  void answersWhatWouldBeHandedOverWhenTheTopicIsDeleted() throws Exception {
    ActorRef<SegmentWriterCommand> writer = writer(500, WriterSettings.DEFAULT);
    var _ = append(writer, "fills", 600);
    CompletableFuture<AppendResult> waits = append(writer, "waits", 0);
    rig.store.awaitAppends(1);
    rig.store.segment(1).sync();
    MetadataProtocol.Submit roll = rig.proposal();
    roll.replyTo().tell(rig.applyOnly(roll));
    router.expectMessageClass(PartitionCommand.Closing.class);
    writer.tell(SegmentWriterCommand.Delete.DELETE);
    refused(waits, AppendResult.Reason.UNKNOWN_PARTITION);
    router.expectTerminated(writer);
  }

  @Test
  void keepsTheOrderOfWhatWaitsForRoom() throws Exception {
    ActorRef<SegmentWriterCommand> writer = writer(1 << 20, WriterSettings.DEFAULT);
    rig.store.space(OpenSegment.Space.PREPARING);
    List<CompletableFuture<AppendResult>> results = new ArrayList<>();
    for (String text : List.of("a", "b", "c")) {
      results.add(append(writer, text, 0));
    }
    writer.tell(SegmentWriterCommand.Drain.DRAIN);
    router.expectNoMessage(Duration.ofMillis(50));
    assertThat(rig.store.values()).isEmpty();
    rig.store.automatic();
    rig.store.space(OpenSegment.Space.READY);
    // Must not pass those that wait, though there is room.
    results.add(append(writer, "d", 0));
    rig.store.wakeAll();
    for (int i = 0; i < results.size(); i++) {
      acked(results.get(i), i);
    }
    assertThat(rig.store.values()).containsExactly("a", "b", "c", "d");
    router.expectMessage(PartitionCommand.WriterDrained.WRITER_DRAINED);
  }

  @Test
  void refusesBeyondItsBounds() throws Exception {
    ActorRef<SegmentWriterCommand> writer =
        writer(1 << 20, new WriterSettings(2, 1 << 20, 1, 1 << 20));
    CompletableFuture<AppendResult> first = append(writer, "a", 0);
    CompletableFuture<AppendResult> second = append(writer, "b", 0);
    refused(append(writer, "c", 0), AppendResult.Reason.OVERLOADED);
    rig.store.segment(1).sync();
    acked(first, 0);
    acked(second, 1);
    // After these answers: the room is given back just behind the refusal.
    assertThat(rig.store.segment(1).givenBack()).as("the room for c").isEqualTo(1);
  }

  @Test
  void endsForGoodWhenTheStoreFails() throws Exception {
    ActorRef<SegmentWriterCommand> writer = writer(1 << 20, WriterSettings.DEFAULT);
    CompletableFuture<AppendResult> inFlight = append(writer, "a", 0);
    rig.store.awaitAppends(1);
    StoreException cause = new StoreException(StoreException.Category.FAILED, "for the test");
    rig.store.segment(1).listener().onFailed(cause);
    assertThat(inFlight.get(10, TimeUnit.SECONDS)).isInstanceOf(AppendResult.Unknown.class);
    rig.store.segment(1).sync(); // too late
    refused(append(writer, "b", 0), AppendResult.Reason.STORE_FAILED);
    assertThat(rig.store.values()).containsExactly("a");
    assertThat(rig.served.highWatermark()).isZero();
    assertThat(rig.fatal).containsExactly(cause);
  }

  @Test
  void refusesWhatIsTooMuchForTheMailboxThoughTheDiskHasRoom() throws Exception {
    ActorRef<SegmentWriterCommand> writer = writer(1 << 20, WriterSettings.DEFAULT);
    rig.store.automatic();
    CompletableFuture<AppendResult> result = new CompletableFuture<>();
    BatchInfo info = BatchInfo.of(PartitionRig.batch("a", 0), 0);
    writer.tell(new PartitionCommand.Append(ByteBuffer.allocate(0), info, true, result::complete));
    refused(result, AppendResult.Reason.OVERLOADED);
    assertThat(rig.store.values()).isEmpty();
    acked(append(writer, "b", 0), 0);
  }

  @Test
  void refusesWhenTheStoreSaysThatItFailed() throws Exception {
    ActorRef<SegmentWriterCommand> writer = writer(1 << 20, WriterSettings.DEFAULT);
    rig.store.space(OpenSegment.Space.FAILED);
    refused(append(writer, "a", 0), AppendResult.Reason.STORE_FAILED);
    refused(append(writer, "b", 0), AppendResult.Reason.STORE_FAILED);
    assertThat(rig.store.values()).isEmpty();
  }

  @Test
  void answersWhatWaitsForRoomWhenTheStoreFails() throws Exception {
    ActorRef<SegmentWriterCommand> writer = writer(1 << 20, WriterSettings.DEFAULT);
    rig.store.space(OpenSegment.Space.PREPARING);
    CompletableFuture<AppendResult> first = append(writer, "a", 0);
    CompletableFuture<AppendResult> second = append(writer, "b", 0);
    rig.store.awaitCall("open 1", 1);
    rig.store
        .segment(1)
        .listener()
        .onFailed(new StoreException(StoreException.Category.FAILED, "for the test"));
    refused(first, AppendResult.Reason.STORE_FAILED);
    refused(second, AppendResult.Reason.STORE_FAILED);
  }

  @Test
  void becomesTooOldByTheTimeOfItsFirstRecord() throws Exception {
    ActorRef<SegmentWriterCommand> writer = writer(1 << 20, WriterSettings.DEFAULT);
    ManualTime time = ManualTime.get(KIT.system());
    rig.store.automatic();
    time.timePasses(PartitionRig.AGE);
    acked(append(writer, "a", 0), 0);
    time.timePasses(PartitionRig.AGE.minusSeconds(1));
    acked(append(writer, "b", 0), 1);
    rig.metadataLog.expectNoMessage(Duration.ZERO);
    time.timePasses(Duration.ofSeconds(1));
    rig.proposal();
  }

  @Test
  void appliesAShorterAge() throws Exception {
    ActorRef<SegmentWriterCommand> writer = writer(1 << 20, WriterSettings.DEFAULT);
    rig.store.automatic();
    acked(append(writer, "a", 0), 0);
    writer.tell(
        new SegmentWriterCommand.SettingsChanged(
            new PartitionSettings(1 << 20, Duration.ofNanos(1))));
    rig.proposal(); // older than that already: no time has to pass
  }
}
