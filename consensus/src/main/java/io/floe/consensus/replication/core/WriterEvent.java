package io.floe.consensus.replication.core;

import io.floe.model.SegmentId;
import io.floe.model.batch.BatchInfo;

/// What happens to a writer.
public sealed interface WriterEvent {

  /// A batch to append, for which the store has room.
  ///
  /// @param token names the request in the effects; unique among those not answered yet
  record Append(long token, BatchInfo batch) implements WriterEvent {}

  /// A batch to append, while the disk is full. (While the store only *prepares* room, the shell
  /// keeps the batch and all that come after it back.)
  record AppendWithoutSpace(long token, BatchInfo batch) implements WriterEvent {}

  /// A replica has everything of the segment below `endOffset` synced.
  ///
  /// @param replica its position in [io.floe.consensus.metadata.core.SegmentRecord#replicas()]
  record DurableEnd(SegmentId segment, int replica, long endOffset) implements WriterEvent {}

  /// The writer's own store failed: what it did not report durable never will be.
  record StoreFailed() implements WriterEvent {}

  /// The segment is to be sealed and the next one opened. Sent only while the metadata group
  /// answers.
  ///
  /// @param reason for the trace: size, age, balance, …
  record RollRequested(String reason) implements WriterEvent {}

  /// The answer to the proposal did not come: it may be applied, now or later, or not.
  record RollUnknown() implements WriterEvent {}

  /// The metadata was read again and shows the segment still OPEN.
  record RollPending() implements WriterEvent {}

  /// The proposal was refused: someone began to seal the segment.
  record RollRefused() implements WriterEvent {}

  /// The metadata shows the segment sealed where it was proposed, with this successor.
  record NextOpened(SegmentId next) implements WriterEvent {}

  /// A replica or the metadata says that someone else seals the segment.
  record Fenced() implements WriterEvent {}

  /// The partition is deleted, or moves, or the node stops.
  ///
  /// @param refusal what those hear that come from now on
  record Stop(AppendRefusal refusal) implements WriterEvent {}
}
