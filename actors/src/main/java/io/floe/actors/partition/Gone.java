package io.floe.actors.partition;

import io.floe.actors.log.AppendResult;
import java.time.Duration;
import org.apache.pekko.actor.typed.Behavior;
import org.apache.pekko.actor.typed.javadsl.AbstractMatchingBehavior;
import org.apache.pekko.actor.typed.javadsl.ActorContext;
import org.apache.pekko.actor.typed.javadsl.Behaviors;

/// What is left of a deleted partition's router: it answers appends that were already on their way,
/// and ends when none came for a while.
final class Gone extends AbstractMatchingBehavior<PartitionCommand> {
  /// No caller holds on to a deleted partition for so long between looking it up and appending.
  private static final Duration SILENCE = Duration.ofMinutes(1);

  private final ServedPartition served;

  private Gone(ActorContext<PartitionCommand> context, ServedPartition served) {
    super(context);
    this.served = served;
  }

  static Behavior<PartitionCommand> create(ServedPartition served) {
    return Behaviors.setup(
        context -> {
          context.setReceiveTimeout(SILENCE, PartitionCommand.Delete.DELETE);
          return new Gone(context, served);
        });
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
