package io.floe.actors.partition;

import static org.assertj.core.api.Assertions.assertThat;

import io.floe.actors.log.AppendResult;
import io.floe.actors.log.MetadataReply;
import io.floe.actors.metadata.MetadataProtocol;
import io.floe.consensus.metadata.core.Decision;
import io.floe.consensus.metadata.core.MetadataCommand;
import io.floe.consensus.metadata.core.MetadataMachine;
import io.floe.consensus.metadata.core.MetadataState;
import io.floe.consensus.metadata.core.NodeRecord;
import io.floe.consensus.metadata.core.PartitionRecord;
import io.floe.consensus.metadata.core.Refusal;
import io.floe.consensus.metadata.core.ReplicaId;
import io.floe.consensus.metadata.core.WriterId;
import io.floe.consensus.replication.core.WriterSettings;
import io.floe.model.NodeId;
import io.floe.model.PartitionId;
import io.floe.model.ProcessIncarnation;
import io.floe.model.StoreIncarnation;
import io.floe.model.TopicId;
import io.floe.model.batch.BatchBuilder;
import io.floe.model.batch.BatchInfo;
import io.floe.model.batch.Compression;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.List;
import java.util.Objects;
import java.util.Queue;
import java.util.TreeMap;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import org.apache.pekko.actor.testkit.typed.javadsl.ActorTestKit;
import org.apache.pekko.actor.testkit.typed.javadsl.TestProbe;
import org.apache.pekko.actor.typed.ActorRef;

/// One partition with real actors on a fake store, and the test as its metadata log.
final class PartitionRig {
  static final Duration AGE = Duration.ofHours(1);
  static final int SEGMENT_BYTES = 1_000_000;

  final FakeStore store = new FakeStore();
  final Queue<Throwable> fatal = new ConcurrentLinkedQueue<>();
  final ArrayDeque<Runnable> blockingTasks = new ArrayDeque<>();
  final TestProbe<MetadataProtocol> metadataLog;
  final PartitionId id;
  final PartitionShared shared;
  final ServedPartition served;
  final ActorRef<PartitionCommand> router;
  final WriterId self = new WriterId(new NodeId(1), new ProcessIncarnation(1));
  private MetadataState state;

  PartitionRig(ActorTestKit kit, int segmentsBefore) {
    this(kit, segmentsBefore, SEGMENT_BYTES, Runnable::run);
  }

  PartitionRig(ActorTestKit kit, int segmentsBefore, int segmentBytes, Executor mayBlock) {
    TopicId topic = new TopicId(UUID.randomUUID());
    id = new PartitionId(topic, 0);
    state = MetadataState.EMPTY;
    apply(new MetadataCommand.FoundCluster("c"));
    apply(
        new MetadataCommand.RegisterNode(
            new NodeRecord(
                self.node(), new StoreIncarnation(1), self.incarnation(), "localhost", 1, null)));
    apply(new MetadataCommand.CreateTopic(topic, "t", 1, 1, new TreeMap<>()));
    for (int i = 0; i < segmentsBefore; i++) {
      apply(new MetadataCommand.SealAndOpen(List.of(roll(5L * (i + 1)))));
    }
    metadataLog = kit.createTestProbe();
    shared =
        new PartitionShared(
            store,
            new Footers(store, mayBlock, fatal::add),
            self,
            new ReplicaId(self.node(), new StoreIncarnation(1)),
            metadataLog.getRef(),
            1 << 20,
            WriterSettings.DEFAULT,
            fatal::add);
    served = new ServedPartition(id, record(), store.reads(), shared.pendingBytesMax());
    router =
        kit.spawn(PartitionRouter.create(shared, served, new PartitionSettings(segmentBytes, AGE)));
    served.routeTo(router);
  }

  PartitionRecord record() {
    return Objects.requireNonNull(state.partition(id));
  }

  private MetadataCommand.SealAndOpenItem roll(long end) {
    ReplicaId replica = new ReplicaId(self.node(), new StoreIncarnation(1));
    return new MetadataCommand.SealAndOpenItem(
        id,
        record().last().id(),
        0,
        end,
        0,
        false,
        List.of(replica),
        true,
        self,
        List.of(replica),
        1);
  }

  private MetadataProtocol.Outcome apply(MetadataCommand command) {
    return switch (MetadataMachine.decide(state, command)) {
      case Decision.Refused refused ->
          new MetadataProtocol.Outcome(new MetadataReply.Refused(refused.refusal()), List.of());
      case Decision.Accepted accepted -> {
        for (var event : accepted.events()) {
          state = MetadataMachine.apply(state, event);
        }
        yield new MetadataProtocol.Outcome(
            new MetadataReply.Applied(state.version()), accepted.events());
      }
    };
  }

  /// The next proposal of the partition.
  MetadataProtocol.Submit proposal() {
    return metadataLog.expectMessageClass(MetadataProtocol.Submit.class, Duration.ofSeconds(10));
  }

  /// Applies a proposal as the metadata log and the guardian do: the partition first, then the
  /// answer.
  void applyAndAnswer(MetadataProtocol.Submit submit) {
    MetadataProtocol.Outcome outcome = applyOnly(submit);
    tellChain();
    submit.replyTo().tell(outcome);
  }

  MetadataProtocol.Outcome applyOnly(MetadataProtocol.Submit submit) {
    return apply(submit.command());
  }

  void tellChain() {
    router.tell(new PartitionCommand.ChainChanged(record()));
  }

  static MetadataProtocol.Outcome refusal(Refusal.Reason reason) {
    return new MetadataProtocol.Outcome(
        new MetadataReply.Refused(new Refusal(reason, "for the test")), List.of());
  }

  void delete() {
    served.gone();
    router.tell(PartitionCommand.Delete.DELETE);
  }

  static ByteBuffer batch(String text, int padding) {
    return new BatchBuilder(Compression.NONE, 1 << 16)
        .begin(0)
        .append(
            1_000,
            null,
            ByteBuffer.wrap(
                ("<" + text + ">" + "x".repeat(padding)).getBytes(StandardCharsets.ISO_8859_1)))
        .build();
  }

  CompletableFuture<AppendResult> append(String text) {
    return append(text, 0);
  }

  CompletableFuture<AppendResult> append(String text, int padding) {
    ByteBuffer batch = batch(text, padding);
    CompletableFuture<AppendResult> result = new CompletableFuture<>();
    served.append(
        batch,
        BatchInfo.of(batch, 0),
        end -> {
          if (!result.complete(end)) {
            throw new AssertionError("answered twice: " + text);
          }
        });
    return result;
  }

  static void acked(CompletableFuture<AppendResult> result, long offset) throws Exception {
    assertThat(result.get(10, TimeUnit.SECONDS))
        .isEqualTo(new AppendResult.Acked(offset, 0, false));
  }

  static void refused(CompletableFuture<AppendResult> result, AppendResult.Reason reason)
      throws Exception {
    assertThat(result.get(10, TimeUnit.SECONDS))
        .isInstanceOfSatisfying(
            AppendResult.Refused.class, refused -> assertThat(refused.reason()).isEqualTo(reason));
  }
}
