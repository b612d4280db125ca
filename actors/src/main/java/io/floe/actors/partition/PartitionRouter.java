package io.floe.actors.partition;

import io.floe.actors.log.AppendResult;
import io.floe.consensus.metadata.core.PartitionRecord;
import io.floe.consensus.metadata.core.SegmentRecord;
import io.floe.consensus.metadata.core.SegmentState;
import io.floe.consensus.replication.core.ProducerTable;
import io.floe.consensus.replication.core.WriterCore;
import io.floe.consensus.replication.core.WriterTrace;
import io.floe.model.SegmentId;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Objects;
import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.actor.typed.Behavior;
import org.apache.pekko.actor.typed.ChildFailed;
import org.apache.pekko.actor.typed.Signal;
import org.apache.pekko.actor.typed.javadsl.AbstractMatchingBehavior;
import org.apache.pekko.actor.typed.javadsl.ActorContext;
import org.apache.pekko.actor.typed.javadsl.Behaviors;
import org.jspecify.annotations.Nullable;

/// The fixed address of a partition's appends: it starts the writer of the open segment when the
/// first append comes, passes appends on in order, and changes writers at a roll.
///
/// An idle partition costs this actor and nothing else: no writer, no file, no producer table.
///
/// ```
///   IDLE ──append──▶ LOADING ──table loaded──▶ WRITING ──writer rolls──▶ CHANGING ──handed over──▶ WRITING
///     any ──deleted──▶ GONE          any ──drain──▶ DRAINING
/// ```
///
/// Changing writers must not let a later append overtake an earlier one: the old writer says that
/// it is closing, the router stops passing on and says so (after which nothing more can be in the
/// old writer's mailbox), and the old writer then hands over what it had queued, which goes first.
final class PartitionRouter extends AbstractMatchingBehavior<PartitionCommand> {
  private final PartitionShared shared;
  private final ServedPartition served;
  private final Deque<PartitionCommand.Append> held = new ArrayDeque<>();

  private PartitionSettings settings;
  private @Nullable ActorRef<SegmentWriterCommand> writer;
  private boolean isPassingOn;
  private boolean isLoading;
  private boolean isDraining;
  private @Nullable SegmentRecord successor;

  /// The segment whose writer here stepped down: never opened again by this process.
  private @Nullable SegmentId resigned;

  private @Nullable Runnable onDrained;

  private PartitionRouter(
      ActorContext<PartitionCommand> context,
      PartitionShared shared,
      ServedPartition served,
      PartitionSettings settings) {
    super(context);
    this.shared = shared;
    this.served = served;
    this.settings = settings;
  }

  static Behavior<PartitionCommand> create(
      PartitionShared shared, ServedPartition served, PartitionSettings settings) {
    return Behaviors.setup(context -> new PartitionRouter(context, shared, served, settings));
  }

  @Override
  public Behavior<PartitionCommand> onMessage(PartitionCommand command) {
    return switch (command) {
      case PartitionCommand.Append append -> onAppend(append);
      case PartitionCommand.TableLoaded loaded -> onTableLoaded(loaded);
      case PartitionCommand.ChainChanged changed -> onChainChanged(changed);
      case PartitionCommand.SettingsChanged changed -> onSettingsChanged(changed);
      case PartitionCommand.Closing closing -> onClosing(closing);
      case PartitionCommand.HandedOver handedOver -> onHandedOver(handedOver);
      case PartitionCommand.Ended ended -> onEnded(ended);
      case PartitionCommand.WriterDrained drained -> onWriterDrained();
      case PartitionCommand.Drain drain -> onDrain(drain);
      case PartitionCommand.Delete delete -> onDelete();
    };
  }

  private Behavior<PartitionCommand> onAppend(PartitionCommand.Append append) {
    if (isDraining) {
      refuse(append, AppendResult.Reason.NOT_WRITER, "the node is stopping");
    } else if (writer != null && isPassingOn) {
      writer.tell(append);
    } else {
      held.add(append);
      if (writer == null && !isLoading) {
        load();
      }
    }
    return this;
  }

  private void load() {
    isLoading = true;
    PartitionRecord record = served.record();
    getContext()
        .pipeToSelf(
            shared.tables().atBaseOfLast(record),
            (table, failure) -> new PartitionCommand.TableLoaded(table, failure));
  }

