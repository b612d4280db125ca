package io.floe.storage;

import io.floe.model.SegmentId;
import io.floe.model.StoreIncarnation;
import io.floe.storage.io.StorageIo;
import java.util.List;
import java.util.concurrent.CompletionStage;

/// One data directory: its segments, its tail journal, its files to recycle. What it promises
/// stands in the section "What a store guarantees" of `docs/internals/replication.md`.
///
/// Thread-safety: any thread, none blocks but [#close()]. Errors: after a failed write or sync
/// every stage and every listener fails with [StoreException.Category#FAILED]; only a new opening
/// helps.
public interface SegmentStore extends AutoCloseable {

  /// Opens a directory, or makes it. Blocks until everything without a footer was verified.
  ///
  /// @throws StoreException LOCKED, WRONG_IDENTITY, DAMAGED or IO, naming the path
  static SegmentStore open(StoreSettings settings) throws StoreException {
    return FileSegmentStore.open(settings, StoreTuning.DEFAULT);
  }

  /// As [#open(StoreSettings)], on an I/O of the caller's, which the store closes: for tests that
  /// make it fail.
  static SegmentStore open(StoreSettings settings, StorageIo io) throws StoreException {
    return FileSegmentStore.open(settings, StoreTuning.DEFAULT, () -> io);
  }

  StoreIncarnation incarnation();

  /// `io_uring` or `file_channel`.
  String ioName();

  /// Segments without a footer that were found when the store was opened, verified. They take no
  /// appends: they are to be sealed or deleted.
  List<RecoveredSegment> recovered();

  /// Begins a segment. Cheap: nothing is created before the first append.
  ///
  /// @param producerTableAtBase durable with the segment before its first batch is
  OpenSegment open(SegmentSpec spec, byte[] producerTableAtBase, DurabilityListener listener);

  /// Makes a segment immutable at `endOffset`: drops what lies beyond, writes the footer (indexes,
  /// producer table, digest, length), syncs. A segment without a record leaves no file. Idempotent.
  /// The stage completes when the footer is durable; a seal that a crash cuts short is done again
  /// from [#recovered()].
  CompletionStage<Void> seal(SegmentId segment, long endOffset, byte[] producerTable);

  /// Forgets a segment and recycles or frees its file after the last slice of it was closed.
  /// Idempotent.
  CompletionStage<Void> delete(SegmentId segment);

  /// Producer table that the footer of a sealed segment holds.
  CompletionStage<byte[]> producerTable(SegmentId segment);

  /// Every segment that the store holds, in id order.
  List<SegmentId> segments();

  SegmentReads reads();

  /// Finishes what is in flight and closes. Open segments stay without a footer and are found by
  /// the next opening.
  @Override
  void close();
}
