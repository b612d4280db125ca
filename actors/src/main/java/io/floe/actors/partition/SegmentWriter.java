package io.floe.actors.partition;

import io.floe.actors.log.AppendResult;
import io.floe.actors.log.MetadataReply;
import io.floe.actors.metadata.MetadataProtocol;
import io.floe.actors.metadata.MetadataProtocol.Outcome;
import io.floe.consensus.metadata.core.MetadataCommand;
import io.floe.consensus.metadata.core.MetadataEvent;
import io.floe.consensus.metadata.core.PartitionRecord;
import io.floe.consensus.metadata.core.Refusal;
import io.floe.consensus.metadata.core.SegmentRecord;
import io.floe.consensus.metadata.core.SegmentState;
import io.floe.consensus.replication.core.AppendRefusal;
import io.floe.consensus.replication.core.WriterCore;
import io.floe.consensus.replication.core.WriterEffects;
import io.floe.consensus.replication.core.WriterEvent;
import io.floe.consensus.replication.core.WriterState;
import io.floe.storage.DurabilityListener;
import io.floe.storage.OpenSegment;
import io.floe.storage.SegmentSpec;
import io.floe.storage.StoreException;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import org.agrona.collections.Long2ObjectHashMap;
import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.actor.typed.Behavior;
import org.apache.pekko.actor.typed.javadsl.AbstractMatchingBehavior;
import org.apache.pekko.actor.typed.javadsl.ActorContext;
import org.apache.pekko.actor.typed.javadsl.Behaviors;
import org.apache.pekko.actor.typed.javadsl.TimerScheduler;
import org.jspecify.annotations.Nullable;
import org.slf4j.event.Level;

/// The one writer of one open segment: a thin shell around [WriterCore].
///
/// The core decides (offsets, duplicates, acknowledgements, high watermark, rolls); this actor
/// carries batches to the store, the store's syncs back to the core, and the core's answers to the
/// callers. Two things are decided here before the core sees a batch: whether the store has room
/// for it (an offset that was assigned must be written, so room comes first), and the number under
/// which its caller is remembered.
///
/// The store's thread talks to it by messages only. A broken invariant or any other exception ends
/// the actor and with it the node: a wrong answer is worse than none.
final class SegmentWriter extends AbstractMatchingBehavior<SegmentWriterCommand> {
  /// The metadata log answers in milliseconds; after so long its answer is unknown.
  private static final Duration ROLL_TIMEOUT = Duration.ofSeconds(30);

  /// Between two looks at a roll of unknown outcome.
  private static final Duration ROLL_RETRY = Duration.ofSeconds(1);

  /// The scheduler takes no longer delays.
  private static final Duration AGE_MAX = Duration.ofDays(100);

  private final PartitionShared shared;
  private final ServedPartition served;
  private final ActorRef<PartitionCommand> router;
  private final TimerScheduler<SegmentWriterCommand> timers;
  private final OpenSegment segment;
  private final WriterCore core;
  private final int ownReplica;
  private final Effects effects = new Effects();

  /// Callers by token, until they are answered.
  private final Long2ObjectHashMap<PartitionCommand.Append> pending = new Long2ObjectHashMap<>();

  /// Appends that wait until the store has prepared room, in order.
  private final Deque<PartitionCommand.Append> waitingForRoom = new ArrayDeque<>();

  private final List<PartitionCommand.Append> forSuccessor = new ArrayList<>();
  private PartitionSettings settings;
  private long nextToken;

  /// When the first record came, as long as the segment can still be too old.
  private long agingSinceNanos;

  private boolean isAging;
  private boolean wasFilled;
  private boolean isDraining;

  private SegmentWriter(
      ActorContext<SegmentWriterCommand> context,
      TimerScheduler<SegmentWriterCommand> timers,
      PartitionShared shared,
      ServedPartition served,
      WriterCore core,
      boolean isHot,
      PartitionSettings settings,
      ActorRef<PartitionCommand> router) {
    super(context);
    this.timers = timers;
    this.shared = shared;
    this.served = served;
    this.core = core;
    this.settings = settings;
    this.router = router;
    SegmentRecord record = core.segment();
    ownReplica = record.replicas().indexOf(shared.replica());
    segment =
        shared
            .store()
            .open(
                new SegmentSpec(
                    record.id(), served.id(), record.baseOffset(), record.epoch(), isHot),
                core.encodeProducers(),
                new ToSelf(context.getSelf()));
  }

