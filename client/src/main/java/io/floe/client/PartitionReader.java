package io.floe.client;

import io.floe.actors.log.LogRead;
import io.floe.actors.log.LogReadException;
import io.floe.actors.log.LogService;
import io.floe.actors.log.PartitionLog;
import io.floe.model.batch.BatchHeader;
import io.floe.storage.LogSlice;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// One read of one partition: finds the place, reads, verifies, copies.
///
/// Batches are copied out of the slice and the slice is closed before [#read] returns: what an
/// application holds, for however long, pins neither a file nor the tail cache, and no path of the
/// stage can forget a slice. The copy is one pass over bytes that the checksum has just brought
/// into the CPU's cache.
///
/// Thread-safety: stateless. Blocks; runs on the blocking dispatcher.
final class PartitionReader {
  private final LogService log;
  private final int fetchBytesMax;

  PartitionReader(LogService log, int fetchBytesMax) {
    this.log = log;
    this.fetchBytesMax = fetchBytesMax;
  }

  /// What a read brought.
  sealed interface Outcome {}

  /// A verified batch in a buffer of its own.
  ///
  /// @param fromOffset the first record that was asked for; the batch may begin before it
  record Batch(ByteBuffer bytes, long fromOffset) {
    int sizeBytes() {
      return bytes.capacity();
    }
  }

  /// @param batches never empty
  /// @param failure what lies behind them, or null when reading can go on at `nextOffset`
  record Data(List<Batch> batches, long nextOffset, @Nullable ConsumerException failure)
      implements Outcome {}

  /// Nothing there yet.
  ///
  /// @param log where to wait
  record AtEnd(PartitionLog log, long offset) implements Outcome {}

  record OutOfRange(long offset, long logStartOffset, long highWatermark, long logEndOffset)
      implements Outcome {}

  /// Worth another try later.
  record TryAgain(String message) implements Outcome {}

  /// Not worth one.
  record Failed(ConsumerException failure) implements Outcome {}

  Outcome read(Partitions.Assigned assigned, StartAt from) {
    PartitionLog partition = log.partition(assigned.id());
    if (partition == null) {
      if (log.metadata().partition(assigned.id()) == null) {
        long offset = from instanceof StartAt.Offset at ? at.value() : -1;
        return new Failed(new ConsumerException.TopicDeleted(assigned.name(), offset));
      }
      return new TryAgain("this node does not serve the partition now");
    }
    long offset;
    try {
      offset = place(partition, from);
    } catch (LogReadException e) {
      return new TryAgain("cannot look up the start: " + e.getMessage());
    }
    return switch (partition.read(offset, fetchBytesMax)) {
      case LogRead.Batches found -> take(assigned.name(), offset, found);
      case LogRead.AtEnd atEnd -> new AtEnd(partition, offset);
      case LogRead.OutOfRange outside ->
          new OutOfRange(
              offset, outside.logStartOffset(), partition.highWatermark(), outside.logEndOffset());
      case LogRead.Damaged damaged ->
          new Failed(
              new ConsumerException.Damaged(
                  assigned.name(), offset, damaged.nextOffset(), damaged.message()));
      case LogRead.Failed failed -> new TryAgain(failed.message());
    };
  }

  private static long place(PartitionLog partition, StartAt from) {
    return switch (from) {
      case StartAt.Offset at -> at.value();
      case StartAt.Earliest earliest -> partition.logStartOffset();
      case StartAt.Latest latest -> partition.highWatermark();
      case StartAt.Timestamp time -> {
        // Taken before the search: a record that is committed during it must not be passed over.
        long end = partition.highWatermark();
        PartitionLog.RecordPosition found = partition.firstAtOrAfter(time.millis());
        yield found == null ? end : found.offset();
      }
    };
  }

  private static Outcome take(TopicPartition name, long offset, LogRead.Batches found) {
    List<Batch> batches = new ArrayList<>();
    ConsumerException failure = null;
    long next = offset;
    try (LogSlice slice = found.slice()) {
      ByteBuffer bytes = slice.asBuffer();
      for (int at = 0; at < bytes.limit(); ) {
        String problem = problemOf(bytes, at);
        if (problem != null) {
          failure = new ConsumerException.Corrupt(name, next, problem);
          break;
        }
        int size = BatchHeader.sizeBytes(bytes, at);
        if (BatchHeader.nextOffset(bytes, at) > next) {
          ByteBuffer copy = ByteBuffer.allocate(size);
          copy.put(0, bytes, at, size);
          batches.add(new Batch(copy, offset));
          next = BatchHeader.nextOffset(bytes, at);
        }
        at += size;
      }
    } catch (IOException e) {
      return new TryAgain("read failed: " + e.getMessage());
    }
    if (!batches.isEmpty()) {
      return new Data(
          batches, failure == null ? Math.max(next, found.nextOffset()) : next, failure);
    }
    return failure == null
        ? new TryAgain("the read brought no batch at offset " + offset)
        : new Failed(failure);
  }

  private static @Nullable String problemOf(ByteBuffer bytes, int at) {
    int left = bytes.limit() - at;
    if (left < BatchHeader.SIZE_BYTES) {
      return "the batch is cut off after " + left + " bytes";
    }
    int size = BatchHeader.sizeBytes(bytes, at);
    if (size < BatchHeader.SIZE_BYTES || size > left) {
      return "the batch claims " + size + " bytes, " + left + " are there";
    }
    int stored = BatchHeader.crc(bytes, at);
    int computed = BatchHeader.computeCrc(bytes, at, size);
    return stored == computed
        ? null
        : "checksum mismatch: stored "
            + Integer.toHexString(stored)
            + ", computed "
            + Integer.toHexString(computed);
  }
}
