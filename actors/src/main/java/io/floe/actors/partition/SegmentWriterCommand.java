package io.floe.actors.partition;

import io.floe.actors.metadata.MetadataProtocol;
import io.floe.storage.StoreException;
import org.jspecify.annotations.Nullable;

/// What a segment writer is told.
sealed interface SegmentWriterCommand permits PartitionCommand.Append, SegmentWriterCommand.Own {

  /// All but appends, which the router passes on as they are.
  sealed interface Own extends SegmentWriterCommand {}

  /// The store synced everything below `endOffset`.
  record Durable(long endOffset) implements Own {}

  /// The store has room again.
  enum Space implements Own {
    SPACE
  }

  /// The store failed.
  record Failed(StoreException cause) implements Own {}

  /// The segment is old enough to be rolled.
  enum AgeReached implements Own {
    AGE_REACHED
  }

  /// The metadata log answered the proposed roll, or nobody knows (failure).
  record RollAnswered(MetadataProtocol.@Nullable Outcome outcome, @Nullable Throwable failure)
      implements Own {}

  /// Time to look up what became of a roll of unknown outcome.
  enum ReadRoll implements Own {
    READ_ROLL
  }

  record SettingsChanged(PartitionSettings settings) implements Own {}

  /// The router passes nothing more on: give back what is queued and end.
  enum HandOver implements Own {
    HAND_OVER
  }

  /// Tell the router when nothing is in flight any more.
  enum Drain implements Own {
    DRAIN
  }

  /// The topic is gone: answer everybody and end.
  enum Delete implements Own {
    DELETE
  }
}
