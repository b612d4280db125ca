package io.floe.actors.partition;

import io.floe.actors.log.AppendResult;
import io.floe.actors.log.LogRead;
import io.floe.actors.log.LogReadException;
import io.floe.actors.log.PartitionLog;
import io.floe.consensus.metadata.core.PartitionRecord;
import io.floe.consensus.metadata.core.SegmentRecord;
import io.floe.consensus.metadata.core.SegmentState;
import io.floe.model.PartitionId;
import io.floe.model.batch.BatchInfo;
import io.floe.storage.LogSlice;
import io.floe.storage.SegmentReads;
import io.floe.storage.StoreException;
import java.nio.ByteBuffer;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;
import org.apache.pekko.actor.typed.ActorRef;
import org.jspecify.annotations.Nullable;
import org.pcollections.PVector;

/// A partition as the edges of this node see it: appends go to its actor, reads go straight to the
/// store.
///
/// Design. The partition's actors publish through volatile fields; readers never wait for them.
/// Three numbers matter: the *chain* (from the metadata log, by the router), the *high watermark*
/// (below it everything is committed) and the log end (both by the writer of the open segment).
/// They are published in an order that keeps a reader safe: a chain before a high watermark that
/// lies in its last segment, since the router learns of a chain before it starts the writer of its
/// last segment. A reader takes the high watermark first and the chain second, so the segment that
/// holds an offset below the former is always found.
///
/// The mailbox of the actor is bounded here: bytes of appends that were not answered yet are
/// counted, and beyond the limit the caller hears OVERLOADED.
///
/// Every append is answered exactly once, also when the actors end with it in a mailbox: what was
/// not answered is kept here, and [#stopped()] answers the rest.
///
/// Thread-safety: as [PartitionLog]; the methods that are not in it belong to the actors.
final class ServedPartition implements PartitionLog {
  private static final ByteBuffer EMPTY = ByteBuffer.allocate(0);

  private final PartitionId id;
  private final SegmentReads reads;
  private final long pendingBytesMax;
  private final AtomicLong pendingBytes = new AtomicLong();
  private final HighWatermarkWaits waits = new HighWatermarkWaits();
  private final Set<Answer> unanswered = ConcurrentHashMap.newKeySet();

  private volatile @Nullable ActorRef<PartitionCommand> router;
  private volatile PartitionRecord record;
  private volatile long highWatermark;
  private volatile long logEndOffset;
  private volatile boolean isGone;
  private volatile boolean isStopped;

  ServedPartition(
      PartitionId id, PartitionRecord record, SegmentReads reads, long pendingBytesMax) {
    this.id = id;
    this.record = record;
    this.reads = reads;
    this.pendingBytesMax = pendingBytesMax;
    // Everything before the open segment is sealed, hence committed.
    this.highWatermark = committedByTheChain(record);
    this.logEndOffset = highWatermark;
  }

  private static long committedByTheChain(PartitionRecord record) {
    return record.last().state() instanceof SegmentState.Sealed sealed
        ? sealed.endOffset()
        : record.last().baseOffset();
  }

  // ---- what the actor publishes

  void routeTo(ActorRef<PartitionCommand> actor) {
    router = actor;
  }

  void chainChanged(PartitionRecord changed) {
    boolean isNewEpoch = changed.last().epoch() != record.last().epoch();
    record = changed;
    highWatermarkAdvanced(committedByTheChain(changed));
    if (isNewEpoch) {
      waits.wakeAll();
    }
  }

  void highWatermarkAdvanced(long offset) {
    if (offset > highWatermark) {
      highWatermark = offset;
      if (logEndOffset < offset) {
        logEndOffset = offset;
      }
      waits.passed(offset);
    }
  }

  void logEndAdvanced(long offset) {
    logEndOffset = offset;
  }

  /// The topic is deleted.
  void gone() {
    isGone = true;
    waits.wakeAll();
  }

  /// The node's actors have ended: nobody else answers any more.
  void stopped() {
    isStopped = true;
    waits.wakeAll();
    unanswered.forEach(Answer::unknown);
  }

  PartitionRecord record() {
    return record;
  }

  // ---- what the edges see

  @Override
  public PartitionId id() {
    return id;
  }

  @Override
  public int epoch() {
    return record.last().epoch();
  }

  @Override
  public long logStartOffset() {
    return record.logStartOffset();
  }

  @Override
  public long highWatermark() {
    return highWatermark;
  }

  @Override
  public long logEndOffset() {
    return logEndOffset;
  }

  @Override
  public void append(ByteBuffer batch, BatchInfo info, Consumer<AppendResult> onResult) {
    ActorRef<PartitionCommand> actor = router;
    if (isGone || actor == null) {
      onResult.accept(
          new AppendResult.Refused(
              AppendResult.Reason.UNKNOWN_PARTITION, "partition " + id + " is not served here"));
      return;
    }
    int sizeBytes = info.sizeBytes();
    long pending = pendingBytes.addAndGet(sizeBytes);
    // A single batch is always let in, however large.
    boolean isOverload = pending > pendingBytesMax && pending > sizeBytes;
    Answer answer = new Answer(sizeBytes, onResult);
    unanswered.add(answer);
    actor.tell(new PartitionCommand.Append(isOverload ? EMPTY : batch, info, isOverload, answer));
    if (isStopped) {
      // The actor may have ended before the batch reached it, after those left were answered.
      answer.unknown();
    }
  }

  /// Who waits for the end of an append. The first answer counts.
  private final class Answer implements Consumer<AppendResult> {
    private final int sizeBytes;
    private final Consumer<AppendResult> onResult;

    Answer(int sizeBytes, Consumer<AppendResult> onResult) {
      this.sizeBytes = sizeBytes;
      this.onResult = onResult;
    }

