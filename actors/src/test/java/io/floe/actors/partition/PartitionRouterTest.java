package io.floe.actors.partition;

import static io.floe.actors.partition.PartitionRig.acked;
import static io.floe.actors.partition.PartitionRig.refused;
import static org.assertj.core.api.Assertions.assertThat;

import io.floe.actors.log.AppendResult;
import io.floe.actors.metadata.MetadataProtocol;
import io.floe.consensus.BrokenInvariant;
import io.floe.consensus.metadata.core.Refusal;
import io.floe.consensus.metadata.core.SegmentRecord;
import io.floe.consensus.metadata.core.WriterId;
import io.floe.consensus.replication.core.ProducerTable;
import io.floe.consensus.replication.core.WriterCore;
import io.floe.consensus.replication.core.WriterEffects;
import io.floe.consensus.replication.core.WriterEvent;
import io.floe.consensus.replication.core.WriterSettings;
import io.floe.consensus.replication.core.WriterTrace;
import io.floe.model.ProcessIncarnation;
import io.floe.model.SegmentId;
import io.floe.model.batch.BatchInfo;
import io.floe.storage.OpenSegment;
import io.floe.storage.StoreException;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.apache.pekko.actor.testkit.typed.javadsl.ActorTestKit;
import org.apache.pekko.actor.testkit.typed.javadsl.ManualTime;
import org.apache.pekko.actor.testkit.typed.javadsl.TestProbe;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;

class PartitionRouterTest {
  private static final ActorTestKit kit = ActorTestKit.create(ManualTime.config());

  @AfterAll
  static void stop() {
    kit.shutdownTestKit();
  }

  private static void passTime(Duration time) {
    ManualTime.get(kit.system()).timePasses(time);
  }

  private static List<CompletableFuture<AppendResult>> append(PartitionRig rig, String... texts) {
    List<CompletableFuture<AppendResult>> results = new ArrayList<>();
    for (String text : texts) {
      results.add(rig.append(text));
    }
    return results;
  }

  /// A rig whose first segment holds one durable record and was proposed to be sealed for its age.
  private static MetadataProtocol.Submit proposed(PartitionRig rig) throws Exception {
    CompletableFuture<AppendResult> first = rig.append("first");
    rig.store.awaitAppends(1);
    rig.store.segment(1).sync();
    acked(first, 0);
    passTime(PartitionRig.AGE);
    return rig.proposal();
  }

  @Test
  void opensNothingForAnIdlePartition() {
    PartitionRig rig = new PartitionRig(kit, 1);
    TestProbe<String> drained = kit.createTestProbe();
    rig.router.tell(new PartitionCommand.Drain(() -> drained.getRef().tell("drained")));
    drained.expectMessage("drained");
    assertThat(rig.store.calls()).isEmpty();
  }

  @Test
  void keepsTheOrderOfWhatCameWhileTheTableWasLoaded() throws Exception {
    ArrayDeque<Runnable> tasks = new ArrayDeque<>();
    TestProbe<Runnable> blocking = kit.createTestProbe();
    PartitionRig rig =
        new PartitionRig(kit, 1, PartitionRig.SEGMENT_BYTES, task -> blocking.getRef().tell(task));
    rig.store.automatic();
    List<CompletableFuture<AppendResult>> results = append(rig, "a", "b", "c");
    tasks.add(blocking.expectMessageClass(Runnable.class));
    results.addAll(append(rig, "d"));
    blocking.expectNoMessage(Duration.ZERO);
    tasks.remove().run();
    results.addAll(append(rig, "e"));
    for (int i = 0; i < results.size(); i++) {
      acked(results.get(i), 5 + i);
    }
    assertThat(rig.store.values()).containsExactly("a", "b", "c", "d", "e");
  }

  @Test
  void drainsWhileTheTableIsLoaded() {
    TestProbe<Runnable> blocking = kit.createTestProbe();
    TestProbe<String> drained = kit.createTestProbe();
    PartitionRig rig =
        new PartitionRig(kit, 1, PartitionRig.SEGMENT_BYTES, task -> blocking.getRef().tell(task));
    rig.store.automatic();
    CompletableFuture<AppendResult> result = rig.append("a");
    Runnable load = blocking.expectMessageClass(Runnable.class);
    rig.router.tell(
        new PartitionCommand.Drain(() -> drained.getRef().tell("drained " + result.isDone())));
    load.run();
    drained.expectMessage(Duration.ofSeconds(10), "drained true");
  }