  /// @param core the writer's brain, at the segment's base
  /// @param isHot whether the segment before it was filled
  static Behavior<SegmentWriterCommand> create(
      PartitionShared shared,
      ServedPartition served,
      WriterCore core,
      boolean isHot,
      PartitionSettings settings,
      ActorRef<PartitionCommand> router) {
    return Behaviors.setup(
        context ->
            Behaviors.withTimers(
                timers ->
                    new SegmentWriter(
                        context, timers, shared, served, core, isHot, settings, router)));
  }

  @Override
  public Behavior<SegmentWriterCommand> onMessage(SegmentWriterCommand command) {
    return switch (command) {
      case PartitionCommand.Append append -> onAppend(append);
      case SegmentWriterCommand.Durable durable -> onDurable(durable);
      case SegmentWriterCommand.Space space -> onSpace();
      case SegmentWriterCommand.Failed failed -> onFailed(failed.cause());
      case SegmentWriterCommand.AgeReached age -> onAge();
      case SegmentWriterCommand.RollAnswered answered -> onRollAnswered(answered);
      case SegmentWriterCommand.ReadRoll read -> onReadRoll();
      case SegmentWriterCommand.SettingsChanged changed -> onSettingsChanged(changed);
      case SegmentWriterCommand.HandOver handOver -> onHandOver();
      case SegmentWriterCommand.Drain drain -> onDrain();
      case SegmentWriterCommand.Delete delete -> onDelete();
    };
  }

  private Behavior<SegmentWriterCommand> onAppend(PartitionCommand.Append append) {
    if (waitingForRoom.isEmpty()) {
      if (!offer(append)) {
        waitingForRoom.add(append);
      }
    } else {
      waitingForRoom.add(append);
    }
    return afterStep();
  }

  /// Gives an append to the core.
  ///
  /// @return false when the store is still preparing room for it
  private boolean offer(PartitionCommand.Append append) {
    if (core.state() == WriterState.OPEN && !append.isOverload()) {
      switch (segment.reserve(append.info().sizeBytes())) {
        case READY -> {
          long end = segment.endOffset();
          step(new WriterEvent.Append(remember(append), append.info()));
          if (segment.endOffset() == end) {
            // A duplicate, or refused: nobody will use the room.
            segment.giveBack();
          }
          rollIfFull();
        }
        case PREPARING -> {
          return false;
        }
        case NO_SPACE -> step(new WriterEvent.AppendWithoutSpace(remember(append), append.info()));
        case FAILED -> {
          step(new WriterEvent.StoreFailed());
          step(new WriterEvent.Append(remember(append), append.info()));
        }
      }
    } else if (append.isOverload()) {
      step(new WriterEvent.AppendWithoutSpace(remember(append), append.info()));
    } else {
      step(new WriterEvent.Append(remember(append), append.info()));
    }
    return true;
  }

  private long remember(PartitionCommand.Append append) {
    long token = nextToken++;
    pending.put(token, append);
    return token;
  }

  private void step(WriterEvent event) {
    core.step(event, effects);
  }

  /// What follows from the new state, whatever the event was.
  private Behavior<SegmentWriterCommand> afterStep() {
    served.logEndAdvanced(core.endOffset());
    if (isDraining
        && core.openRequests() == 0
        && waitingForRoom.isEmpty()
        && forSuccessor.isEmpty()) {
      isDraining = false;
      router.tell(PartitionCommand.WriterDrained.WRITER_DRAINED);
    }
    return this;
  }

  private void rollIfFull() {
    if (core.state() == WriterState.OPEN && segment.sizeBytes() >= settings.segmentBytes()) {
      wasFilled = true;
      roll("size");
    }
  }

