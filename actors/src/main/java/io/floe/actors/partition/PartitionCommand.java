package io.floe.actors.partition;

import io.floe.actors.log.AppendResult;
import io.floe.consensus.metadata.core.PartitionRecord;
import io.floe.consensus.metadata.core.SegmentRecord;
import io.floe.consensus.replication.core.ProducerTable;
import io.floe.consensus.replication.core.WriterCore;
import io.floe.model.SegmentId;
import io.floe.model.batch.BatchInfo;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.function.Consumer;
import org.apache.pekko.actor.typed.ActorRef;
import org.jspecify.annotations.Nullable;

/// What a partition's router is told.
sealed interface PartitionCommand {

  /// Append one validated batch; `onResult` is called once.
  ///
  /// @param isOverload whether it comes when too much is in flight already: it is to be refused,
  ///   but by the core, which then knows that the producer's next batch must not pass as its first;
  ///   `batch` is empty then
  record Append(
      ByteBuffer batch, BatchInfo info, boolean isOverload, Consumer<AppendResult> onResult)
      implements PartitionCommand, SegmentWriterCommand {}

  /// The producer table at the open segment's base was read, or cannot be.
  record TableLoaded(@Nullable ProducerTable table, @Nullable Throwable failure)
      implements PartitionCommand {}

  /// The metadata log changed this partition.
  record ChainChanged(PartitionRecord partition) implements PartitionCommand {}

  /// The topic's settings changed.
  record SettingsChanged(PartitionSettings settings) implements PartitionCommand {}

  /// The writer's segment is sealed and its successor is open; it queues what still comes.
  record Closing(ActorRef<SegmentWriterCommand> writer, SegmentRecord next)
      implements PartitionCommand {}

  /// The writer is done without a successor: someone else seals its segment.
  record Ended(ActorRef<SegmentWriterCommand> writer, SegmentId segment)
      implements PartitionCommand {}

  /// The writer has ended and gives back what it queued, in order.
  ///
  /// @param core of the sealed segment; its successor goes on from it
  /// @param wasFilled whether the segment was rolled because it was full: its successor will be
  ///   busy too
  record HandedOver(List<Append> queued, WriterCore core, boolean wasFilled)
      implements PartitionCommand {
    public HandedOver {
      queued = List.copyOf(queued);
    }
  }

  /// The topic was deleted: answer everybody, forget everything.
  enum Delete implements PartitionCommand {
    DELETE
  }

  /// The node stops: no new appends; `onDrained` runs when nothing is in flight.
  record Drain(Runnable onDrained) implements PartitionCommand {}

  /// The writer has nothing in flight any more.
  enum WriterDrained implements PartitionCommand {
    WRITER_DRAINED
  }
}
