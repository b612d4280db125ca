package io.floe.gateway;

import io.floe.actors.log.AppendResult;
import io.floe.actors.log.LogRead;
import io.floe.actors.log.PartitionLog;
import io.floe.model.PartitionId;
import io.floe.model.batch.BatchHeader;
import io.floe.model.batch.BatchInfo;
import io.floe.model.batch.BatchReader;
import io.floe.model.batch.RecordCursor;
import io.floe.storage.LogSlice;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.WritableByteChannel;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.Executor;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/// A partition in memory that keeps the contract of [PartitionLog]: stamps and keeps the batches as
/// they came, dense offsets, high watermark behind the log end until a "commit" on another thread,
/// producer sequences, epochs.
public final class MemoryPartition implements PartitionLog {
  private final PartitionId id;
  private final Executor committer;
  private final List<ByteBuffer> batches = new ArrayList<>();
  private final TreeMap<Integer, Long> epochStarts = new TreeMap<>();
  private final Map<Long, Integer> nextSequences = new HashMap<>();
  private final Map<String, Long> placeOf = new HashMap<>();
  private final List<MemoryWait> waits = new ArrayList<>();

  /// Slices that were given out and are not closed.
  private final AtomicInteger openSlices = new AtomicInteger();

  private final List<Runnable> heldCommits = new ArrayList<>();
  private boolean isHoldingCommits;
  private AppendResult.@Nullable Reason refusal;
  private @Nullable LogRead nextRead;
  private int epoch;
  private long start;
  private long end;
  private long highWatermark;

  MemoryPartition(PartitionId id, int epoch, Executor committer) {
    this.id = id;
    this.epoch = epoch;
    this.committer = committer;
    epochStarts.put(epoch, 0L);
  }

  // What tests do to it

  /// From now on appends are refused.
  public synchronized void refuse(AppendResult.@Nullable Reason reason) {
    refusal = reason;
  }

  /// Commits wait until [#commitHeld].
  public synchronized void holdCommits() {
    isHoldingCommits = true;
  }

  public void commitHeld() {
    List<Runnable> held;
    synchronized (this) {
      isHoldingCommits = false;
      held = List.copyOf(heldCommits);
      heldCommits.clear();
    }
    held.forEach(committer::execute);
  }

  public synchronized int heldCommits() {
    return heldCommits.size();
  }

  /// The next reads find this.
  public synchronized void readAs(@Nullable LogRead read) {
    nextRead = read;
  }

  public synchronized void newEpoch(int newEpoch) {
    epoch = newEpoch;
    epochStarts.put(newEpoch, end);
    wake(Long.MAX_VALUE);
  }

  public synchronized void deleteBelow(long offset) {
    start = offset;
  }

  public int openSlices() {
    return openSlices.get();
  }

  public synchronized int openWaits() {
    return waits.size();
  }

  /// The raw batches, as stored.
  public synchronized List<ByteBuffer> stored() {
    return batches.stream().map(ByteBuffer::duplicate).toList();
  }

  // PartitionLog

  @Override
  public PartitionId id() {
    return id;
  }

  @Override
  public synchronized int epoch() {
    return epoch;
  }

  @Override
  public synchronized long logStartOffset() {
    return start;
  }

  @Override
  public synchronized long highWatermark() {
    return highWatermark;
  }

  @Override
  public synchronized long logEndOffset() {
    return end;
  }

  @Override
  public synchronized void append(
      ByteBuffer batch, BatchInfo info, Consumer<AppendResult> onResult) {
    if (refusal != null) {
      AppendResult.Reason reason = refusal;
      committer.execute(
          () ->
              onResult.accept(new AppendResult.Refused(reason, "refused by the test: " + reason)));
      return;
    }
    if (info.isIdempotent()) {
      String key = info.producerId() + "/" + info.producerEpoch() + "/" + info.baseSequence();
      Long original = placeOf.get(key);
      if (original != null) {
        commit(() -> onResult.accept(new AppendResult.Acked(original, start, true)));
        return;
      }
      int expected = nextSequences.getOrDefault(info.producerId(), info.baseSequence());
      if (expected != info.baseSequence()) {
        committer.execute(
            () ->
                onResult.accept(
                    new AppendResult.Refused(
                        AppendResult.Reason.OUT_OF_ORDER_SEQUENCE, "expected " + expected)));
        return;
      }
      nextSequences.put(info.producerId(), info.lastSequence() + 1);
      placeOf.put(key, end);
    }
    long base = end;
    BatchHeader.stamp(batch, batch.position(), base, epoch);
    // The copy is the "disk"; the bytes are the client's again after onResult.
    ByteBuffer stored = ByteBuffer.allocate(info.sizeBytes()).put(batch.duplicate()).flip();
    batches.add(stored);
    end += info.recordCount();
    long newEnd = end;
    commit(
        () -> {
          synchronized (this) {
            highWatermark = Math.max(highWatermark, newEnd);
            wake(highWatermark);
          }
          onResult.accept(new AppendResult.Acked(base, start, false));
        });
  }