  @Test
  void drainsWhenTheTableCannotBeRead() throws Exception {
    PartitionRig rig = new PartitionRig(kit, 2); // the fake store's table is at 5, not at 10
    TestProbe<String> drained = kit.createTestProbe();
    CompletableFuture<AppendResult> result = rig.append("a");
    rig.router.tell(new PartitionCommand.Drain(() -> drained.getRef().tell("drained")));
    refused(result, AppendResult.Reason.STORE_FAILED);
    drained.expectMessage(Duration.ofSeconds(10), "drained");
    assertThat(rig.fatal).isEmpty();
  }

  @Test
  void appendsOvertakeNobodyAtARoll() throws Exception {
    PartitionRig rig = new PartitionRig(kit, 0);
    MetadataProtocol.Submit roll = proposed(rig);
    rig.store.automatic();
    List<CompletableFuture<AppendResult>> results = append(rig, "a", "b", "c");
    assertThat(rig.store.values()).containsExactly("first");
    rig.applyAndAnswer(roll);
    results.addAll(append(rig, "d", "e"));
    for (int i = 0; i < results.size(); i++) {
      acked(results.get(i), 1 + i);
    }
    assertThat(rig.store.values()).containsExactly("first", "a", "b", "c", "d", "e");
    assertThat(rig.store.calls()).containsExactly("open 1", "seal 1 at 1", "open 2");
  }

  /// The steps of a change of writers one by one; the test is the old writer.
  @Test
  void holdsBackWhatComesWhileWritersChangeAndPutsTheOldQueueFirst() throws Exception {
    PartitionRig rig = new PartitionRig(kit, 0);
    rig.store.automatic();
    acked(rig.append("first"), 0);
    WriterCore sealed = sealedAfterOneRecord(rig);
    passTime(PartitionRig.AGE);
    rig.applyOnly(rig.proposal());
    rig.tellChain();
    TestProbe<SegmentWriterCommand> old = kit.createTestProbe();
    rig.router.tell(new PartitionCommand.Closing(old.getRef(), rig.record().last()));
    CompletableFuture<AppendResult> held = rig.append("held");
    old.expectMessage(SegmentWriterCommand.HandOver.HAND_OVER);
    CompletableFuture<AppendResult> queued = new CompletableFuture<>();
    var batch = PartitionRig.batch("queued", 0);
    rig.router.tell(
        new PartitionCommand.HandedOver(
            List.of(
                new PartitionCommand.Append(
                    batch, BatchInfo.of(batch, 0), false, queued::complete)),
            sealed,
            false));
    acked(queued, 1);
    acked(held, 2);
    assertThat(rig.store.values()).containsExactly("first", "queued", "held");
  }

  private static WriterCore sealedAfterOneRecord(PartitionRig rig) {
    SegmentRecord segment = rig.record().last();
    WriterCore core =
        new WriterCore(segment, new ProducerTable(), WriterSettings.DEFAULT, WriterTrace.NONE);
    WriterEffects nobody =
        (WriterEffects)
            java.lang.reflect.Proxy.newProxyInstance(
                WriterEffects.class.getClassLoader(),
                new Class<?>[] {WriterEffects.class},
                (proxy, method, arguments) -> null);
    core.step(new WriterEvent.Append(1, BatchInfo.of(PartitionRig.batch("first", 0), 0)), nobody);
    core.step(new WriterEvent.DurableEnd(segment.id(), 0, 1), nobody);
    core.step(new WriterEvent.RollRequested("for the test"), nobody);
    core.step(new WriterEvent.NextOpened(new SegmentId(segment.id().value() + 1)), nobody);
    return core;
  }

