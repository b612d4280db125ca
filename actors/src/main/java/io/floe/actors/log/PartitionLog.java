package io.floe.actors.log;

import io.floe.model.PartitionId;
import io.floe.model.batch.BatchInfo;
import java.nio.ByteBuffer;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/// One partition as this node serves it.
///
/// Thread-safety: every method may be called from any thread. Errors: [#read] answers with a value;
/// the look-ups by timestamp throw [LogReadException].
public interface PartitionLog {

  PartitionId id();

  /// Epoch of the open segment; what Kafka calls leader epoch.
  int epoch();

  long logStartOffset();

  /// First offset that is not known committed; readers see below it. Never goes back.
  long highWatermark();

  /// Offset that the next record gets; for diagnosis only, not for readers.
  long logEndOffset();

  /// Appends one validated batch. Never blocks; batches of one caller to one partition keep their
  /// order.
  ///
  /// @param batch a whole batch between position and limit; belongs to the log until `onResult` is
  ///   called
  /// @param onResult called once, on a thread of the log, and must not block
  void append(ByteBuffer batch, BatchInfo info, Consumer<AppendResult> onResult);

  /// Reads committed batches from the one that holds `offset`. May read the disk: call it on a
  /// thread that may block.
  ///
  /// @param maxBytes bound on the slice; the first batch is returned whole even if it is larger
  LogRead read(long offset, int maxBytes);

  /// Committed bytes from `offset` to the high watermark, at most `limitBytes`: cheap, an estimate
  /// by the sparse index within one index interval, exact near the end. For min-bytes waits.
  long readableBytes(long offset, long limitBytes);

  /// Calls `wake` once when the high watermark is above `offset`, or the partition changes its
  /// epoch, is deleted or stops; at once if it already is. `wake` runs on a thread of the log and
  /// must not block. Close it to give up waiting.
  Wait awaitBeyond(long offset, Runnable wake);

  /// The first committed record with a timestamp ≥ `timestamp`, or null. May read the disk.
  @Nullable RecordPosition firstAtOrAfter(long timestamp);

  /// The committed record with the largest timestamp (the first of equals), or null when empty. May
  /// read the disk.
  @Nullable RecordPosition maxTimestamp();

  /// Where the tenure `epoch` ends: the largest known epoch ≤ `epoch` and the first offset after
  /// it, or null when none is that old.
  @Nullable EpochEnd endOf(int epoch);

  /// A record's place and time.
  ///
  /// @param epoch the tenure that wrote it
  record RecordPosition(long offset, long timestamp, int epoch) {}

  /// The end of a tenure.
  record EpochEnd(int epoch, long endOffset) {}

  /// A wait that can be given up.
  interface Wait extends AutoCloseable {
    @Override
    void close();
  }
}