  private void commit(Runnable action) {
    if (isHoldingCommits) {
      heldCommits.add(action);
    } else {
      committer.execute(action);
    }
  }

  private void wake(long reached) {
    for (MemoryWait wait : List.copyOf(waits)) {
      if (reached > wait.offset) {
        waits.remove(wait);
        committer.execute(wait.wake);
      }
    }
  }

  @Override
  public synchronized LogRead read(long offset, int maxBytes) {
    if (nextRead != null) {
      return nextRead;
    }
    if (offset < start || offset > end) {
      return new LogRead.OutOfRange(start, end);
    }
    if (offset >= highWatermark) {
      return new LogRead.AtEnd(highWatermark);
    }
    List<ByteBuffer> found = new ArrayList<>();
    int bytes = 0;
    long next = offset;
    for (ByteBuffer batch : batches) {
      long batchEnd = BatchHeader.nextOffset(batch, 0);
      if (batchEnd <= offset) {
        continue;
      }
      if (batchEnd > highWatermark || (!found.isEmpty() && bytes + batch.limit() > maxBytes)) {
        break;
      }
      found.add(batch.duplicate());
      bytes += batch.limit();
      next = batchEnd;
    }
    openSlices.incrementAndGet();
    return new LogRead.Batches(new MemorySlice(found, bytes, next), next);
  }

  @Override
  public synchronized long readableBytes(long offset, long limitBytes) {
    long bytes = 0;
    for (ByteBuffer batch : batches) {
      long batchEnd = BatchHeader.nextOffset(batch, 0);
      if (batchEnd > offset && batchEnd <= highWatermark) {
        bytes += batch.limit();
      }
    }
    return Math.min(bytes, limitBytes);
  }

  @Override
  public synchronized Wait awaitBeyond(long offset, Runnable wake) {
    MemoryWait wait = new MemoryWait(offset, wake);
    if (highWatermark > offset) {
      wake.run();
    } else {
      waits.add(wait);
    }
    return wait;
  }

  private final class MemoryWait implements Wait {
    private final long offset;
    private final Runnable wake;

    MemoryWait(long offset, Runnable wake) {
      this.offset = offset;
      this.wake = wake;
    }

    @Override
    public void close() {
      synchronized (MemoryPartition.this) {
        waits.remove(this);
      }
    }
  }

  @Override
  public synchronized @Nullable RecordPosition firstAtOrAfter(long timestamp) {
    return find((best, offset, time) -> time >= timestamp && best == null);
  }

  @Override
  public synchronized @Nullable RecordPosition maxTimestamp() {
    return find((best, offset, time) -> best == null || time > best.timestamp());
  }

  private interface Better {
    boolean than(@Nullable RecordPosition best, long offset, long timestamp);
  }

  private @Nullable RecordPosition find(Better better) {
    RecordPosition best = null;
    BatchReader reader = new BatchReader(1 << 24);
    for (ByteBuffer batch : batches) {
      RecordCursor cursor = reader.open(batch, 0);
      while (cursor.next()) {
        long offset = cursor.offset();
        if (offset >= start
            && offset < highWatermark
            && better.than(best, offset, cursor.timestamp())) {
          best = new RecordPosition(offset, cursor.timestamp(), BatchHeader.epoch(batch, 0));
        }
      }
    }
    return best;
  }

  @Override
  public synchronized @Nullable EpochEnd endOf(int wanted) {
    Map.Entry<Integer, Long> known = epochStarts.floorEntry(wanted);
    if (known == null) {
      return null;
    }
    Map.Entry<Integer, Long> next = epochStarts.higherEntry(known.getKey());
    return new EpochEnd(known.getKey(), next == null ? end : next.getValue());
  }

  private final class MemorySlice implements LogSlice {
    private final ByteBuffer bytes;
    private final long nextOffset;
    private boolean isClosed;

    MemorySlice(List<ByteBuffer> batches, int sizeBytes, long nextOffset) {
      this.bytes = ByteBuffer.allocate(sizeBytes);
      batches.forEach(bytes::put);
      bytes.flip();
      this.nextOffset = nextOffset;
    }

    @Override
    public int sizeBytes() {
      return bytes.limit();
    }

    @Override
    public long nextOffset() {
      return nextOffset;
    }

    @Override
    public long transferTo(long from, WritableByteChannel target) throws IOException {
      checkOpen();
      return target.write(bytes.slice((int) from, bytes.limit() - (int) from));
    }

    @Override
    public ByteBuffer asBuffer() {
      checkOpen();
      return bytes.asReadOnlyBuffer();
    }

    private void checkOpen() {
      if (isClosed) {
        throw new IllegalStateException("slice used after its close");
      }
    }

    @Override
    public void close() {
      checkOpen();
      isClosed = true;
      openSlices.decrementAndGet();
    }
  }
}