  private void roll(String reason) {
    step(new WriterEvent.RollRequested(reason));
    // They wait for the successor now, not for room here.
    offerWaiting();
  }

  private void offerWaiting() {
    while (!waitingForRoom.isEmpty()) {
      PartitionCommand.Append first = waitingForRoom.remove();
      if (!offer(first)) {
        waitingForRoom.addFirst(first);
        return;
      }
    }
  }

  private Behavior<SegmentWriterCommand> onDurable(SegmentWriterCommand.Durable durable) {
    step(new WriterEvent.DurableEnd(core.segment().id(), ownReplica, durable.endOffset()));
    return afterStep();
  }

  private Behavior<SegmentWriterCommand> onSpace() {
    offerWaiting();
    return afterStep();
  }

  private Behavior<SegmentWriterCommand> onFailed(StoreException cause) {
    step(new WriterEvent.StoreFailed());
    offerWaiting();
    shared.onFatal().accept(cause);
    return afterStep();
  }

  private Behavior<SegmentWriterCommand> onAge() {
    isAging = false;
    roll("age");
    return afterStep();
  }

  private Behavior<SegmentWriterCommand> onSettingsChanged(
      SegmentWriterCommand.SettingsChanged changed) {
    settings = changed.settings();
    if (isAging) {
      awaitAge();
    }
    return afterStep();
  }

  private void startAging() {
    isAging = true;
    agingSinceNanos = System.nanoTime();
    awaitAge();
  }

  private void awaitAge() {
    Duration age = settings.segmentAge().compareTo(AGE_MAX) > 0 ? AGE_MAX : settings.segmentAge();
    Duration left = age.minusNanos(System.nanoTime() - agingSinceNanos);
    timers.startSingleTimer(
        SegmentWriterCommand.AgeReached.AGE_REACHED, left.isNegative() ? Duration.ZERO : left);
  }

  private Behavior<SegmentWriterCommand> onRollAnswered(
      SegmentWriterCommand.RollAnswered answered) {
    Outcome outcome = answered.outcome();
    if (outcome == null || outcome.isNotStored()) {
      step(new WriterEvent.RollUnknown());
    } else {
      SegmentRecord next = successorIn(outcome);
      if (next != null) {
        sealed(next);
      } else if (outcome.reply() instanceof MetadataReply.Refused refused
          && refused.refusal().reason() == Refusal.Reason.UNKNOWN_SEGMENT) {
        // Another segment is the last one by now: perhaps an earlier proposal of this writer, whose
        // answer did not come, opened it.
        step(new WriterEvent.RollUnknown());
      } else {
        step(new WriterEvent.RollRefused());
      }
    }
    return afterStep();
  }

  private @Nullable SegmentRecord successorIn(Outcome outcome) {
    for (MetadataEvent event : outcome.events()) {
      if (event instanceof MetadataEvent.SegmentsSealedAndOpened sealed) {
        for (MetadataEvent.SealedAndOpened item : sealed.applied()) {
          if (item.segment().equals(core.segment().id())) {
            return item.next();
          }
        }
      }
    }
    return null;
  }

  /// Looks up what became of a proposal whose answer did not come.
  private Behavior<SegmentWriterCommand> onReadRoll() {
    PartitionRecord partition = served.record();
    SegmentRecord last = partition.last();
    if (last.id().equals(core.segment().id())) {
      step(
          last.state() instanceof SegmentState.Open
              ? new WriterEvent.RollPending()
              : new WriterEvent.RollRefused());
    } else if (last.writer().equals(shared.self()) && last.baseOffset() == core.endOffset()) {
      sealed(last);
    } else {
      step(new WriterEvent.RollRefused());
    }
    return afterStep();
  }

  private void sealed(SegmentRecord next) {
    step(new WriterEvent.NextOpened(next.id()));
    if (core.state() == WriterState.SEALED) {
      shared.footers().write(core.segment().id(), core.endOffset(), core.encodeProducers());
      router.tell(new PartitionCommand.Closing(getContext().getSelf(), next));
    }
  }