  @Test
  void opensNoSegmentOfAnotherWriter() throws Exception {
    PartitionRig rig = new PartitionRig(kit, 0);
    PartitionShared mine = rig.shared;
    WriterId later = new WriterId(rig.self.node(), new ProcessIncarnation(2));
    PartitionShared others =
        new PartitionShared(
            mine.store(),
            mine.footers(),
            later,
            mine.replica(),
            mine.metadataLog(),
            mine.pendingBytesMax(),
            mine.writerSettings(),
            mine.onFatal());
    rig.served.routeTo(
        kit.spawn(
            PartitionRouter.create(
                others,
                rig.served,
                new PartitionSettings(PartitionRig.SEGMENT_BYTES, PartitionRig.AGE))));
    refused(rig.append("a"), AppendResult.Reason.NOT_WRITER);
    assertThat(rig.store.calls()).isEmpty();
  }

  @Test
  void keepsOrderUnderRandomRollsAndStalls() throws Exception {
    long seed = Long.getLong("floe.seed", System.nanoTime());
    System.out.println("PartitionRouterTest: -Dfloe.seed=" + seed);
    Random random = new Random(seed);
    PartitionRig rig = new PartitionRig(kit, 0, 2_000, Runnable::run);
    rig.store.automatic();
    int count = 3_000;
    List<CompletableFuture<Long>> results = new ArrayList<>();
    Thread metadata =
        Thread.ofPlatform()
            .start(
                () -> {
                  try {
                    while (true) {
                      rig.applyAndAnswer(rig.proposal());
                    }
                  } catch (AssertionError e) {
                    // No more proposals.
                  }
                });
    for (int i = 0; i < count; i++) {
      results.add(
          rig.append("" + i, random.nextInt(300))
              .thenApply(end -> ((AppendResult.Acked) end).baseOffset()));
      if (random.nextInt(100) == 0) {
        rig.store.space(OpenSegment.Space.PREPARING);
        results.add(
            rig.append("" + ++i, 0).thenApply(end -> ((AppendResult.Acked) end).baseOffset()));
        rig.store.space(OpenSegment.Space.READY);
        rig.store.wakeAll();
      }
      if (random.nextInt(20) == 0) {
        rig.store.wakeAll();
        results.getLast().get(20, TimeUnit.SECONDS);
      }
    }
    rig.store.wakeAll();
    for (int i = 0; i < results.size(); i++) {
      while (!results.get(i).isDone()) {
        rig.store.wakeAll();
        Thread.onSpinWait();
      }
      assertThat(results.get(i).get()).as("seed " + seed).isEqualTo(i);
    }
    List<String> values = rig.store.values();
    for (int i = 0; i < values.size(); i++) {
      assertThat(values.get(i)).as("seed " + seed).isEqualTo("" + i);
    }
    assertThat(rig.record().chain()).hasSizeGreaterThan(50);
    assertThat(rig.fatal).isEmpty();
    metadata.interrupt();
    metadata.join();
  }

  @Test
  void refusesWhatComesWithoutSpaceAfterARollAndHeals() throws Exception {
    PartitionRig rig = new PartitionRig(kit, 0);
    MetadataProtocol.Submit roll = proposed(rig);
    rig.store.automatic();
    CompletableFuture<AppendResult> queued = rig.append("queued");
    rig.store.space(OpenSegment.Space.NO_SPACE);
    rig.applyAndAnswer(roll);
    refused(queued, AppendResult.Reason.NO_SPACE);
    rig.store.space(OpenSegment.Space.READY);
    acked(rig.append("healed"), 1);
    assertThat(rig.store.values()).containsExactly("first", "healed");
  }

  @Test
  void keepsOrderWhenRoomIsPreparedDuringARoll() throws Exception {
    PartitionRig rig = new PartitionRig(kit, 0);
    CompletableFuture<AppendResult> first = rig.append("first");
    rig.store.awaitAppends(1);
    rig.store.space(OpenSegment.Space.PREPARING);
    List<CompletableFuture<AppendResult>> results = append(rig, "a", "b");
    passTime(PartitionRig.AGE); // rolls while a and b wait for room
    results.addAll(append(rig, "c"));
    rig.store.segment(1).sync();
    acked(first, 0);
    MetadataProtocol.Submit roll = rig.proposal();
    rig.applyAndAnswer(roll);
    results.addAll(append(rig, "d"));
    rig.store.awaitCall("open 2", 1);
    rig.store.automatic();
    rig.store.space(OpenSegment.Space.READY);
    rig.store.wakeAll();
    results.addAll(append(rig, "e"));
    for (int i = 0; i < results.size(); i++) {
      acked(results.get(i), 1 + i);
    }
    assertThat(rig.store.values()).containsExactly("first", "a", "b", "c", "d", "e");
  }

