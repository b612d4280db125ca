package io.floe.actors.partition;

import io.floe.consensus.metadata.core.PartitionRecord;
import io.floe.consensus.metadata.core.SegmentRecord;
import io.floe.consensus.replication.core.ProducerTable;
import io.floe.model.SegmentId;
import io.floe.model.batch.BatchHeader;
import io.floe.model.batch.BatchInfo;
import io.floe.storage.LogSlice;
import io.floe.storage.OffsetRange;
import io.floe.storage.RecoveredSegment;
import io.floe.storage.SegmentReads;
import io.floe.storage.SegmentStore;
import io.floe.storage.StoreException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;

/// Producer tables at the ends of segments: from a footer, or from the batches of a segment that
/// has none yet.
///
/// The table is a pure function of the log, so whoever needs it may compute it; this class only
/// sees to it that nobody reads a left-over segment while its footer is still being written.
///
/// Thread-safety: any thread.
final class ProducerTables {
  /// Bytes of log read at a time while headers are walked.
  private static final int READ_BYTES = 4 << 20;

  private final SegmentStore store;
  private final ConcurrentHashMap<SegmentId, CompletableFuture<byte[]>> beingSealed =
      new ConcurrentHashMap<>();

  ProducerTables(SegmentStore store) {
    this.store = store;
  }

  /// Announces that a segment's table is being made: who asks for it waits.
  CompletableFuture<byte[]> announce(SegmentId segment) {
    return beingSealed.computeIfAbsent(segment, id -> new CompletableFuture<>());
  }

  /// The encoded table at the base of a partition's last segment.
  CompletionStage<byte[]> atBaseOfLast(PartitionRecord partition) {
    int last = partition.chain().size() - 1;
    if (last == 0) {
      return CompletableFuture.completedFuture(new ProducerTable().encode());
    }
    SegmentRecord before = partition.chain().get(last - 1);
    CompletableFuture<byte[]> announced = beingSealed.get(before.id());
    return announced != null ? announced : store.producerTable(before.id());
  }

  /// Forgets an announced table: from now on the footer has it.
  void forget(SegmentId segment) {
    beingSealed.remove(segment);
  }

  /// The table at `endOffset` of a recovered segment, by walking its batch headers. Reads the disk.
  /// What is damaged is left out: nobody can know its producers any more.
  static ProducerTable replay(SegmentReads reads, RecoveredSegment segment, long endOffset)
      throws StoreException, IOException {
    ProducerTable table = ProducerTable.decode(segment.producerTableAtBase());
    long offset = segment.spec().baseOffset();
    for (OffsetRange damaged : segment.damaged()) {
      replay(table, reads, segment.spec().id(), offset, Math.min(damaged.from(), endOffset));
      offset = damaged.to();
    }
    replay(table, reads, segment.spec().id(), offset, endOffset);
    return table;
  }

  private static void replay(
      ProducerTable table, SegmentReads reads, SegmentId segment, long from, long to)
      throws StoreException, IOException {
    long offset = from;
    while (offset < to) {
      try (LogSlice slice = reads.read(segment, offset, to, READ_BYTES)) {
        ByteBuffer batches = slice.asBuffer();
        int position = batches.position();
        while (position < batches.limit()) {
          table.replay(BatchInfo.of(batches, position), BatchHeader.baseOffset(batches, position));
          position += BatchHeader.sizeBytes(batches, position);
        }
        offset = slice.nextOffset();
      }
    }
  }
}