  /// Everything that was ever passed on to this writer is here now.
  private Behavior<SegmentWriterCommand> onHandOver() {
    if (core.state() == WriterState.SEALED) {
      router.tell(new PartitionCommand.HandedOver(forSuccessor, core, wasFilled));
    }
    return Behaviors.stopped();
  }

  private Behavior<SegmentWriterCommand> onDrain() {
    isDraining = true;
    return afterStep();
  }

  private Behavior<SegmentWriterCommand> onDelete() {
    step(new WriterEvent.Stop(AppendRefusal.UNKNOWN_PARTITION));
    offerWaiting();
    // A sealed segment's writer is deleted before it could hand over.
    forSuccessor.forEach(
        append ->
            append
                .onResult()
                .accept(Refusals.of(served.id(), append, AppendRefusal.UNKNOWN_PARTITION)));
    return Behaviors.stopped();
  }

  private void answer(long token, AppendResult result) {
    pending.remove(token).onResult().accept(result);
  }

  /// Carries out what the core wants, in its order.
  private final class Effects implements WriterEffects {

    @Override
    public void write(long token, long baseOffset, int epoch) {
      segment.append(pending.get(token).batch(), baseOffset);
      if (!isAging) {
        startAging();
      }
    }

    @Override
    public void advanceHighWatermark(long highWatermark) {
      served.highWatermarkAdvanced(highWatermark);
    }

    @Override
    public void acked(long token, long baseOffset, boolean isDuplicate) {
      answer(token, new AppendResult.Acked(baseOffset, served.logStartOffset(), isDuplicate));
    }

    @Override
    public void refused(long token, AppendRefusal reason) {
      PartitionCommand.Append append = pending.get(token);
      answer(token, Refusals.of(served.id(), append, reason));
    }

    @Override
    public void unknown(long token) {
      answer(
          token,
          new AppendResult.Unknown(
              "partition "
                  + served.id()
                  + ": the writer ended before the batch was known to be durable"));
    }

    @Override
    public void proposeSealAndOpen(long endOffset) {
      SegmentRecord record = core.segment();
      MetadataCommand.SealAndOpenItem item =
          new MetadataCommand.SealAndOpenItem(
              served.id(),
              record.id(),
              0,
              endOffset,
              segment.digest(),
              false,
              record.replicas(),
              true,
              shared.self(),
              record.replicas(),
              record.ackQuorum());
      getContext()
          .ask(
              Outcome.class,
              shared.metadataLog(),
              ROLL_TIMEOUT,
              (ActorRef<Outcome> replyTo) ->
                  new MetadataProtocol.Submit(
                      new MetadataCommand.SealAndOpen(List.of(item)), replyTo),
              (outcome, failure) -> new SegmentWriterCommand.RollAnswered(outcome, failure));
    }

    @Override
    public void readRollOutcome() {
      timers.startSingleTimer(SegmentWriterCommand.ReadRoll.READ_ROLL, ROLL_RETRY);
    }

    @Override
    public void handOver(long token) {
      forSuccessor.add(pending.remove(token));
    }

    @Override
    public void halt(HaltReason reason) {
      getContext()
          .getLog()
          .atLevel(reason == HaltReason.STOPPED ? Level.INFO : Level.WARN)
          .addKeyValue("partition", served.id())
          .addKeyValue("segment", core.segment().id())
          .addKeyValue("cause", reason)
          .log("segment writer ended");
      if (reason == HaltReason.FENCED) {
        router.tell(new PartitionCommand.Ended(getContext().getSelf(), core.segment().id()));
      }
    }
  }

  /// The store's thread, talking to the actor.
  private record ToSelf(ActorRef<SegmentWriterCommand> self) implements DurabilityListener {
    @Override
    public void onDurable(long endOffset) {
      self.tell(new SegmentWriterCommand.Durable(endOffset));
    }

    @Override
    public void onSpace() {
      self.tell(SegmentWriterCommand.Space.SPACE);
    }

    @Override
    public void onFailed(StoreException cause) {
      self.tell(new SegmentWriterCommand.Failed(cause));
    }
  }
}