  @Test
  void answersEverybodyWhenTheStoreFailsDuringARoll() throws Exception {
    PartitionRig rig = new PartitionRig(kit, 0);
    CompletableFuture<AppendResult> inFlight = rig.append("in flight");
    rig.store.awaitAppends(1);
    passTime(PartitionRig.AGE); // waits for the sync
    CompletableFuture<AppendResult> queued = rig.append("queued");
    StoreException cause = new StoreException(StoreException.Category.FAILED, "for the test");
    rig.store.space(OpenSegment.Space.FAILED);
    rig.store.segment(1).listener().onFailed(cause);
    assertThat(inFlight.get(10, TimeUnit.SECONDS)).isInstanceOf(AppendResult.Unknown.class);
    refused(queued, AppendResult.Reason.STORE_FAILED);
    refused(rig.append("after"), AppendResult.Reason.STORE_FAILED);
    assertThat(rig.fatal).containsExactly(cause);
    rig.metadataLog.expectNoMessage(Duration.ZERO);
  }

  @Test
  void goesOnWhenAnAnswerWasLostAndTheRollApplied() throws Exception {
    PartitionRig rig = new PartitionRig(kit, 0);
    MetadataProtocol.Submit roll = proposed(rig);
    rig.store.automatic();
    CompletableFuture<AppendResult> queued = rig.append("queued");
    rig.applyOnly(roll);
    rig.tellChain();
    passTime(Duration.ofSeconds(30)); // the answer is given up
    passUntil(rig, "open 2");
    acked(queued, 1);
  }

  @Test
  void goesOnWhenARepeatedProposalIsRefusedAfterTheFirstOneApplied() throws Exception {
    PartitionRig rig = new PartitionRig(kit, 0);
    MetadataProtocol.Submit first = proposed(rig);
    rig.store.automatic();
    CompletableFuture<AppendResult> queued = rig.append("queued");
    passTime(Duration.ofSeconds(30));
    MetadataProtocol.Submit second = nextProposal(rig);
    rig.applyOnly(first);
    second.replyTo().tell(rig.applyOnly(second)); // before the partition hears of the first one
    rig.tellChain();
    passUntil(rig, "open 2");
    acked(queued, 1);
    assertThat(rig.fatal).isEmpty();
  }

  private static MetadataProtocol.Submit nextProposal(PartitionRig rig) {
    for (int i = 0; i < 100; i++) {
      passTime(Duration.ofSeconds(1));
      try {
        return rig.metadataLog.expectMessageClass(
            MetadataProtocol.Submit.class, Duration.ofMillis(200));
      } catch (AssertionError e) {
        // The writer has not come round yet.
      }
    }
    throw new AssertionError("not proposed again");
  }

  private static void passUntil(PartitionRig rig, String call) {
    for (int i = 0; i < 1_000 && !rig.store.calls().contains(call); i++) {
      passTime(Duration.ofSeconds(1));
      rig.metadataLog.expectNoMessage(Duration.ofMillis(5));
    }
    assertThat(rig.store.calls()).contains(call);
  }

  @Test
  void opensNoSegmentAgainFromWhichItSteppedDown() throws Exception {
    PartitionRig rig = new PartitionRig(kit, 0);
    MetadataProtocol.Submit roll = proposed(rig);
    CompletableFuture<AppendResult> queued = rig.append("queued");
    roll.replyTo().tell(PartitionRig.refusal(Refusal.Reason.CONFLICT));
    refused(queued, AppendResult.Reason.NOT_WRITER);
    for (int i = 0; i < 10; i++) {
      refused(rig.append("after"), AppendResult.Reason.NOT_WRITER);
    }
    assertThat(rig.store.calls()).containsExactly("open 1");
    assertThat(rig.fatal).isEmpty();
  }