    @Override
    public void accept(AppendResult result) {
      if (unanswered.remove(this)) {
        pendingBytes.addAndGet(-sizeBytes);
        EdgeCallback.run(() -> onResult.accept(result));
      }
    }

    void unknown() {
      accept(new AppendResult.Unknown("partition " + id + ": the node stopped"));
    }
  }

  @Override
  public LogRead read(long offset, int maxBytes) {
    long committed = highWatermark;
    PartitionRecord chain = record;
    if (isGone) {
      return new LogRead.Failed("partition " + id + " is deleted");
    }
    if (isStopped) {
      return new LogRead.Failed("the node stopped");
    }
    if (offset < chain.logStartOffset() || offset > Math.max(committed, logEndOffset)) {
      return new LogRead.OutOfRange(chain.logStartOffset(), logEndOffset);
    }
    if (offset >= committed) {
      return new LogRead.AtEnd(committed);
    }
    SegmentRecord segment = segmentOf(chain.chain(), offset);
    long end = Math.min(committed, endOf(segment, committed));
    try {
      LogSlice slice = reads.read(segment.id(), offset, end, maxBytes);
      if (slice.nextOffset() <= offset) {
        // Committed, and yet not there: saying "no batches" would make a reader ask for ever.
        slice.close();
        return new LogRead.Failed(
            "offset " + offset + " of partition " + id + " is committed but cannot be read");
      }
      return new LogRead.Batches(slice, slice.nextOffset());
    } catch (StoreException e) {
      if (e.category() == StoreException.Category.DAMAGED) {
        long next = Math.min(end, Math.max(offset + 1, e.readableFrom().orElse(end)));
        return new LogRead.Damaged(next, String.valueOf(e.getMessage()));
      }
      return new LogRead.Failed(String.valueOf(e.getMessage()));
    }
  }

  @Override
  public long readableBytes(long offset, long limitBytes) {
    long committed = highWatermark;
    PartitionRecord current = record;
    if (isGone || offset < current.logStartOffset() || offset >= committed) {
      return 0;
    }
    PVector<SegmentRecord> chain = current.chain();
    long bytes = 0;
    long from = offset;
    for (int i = indexOf(chain, offset);
        i < chain.size() && bytes < limitBytes && from < committed;
        i++) {
      SegmentRecord segment = chain.get(i);
      long end = Math.min(committed, endOf(segment, committed));
      if (from < end) {
        try {
          bytes += reads.bytesBetween(segment.id(), from, end);
        } catch (StoreException e) {
          // The read itself will tell; a waiting reader must be woken to hear it.
          return limitBytes;
        }
        from = end;
      }
    }
    return Math.min(bytes, limitBytes);
  }

  @Override
  public Wait awaitBeyond(long offset, Runnable wake) {
    HighWatermarkWaits.Waiting wait = waits.add(offset, wake);
    if ((highWatermark > offset || isGone || isStopped) && wait.remove()) {
      EdgeCallback.run(wake);
    }
    return wait;
  }

  @Override
  public @Nullable RecordPosition firstAtOrAfter(long timestamp) {
    long committed = highWatermark;
    for (SegmentRecord segment : record.chain()) {
      long end = Math.min(committed, endOf(segment, committed));
      if (segment.baseOffset() < end) {
        SegmentReads.Found found =
            lookUp(segment, () -> reads.firstAtOrAfter(segment.id(), timestamp, end));
        if (found != null) {
          return new RecordPosition(found.offset(), found.timestamp(), segment.epoch());
        }
      }
    }
    return null;
  }

  @Override
  public @Nullable RecordPosition maxTimestamp() {
    long committed = highWatermark;
    RecordPosition best = null;
    for (SegmentRecord segment : record.chain()) {
      long end = Math.min(committed, endOf(segment, committed));
      if (segment.baseOffset() < end) {
        SegmentReads.Found found = lookUp(segment, () -> reads.maxTimestamp(segment.id(), end));
        if (found != null && (best == null || found.timestamp() > best.timestamp())) {
          best = new RecordPosition(found.offset(), found.timestamp(), segment.epoch());
        }
      }
    }
    return best;
  }

  @Override
  public @Nullable EpochEnd endOf(int epoch) {
    long committed = highWatermark;
    PVector<SegmentRecord> chain = record.chain();
    for (int i = chain.size() - 1; i >= 0; i--) {
      SegmentRecord segment = chain.get(i);
      if (segment.epoch() <= epoch) {
        return new EpochEnd(segment.epoch(), Math.min(committed, endOf(segment, committed)));
      }
    }
    return null;
  }

  private interface LookUp {
    SegmentReads.@Nullable Found find() throws StoreException;
  }

  private SegmentReads.@Nullable Found lookUp(SegmentRecord segment, LookUp lookUp) {
    try {
      return lookUp.find();
    } catch (StoreException e) {
      throw new LogReadException(
          "partition " + id + ", segment " + segment.id() + ": " + e.getMessage(), e);
    }
  }

  private static long endOf(SegmentRecord segment, long committed) {
    return segment.state() instanceof SegmentState.Sealed sealed ? sealed.endOffset() : committed;
  }

  private static SegmentRecord segmentOf(PVector<SegmentRecord> chain, long offset) {
    return chain.get(indexOf(chain, offset));
  }

  /// The last segment whose base is at or below the offset.
  private static int indexOf(PVector<SegmentRecord> chain, long offset) {
    int low = 0;
    int high = chain.size() - 1;
    while (low < high) {
      int middle = (low + high + 1) >>> 1;
      if (chain.get(middle).baseOffset() <= offset) {
        low = middle;
      } else {
        high = middle - 1;
      }
    }
    return low;
  }
}
