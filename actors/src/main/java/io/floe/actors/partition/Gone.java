package io.floe.actors.partition;

import io.floe.actors.log.AppendResult;
import java.time.Duration;
import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.actor.typed.Behavior;
import org.apache.pekko.actor.typed.ChildFailed;
import org.apache.pekko.actor.typed.Signal;
import org.apache.pekko.actor.typed.Terminated;
import org.apache.pekko.actor.typed.javadsl.AbstractMatchingBehavior;
import org.apache.pekko.actor.typed.javadsl.ActorContext;
import org.apache.pekko.actor.typed.javadsl.Behaviors;
import org.jspecify.annotations.Nullable;

/// What is left of a deleted partition's router: it answers appends that were already on their way,
/// deletes the segments once their writer has ended, and ends when nothing came for a while.
///
/// Not before: a writer that appends to a segment that the store has just forgotten would hear that
/// the store failed.
final class Gone extends AbstractMatchingBehavior<PartitionCommand> {
  /// No caller holds on to a deleted partition for so long between looking it up and appending.
  private static final Duration SILENCE = Duration.ofMinutes(1);

  private final PartitionShared shared;
  private final ServedPartition served;
  private final @Nullable ActorRef<SegmentWriterCommand> writer;

  private Gone(
      ActorContext<PartitionCommand> context,
      PartitionShared shared,
      ServedPartition served,
      @Nullable ActorRef<SegmentWriterCommand> writer) {
    super(context);
    this.shared = shared;
    this.served = served;
    this.writer = writer;
  }

  /// @param writer the router's child that still writes, watched by it and told to end; or null
  static Behavior<PartitionCommand> create(
      PartitionShared shared,
      ServedPartition served,
      @Nullable ActorRef<SegmentWriterCommand> writer) {
    return Behaviors.setup(
        context -> {
          context.setReceiveTimeout(SILENCE, PartitionCommand.Delete.DELETE);
          Gone gone = new Gone(context, shared, served, writer);
          if (writer == null) {
            gone.deleteSegments();
          }
          return gone;
        });
  }

  private void deleteSegments() {
    served.record().chain().forEach(segment -> shared.footers().delete(segment.id()));
  }

  @Override
  public Behavior<PartitionCommand> onSignal(Signal signal) {
    if (signal instanceof ChildFailed failed) {
      shared.onFatal().accept(failed.getCause());
    } else if (signal instanceof Terminated terminated
        && writer != null
        && terminated.getRef().path().equals(writer.path())) {
      deleteSegments();
    }
    return this;
  }

  @Override
  public Behavior<PartitionCommand> onMessage(PartitionCommand command) {
    return switch (command) {
      case PartitionCommand.Append append -> {
        append
            .onResult()
            .accept(
                new AppendResult.Refused(
                    AppendResult.Reason.UNKNOWN_PARTITION,
                    "partition " + served.id() + " was deleted"));
        yield this;
      }
      case PartitionCommand.HandedOver handedOver -> {
        handedOver.queued().forEach(this::onMessage);
        yield this;
      }
      case PartitionCommand.Drain drain -> {
        drain.onDrained().run();
        yield this;
      }
      case PartitionCommand.Delete silence -> Behaviors.stopped();
      case PartitionCommand.TableLoaded ignored -> this;
      case PartitionCommand.ChainChanged ignored -> this;
      case PartitionCommand.SettingsChanged ignored -> this;
      case PartitionCommand.WriterDrained ignored -> this;
      case PartitionCommand.Ended ignored -> this;
      case PartitionCommand.Closing closing -> {
        closing.writer().tell(SegmentWriterCommand.HandOver.HAND_OVER);
        yield this;
      }
    };
  }
}