  private Behavior<PartitionCommand> onTableLoaded(PartitionCommand.TableLoaded loaded) {
    isLoading = false;
    ProducerTable table = loaded.table();
    SegmentRecord segment = served.record().last();
    if (table == null) {
      String message =
          "the producer table of partition " + served.id() + " cannot be read: " + loaded.failure();
      getContext().getLog().error(message);
      refuseHeld(AppendResult.Reason.STORE_FAILED, message);
    } else if (segment.state() instanceof SegmentState.Open
        && segment.writer().equals(shared.self())
        && !segment.id().equals(resigned)) {
      startWriter(new WriterCore(segment, table, shared.writerSettings(), WriterTrace.NONE), false);
    } else {
      refuseHeld(
          AppendResult.Reason.NOT_WRITER,
          "this node does not write partition " + served.id() + " now");
    }
    if (isDraining && writer == null) {
      return onWriterDrained();
    }
    return this;
  }

  private void startWriter(WriterCore core, boolean isHot) {
    ActorRef<SegmentWriterCommand> started =
        getContext()
            .spawn(
                SegmentWriter.create(shared, served, core, isHot, settings, getContext().getSelf()),
                "segment-" + core.segment().id());
    getContext().watch(started);
    writer = started;
    isPassingOn = true;
    held.forEach(started::tell);
    held.clear();
    if (isDraining) {
      drainWriter();
    }
  }

  private Behavior<PartitionCommand> onChainChanged(PartitionCommand.ChainChanged changed) {
    served.chainChanged(changed.partition());
    return this;
  }

  private Behavior<PartitionCommand> onSettingsChanged(PartitionCommand.SettingsChanged changed) {
    settings = changed.settings();
    if (writer != null) {
      writer.tell(new SegmentWriterCommand.SettingsChanged(settings));
    }
    return this;
  }

  /// The writer's segment is sealed: pass nothing more on, and let it know that it has everything.
  private Behavior<PartitionCommand> onClosing(PartitionCommand.Closing closing) {
    isPassingOn = false;
    successor = closing.next();
    closing.writer().tell(SegmentWriterCommand.HandOver.HAND_OVER);
    return this;
  }

  private Behavior<PartitionCommand> onHandedOver(PartitionCommand.HandedOver handedOver) {
    writer = null;
    // What the old writer had queued came before everything held here.
    for (int i = handedOver.queued().size() - 1; i >= 0; i--) {
      held.addFirst(handedOver.queued().get(i));
    }
    SegmentRecord next = Objects.requireNonNull(successor, "a writer hands over after it closed");
    startWriter(handedOver.core().successor(next), handedOver.wasFilled());
    return this;
  }

  /// Someone else seals the segment; whether this node writes the next one, the metadata will say.
  private Behavior<PartitionCommand> onEnded(PartitionCommand.Ended ended) {
    if (ended.writer().equals(writer)) {
      resigned = ended.segment();
      writer = null;
      isPassingOn = false;
      // It refuses what was passed on to it until now, and ends.
      ended.writer().tell(SegmentWriterCommand.HandOver.HAND_OVER);
      if (isDraining) {
        return onWriterDrained();
      }
    }
    return this;
  }

  @Override
  public Behavior<PartitionCommand> onSignal(Signal signal) {
    if (signal instanceof ChildFailed failed) {
      shared.onFatal().accept(failed.getCause());
    }
    return this;
  }

  private Behavior<PartitionCommand> onDrain(PartitionCommand.Drain drain) {
    isDraining = true;
    onDrained = drain.onDrained();
    if (writer != null) {
      drainWriter();
    } else if (!isLoading) {
      return onWriterDrained();
    }
    return this;
  }

  private void drainWriter() {
    if (writer != null && isPassingOn) {
      writer.tell(SegmentWriterCommand.Drain.DRAIN);
    }
  }

  private Behavior<PartitionCommand> onWriterDrained() {
    if (onDrained != null) {
      onDrained.run();
      onDrained = null;
    }
    return this;
  }

  private Behavior<PartitionCommand> onDelete() {
    refuseHeld(AppendResult.Reason.UNKNOWN_PARTITION, "partition " + served.id() + " was deleted");
    if (writer != null) {
      writer.tell(SegmentWriterCommand.Delete.DELETE);
    }
    onWriterDrained();
    // Appends that are still in the mailbox, or on their way to it, must be answered.
    return Gone.create(shared, served, writer);
  }

  private void refuseHeld(AppendResult.Reason reason, String message) {
    held.forEach(append -> refuse(append, reason, message));
    held.clear();
  }

  private static void refuse(
      PartitionCommand.Append append, AppendResult.Reason reason, String message) {
    append.onResult().accept(new AppendResult.Refused(reason, message));
  }
}
