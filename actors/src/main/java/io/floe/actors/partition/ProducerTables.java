package io.floe.actors.partition;

import io.floe.consensus.metadata.core.PartitionRecord;
import io.floe.consensus.metadata.core.SegmentRecord;
import io.floe.consensus.metadata.core.SegmentState;
import io.floe.consensus.replication.core.LeftOvers;
import io.floe.consensus.replication.core.ProducerTable;
import io.floe.model.SegmentId;
import io.floe.model.batch.BatchHeader;
import io.floe.model.batch.BatchInfo;
import io.floe.storage.LogSlice;
import io.floe.storage.SegmentStore;
import io.floe.storage.StoreException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executor;
import org.jspecify.annotations.Nullable;
import org.pcollections.PVector;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Producer tables at the ends of segments.
///
/// The table is a pure function of the log, so a footer only saves work: where there is none yet,
/// or none that can be read, the table is made from the newest one before it and the batches behind
/// that. Batches that are damaged are passed over: nobody can know their producers any more. Any
/// other failure of a read is not: a table that forgot readable batches would let duplicates in.
///
/// Thread-safety: any thread.
final class ProducerTables {
  private static final Logger LOG = LoggerFactory.getLogger(ProducerTables.class);

  /// Bytes of log read at a time while headers are walked.
  private static final int READ_BYTES = 4 << 20;

  private final SegmentStore store;
  private final Executor mayBlock;

  /// Left-over segments that have no footer yet.
  private final ConcurrentHashMap<SegmentId, LeftOver> leftOvers = new ConcurrentHashMap<>();

  /// @param tableAtBase as it was given when the segment was opened
  private record LeftOver(
      long endOffset, @SuppressWarnings("ArrayRecordComponent") byte[] tableAtBase) {}

  ProducerTables(SegmentStore store, Executor mayBlock) {
    this.store = store;
    this.mayBlock = mayBlock;
  }

  void add(LeftOvers.Finish leftOver, byte[] tableAtBase) {
    leftOvers.put(leftOver.segment(), new LeftOver(leftOver.endOffset(), tableAtBase));
  }

  /// From now on the footer has the segment's table.
  void remove(SegmentId segment) {
    leftOvers.remove(segment);
  }

  /// The table at the base of a partition's last segment; belongs to the caller.
  CompletionStage<ProducerTable> atBaseOfLast(PartitionRecord partition) {
    int last = partition.chain().size() - 1;
    if (last == 0) {
      return CompletableFuture.completedFuture(at(partition.last().baseOffset()));
    }
    return CompletableFuture.supplyAsync(
        () -> {
          try {
            return atEnd(partition.chain(), last - 1);
          } catch (StoreException e) {
            throw new CompletionException(e);
          }
        },
        mayBlock);
  }

  /// The table at the end of a segment. Reads the disk.
  ProducerTable atEnd(PVector<SegmentRecord> chain, int index) throws StoreException {
    int from = index;
    ProducerTable table = null;
    while (table == null) {
      table = stored(chain.get(from), from == index);
      if (table == null && from == 0) {
        table = at(chain.get(0).baseOffset());
      } else if (table == null) {
        from--;
      }
    }
    for (int i = from; i <= index; i++) {
      SegmentRecord segment = chain.get(i);
      replay(table, segment.id(), endOf(segment));
    }
    return table;
  }

  /// A table at the segment's end or, for one without a footer, at its base.
  private @Nullable ProducerTable stored(SegmentRecord segment, boolean isWanted) {
    LeftOver leftOver = leftOvers.get(segment.id());
    try {
      ProducerTable table =
          ProducerTable.decode(
              leftOver != null
                  ? leftOver.tableAtBase()
                  : store.producerTable(segment.id()).toCompletableFuture().join());
      long expected = leftOver != null ? segment.baseOffset() : endOf(segment);
      if (table.endOffset() == expected) {
        return table;
      }
      LOG.atWarn()
          .addKeyValue("segment", segment.id())
          .log("producer table is at {}, not at {}", table.endOffset(), expected);
    } catch (CompletionException | IllegalArgumentException e) {
      if (isWanted) {
        LOG.atWarn()
            .addKeyValue("segment", segment.id())
            .addKeyValue("cause", e.getMessage())
            .log("producer table cannot be read: made again from the log");
      }
    }
    return null;
  }

  private long endOf(SegmentRecord segment) {
    if (segment.state() instanceof SegmentState.Sealed sealed) {
      return sealed.endOffset();
    }
    LeftOver leftOver = leftOvers.get(segment.id());
    if (leftOver == null) {
      throw new IllegalArgumentException("segment " + segment.id() + " has no end yet");
    }
    return leftOver.endOffset();
  }

  private static ProducerTable at(long offset) {
    ProducerTable table = new ProducerTable();
    table.passOver(offset);
    return table;
  }

  private void replay(ProducerTable table, SegmentId segment, long to) throws StoreException {
    while (table.endOffset() < to) {
      long offset = table.endOffset();
      try (LogSlice slice = store.reads().read(segment, offset, to, READ_BYTES)) {
        replay(table, slice.asBuffer());
      } catch (IOException e) {
        throw new StoreException(
            StoreException.Category.IO, "segment " + segment + " at offset " + offset, e);
      } catch (StoreException e) {
        if (e.category() != StoreException.Category.DAMAGED) {
          throw e;
        }
        table.passOver(Math.min(to, Math.max(offset + 1, e.readableFrom().orElse(to))));
      }
      if (table.endOffset() == offset) {
        // Nothing more is there, though the metadata says so: reported at the start.
        table.passOver(to);
      }
    }
  }

  private static void replay(ProducerTable table, ByteBuffer batches) {
    int position = batches.position();
    while (position < batches.limit()) {
      long baseOffset = BatchHeader.baseOffset(batches, position);
      if (baseOffset >= table.endOffset()) {
        table.passOver(baseOffset);
        table.replay(BatchInfo.of(batches, position), baseOffset);
      }
      position += BatchHeader.sizeBytes(batches, position);
    }
  }
}
