package io.floe.actors.partition;

import io.floe.actors.log.AppendResult;
import io.floe.consensus.metadata.core.PartitionRecord;
import io.floe.model.batch.BatchInfo;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.function.Consumer;
import org.apache.pekko.actor.typed.ActorRef;
import org.jspecify.annotations.Nullable;

/// What a partition's router is told.
sealed interface PartitionCommand {

  /// Append one validated batch; `onResult` is called once.
  record Append(ByteBuffer batch, BatchInfo info, Consumer<AppendResult> onResult)
      implements PartitionCommand, SegmentWriterCommand {}

  /// The producer table at the open segment's base was read, or cannot be.
  @SuppressWarnings("ArrayRecordComponent") // passed on, never compared
  record TableLoaded(byte @Nullable [] table, @Nullable Throwable failure)
      implements PartitionCommand {}

  /// The metadata log changed this partition.
  record ChainChanged(PartitionRecord partition) implements PartitionCommand {}

  /// The topic's settings changed.
  record SettingsChanged(PartitionSettings settings) implements PartitionCommand {}

  /// The writer's segment is sealed and its successor is open; it queues what still comes.
  record Closing(ActorRef<SegmentWriterCommand> writer) implements PartitionCommand {}

  /// The writer has ended and gives back what it queued, in order.
  ///
  /// @param producerTable the table at the successor's base
  /// @param wasFilled whether the segment was rolled because it was full: its successor will be busy too
  @SuppressWarnings("ArrayRecordComponent") // passed on, never compared
  record HandedOver(List<Append> queued, byte[] producerTable, boolean wasFilled)
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