  @Test
  void answersEverybodyOfATopicDeletedBeforeTheRollIsAnswered() throws Exception {
    PartitionRig rig = new PartitionRig(kit, 0);
    MetadataProtocol.Submit roll = proposed(rig);
    List<CompletableFuture<AppendResult>> results = append(rig, "a", "b");
    rig.delete();
    for (CompletableFuture<AppendResult> result : results) {
      refused(result, AppendResult.Reason.UNKNOWN_PARTITION);
    }
    roll.replyTo().tell(PartitionRig.refusal(Refusal.Reason.UNKNOWN_TOPIC));
    rig.store.awaitCall("delete 1", 1);
    refused(rig.append("after"), AppendResult.Reason.UNKNOWN_PARTITION);
    assertStillAnswers(rig);
  }

  @Test
  void answersEverybodyOfATopicDeletedWhileTheWriterCloses() throws Exception {
    for (int round = 0; round < 50; round++) {
      PartitionRig rig = new PartitionRig(kit, 0);
      MetadataProtocol.Submit roll = proposed(rig);
      List<CompletableFuture<AppendResult>> results = append(rig, "a", "b");
      rig.applyAndAnswer(roll); // the writer says that it closes …
      rig.delete(); // … and the router may hear this first
      for (CompletableFuture<AppendResult> result : results) {
        AppendResult end = result.get(10, TimeUnit.SECONDS);
        assertThat(end).isNotInstanceOf(AppendResult.Acked.class);
      }
      rig.store.awaitCall("delete 1", 1);
      assertThat(rig.fatal).isEmpty();
      assertStillAnswers(rig);
    }
  }

  /// What is left of the router lives on after its writer ended, for those who come late.
  private static void assertStillAnswers(PartitionRig rig) throws Exception {
    CompletableFuture<AppendResult> late = new CompletableFuture<>();
    var batch = PartitionRig.batch("late", 0);
    rig.router.tell(
        new PartitionCommand.Append(batch, BatchInfo.of(batch, 0), false, late::complete));
    refused(late, AppendResult.Reason.UNKNOWN_PARTITION);
  }

  @Test
  void deletesSegmentsOnlyWhenTheirWriterHasEnded() throws Exception {
    PartitionRig rig = new PartitionRig(kit, 0);
    CompletableFuture<AppendResult> inFlight = rig.append("in flight");
    rig.store.awaitAppends(1);
    rig.delete();
    rig.store.awaitCall("delete 1", 1);
    assertThat(inFlight).isDone();
    assertThat(inFlight.get()).isInstanceOf(AppendResult.Unknown.class);
  }

  @Test
  void drainsOnlyWhenWhatWaitedForARollIsDurable() throws Exception {
    PartitionRig rig = new PartitionRig(kit, 0);
    MetadataProtocol.Submit roll = proposed(rig);
    CompletableFuture<AppendResult> queued = rig.append("queued");
    TestProbe<String> drained = kit.createTestProbe();
    rig.router.tell(
        new PartitionCommand.Drain(() -> drained.getRef().tell("drained " + queued.isDone())));
    refused(rig.append("too late"), AppendResult.Reason.NOT_WRITER);
    rig.applyAndAnswer(roll);
    rig.store.awaitAppends(2);
    drained.expectNoMessage(Duration.ofMillis(50));
    rig.store.segment(2).sync();
    acked(queued, 1);
    drained.expectMessage("drained true");
  }

  @Test
  void reportsABrokenInvariantOfAWriter() throws Exception {
    PartitionRig rig = new PartitionRig(kit, 0);
    var _ = rig.append("a");
    rig.store.awaitAppends(1);
    rig.store.segment(1).listener().onDurable(99);
    while (rig.fatal.isEmpty()) {
      Thread.onSpinWait();
    }
    assertThat(rig.fatal.peek()).isInstanceOf(BrokenInvariant.class);
  }

  @Test
  void triesAFooterAgainWhileTheDiskIsFull() throws Exception {
    PartitionRig rig = new PartitionRig(kit, 0);
    rig.store.failSeals(new StoreException(StoreException.Category.NO_SPACE, "for the test"));
    MetadataProtocol.Submit roll = proposed(rig);
    rig.applyAndAnswer(roll);
    rig.store.awaitCall("seal 1 at 1", 2);
    assertThat(rig.fatal).isEmpty();
    rig.store.failSeals(new StoreException(StoreException.Category.IO, "for the test"));
    while (rig.fatal.isEmpty()) {
      Thread.onSpinWait();
    }
  }
}
