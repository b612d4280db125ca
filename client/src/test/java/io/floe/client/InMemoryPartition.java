package io.floe.client;

import io.floe.actors.log.AppendResult;
import io.floe.actors.log.LogRead;
import io.floe.actors.log.PartitionLog;
import io.floe.model.PartitionId;
import io.floe.model.batch.BatchBuilder;
import io.floe.model.batch.BatchHeader;
import io.floe.model.batch.BatchInfo;
import io.floe.model.batch.BatchReader;
import io.floe.model.batch.BatchValidation;
import io.floe.model.batch.Compression;
import io.floe.model.batch.RecordCursor;
import io.floe.storage.LogSlice;
import java.nio.ByteBuffer;
import java.nio.channels.WritableByteChannel;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.LongUnaryOperator;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/// A partition in memory: segments that roll, a producer table that keeps the last 5 batches, and
/// faults on demand.
final class InMemoryPartition implements PartitionLog {
  private static final int REMEMBERED_BATCHES = 5;

  /// What becomes of one append.
  enum Fate {
    WRITTEN,
    OVERLOADED,
    NOT_WRITER,
    NO_SPACE,
    STORE_FAILED,
    PRODUCER_FENCED,
    UNKNOWN_AND_WRITTEN,
    UNKNOWN_AND_LOST,
    NEVER_ANSWERED
  }

  record Stored(ByteBuffer bytes, long baseOffset, long nextOffset, int segment) {}

  private record Remembered(int baseSequence, int lastSequence, long baseOffset) {}

  private record Waiting(long offset, Runnable wake) {}

  private final InMemoryLog log;
  private final PartitionId id;
  private final List<Stored> batches = new ArrayList<>();
  private final Map<Long, ArrayDeque<Remembered>> producers = new HashMap<>();
  private final List<Waiting> waiting = new ArrayList<>();
  private final BatchBuilder builder = new BatchBuilder(Compression.NONE, Integer.MAX_VALUE);
  private final List<Runnable> heldAnswers = new ArrayList<>();
  private boolean holdsAnswers;
  private long logStartOffset;
  private long heldHighWatermark = Long.MAX_VALUE;
  private int segment;
  private int batchesInSegment;
  private int epoch = 1;

  volatile int batchesPerSegment = Integer.MAX_VALUE;
  volatile Function<BatchInfo, Fate> fates = info -> Fate.WRITTEN;

  /// Answers instead of the log when it gives something.
  volatile Supplier<@Nullable LogRead> readFault = () -> null;

  /// Runs at the begin of each read, on the reader's thread.
  volatile Runnable beforeRead = () -> {};

  /// A partition that stands still wakes at once though there is nothing.
  volatile boolean standsStill;

  final AtomicInteger reads = new AtomicInteger();
  final AtomicInteger appends = new AtomicInteger();
  final AtomicInteger onTheWay = new AtomicInteger();
  final AtomicInteger onTheWayMax = new AtomicInteger();
  final List<Integer> baseSequences = new ArrayList<>();

  InMemoryPartition(InMemoryLog log, PartitionId id) {
    this.log = log;
    this.id = id;
  }

  // ---- what tests do

  /// Writes records whose value is their offset and whose timestamp is `timestampOf(offset)`.
  synchronized void fill(
      int records, int recordsPerBatch, Compression compression, LongUnaryOperator timestampOf) {
    BatchBuilder filling = new BatchBuilder(compression, Integer.MAX_VALUE);
    long end = logEndOffset() + records;
    while (logEndOffset() < end) {
      long base = logEndOffset();
      filling.begin(base);
      for (long at = base; at < Math.min(end, base + recordsPerBatch); at++) {
        filling.append(timestampOf.applyAsLong(at), null, utf8(Long.toString(at)));
      }
      store(filling.build());
    }
    wake();
  }

  void fill(int records, int recordsPerBatch) {
    fill(records, recordsPerBatch, Compression.NONE, offset -> 1_000_000 + offset);
  }

  synchronized void fillWithMarker() {
    builder.begin(logEndOffset()).control().producer(5, (short) 0, -1).transactional();
    store(builder.append(1, utf8("\0\0\0\1"), utf8("\0\0\0\0\0\0")).build());
    wake();
  }

  synchronized void fillOne(@Nullable String key, @Nullable String value, List<Header> headers) {
    builder.begin(logEndOffset());
    builder.append(
        1,
        key == null ? null : utf8(key),
        value == null ? null : utf8(value),
        headers.stream()
            .map(
                header -> {
                  byte[] bytes = header.value();
                  return new io.floe.model.batch.RecordHeader(
                      header.key(), bytes == null ? null : ByteBuffer.wrap(bytes));
                })
            .toList());
    store(builder.build());
    wake();
  }

  /// Flips a bit in the payload of the batch that holds the offset.
  synchronized void flipBitAt(long offset) {
    for (Stored stored : batches) {
      if (stored.nextOffset() > offset) {
        int at = stored.bytes().capacity() - 1;
        stored.bytes().put(at, (byte) (stored.bytes().get(at) ^ 1));
        return;
      }
    }
  }

  synchronized void deleteBefore(long offset) {
    logStartOffset = offset;
    batches.removeIf(stored -> stored.nextOffset() <= offset);
  }

  synchronized void newEpoch() {
    epoch++;
    segment++;
    batchesInSegment = 0;
    wakeAll();
  }

  synchronized void holdHighWatermark(long offset) {
    heldHighWatermark = offset;
    wake();
  }

  synchronized void holdAnswers() {
    holdsAnswers = true;
  }

  void releaseAnswers() {
    List<Runnable> released;
    synchronized (this) {
      holdsAnswers = false;
      released = List.copyOf(heldAnswers);
      heldAnswers.clear();
    }
    released.forEach(log.thread::execute);
  }

  synchronized List<Stored> stored() {
    return List.copyOf(batches);
  }

  /// All values in the log, in order.
  synchronized List<String> values() {
    List<String> values = new ArrayList<>();
    BatchReader reader = new BatchReader(1 << 20);
    for (Stored stored : batches) {
      RecordCursor cursor = reader.open(stored.bytes(), 0);
      while (cursor.next()) {
        ByteBuffer value = cursor.value();
        values.add(value == null ? "null" : StandardCharsets.UTF_8.decode(value).toString());
      }
    }
    return values;
  }

  private static ByteBuffer utf8(String text) {
    return ByteBuffer.wrap(text.getBytes(StandardCharsets.UTF_8));
  }

  private void store(ByteBuffer batch) {
    if (batchesInSegment >= batchesPerSegment) {
      segment++;
      batchesInSegment = 0;
    }
    batchesInSegment++;
    ByteBuffer copy = ByteBuffer.allocate(batch.remaining());
    copy.put(0, batch, batch.position(), batch.remaining());
    long base = logEndOffset();
    BatchHeader.stamp(copy, 0, base, epoch);
    batches.add(new Stored(copy, base, BatchHeader.nextOffset(copy, 0), segment));
  }

  // ---- PartitionLog

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
    return logStartOffset;
  }

  @Override
  public synchronized long highWatermark() {
    return Math.min(logEndOffset(), heldHighWatermark);
  }

  @Override
  public synchronized long logEndOffset() {
    return batches.isEmpty() ? logStartOffset : batches.getLast().nextOffset();
  }

  @Override
  public void append(ByteBuffer batch, BatchInfo info, Consumer<AppendResult> onResult) {
    if (!(BatchValidation.check(
            batch, batch.position(), Integer.MAX_VALUE, BatchValidation.Origin.CLIENT)
        instanceof BatchValidation.Valid valid)) {
      throw new AssertionError("an invalid batch was appended");
    }
    if (!valid.info().equals(info)) {
      throw new AssertionError(info + " does not describe the batch: " + valid.info());
    }
    appends.incrementAndGet();
    onTheWayMax.accumulateAndGet(onTheWay.incrementAndGet(), Math::max);
    log.thread.execute(
        () -> {
          AppendResult result = resultOf(batch, info);
          if (result == null) {
            return;
          }
          Runnable answer =
              () -> {
                onTheWay.decrementAndGet();
                onResult.accept(result);
              };
          synchronized (this) {
            if (holdsAnswers) {
              heldAnswers.add(answer);
              return;
            }
          }
          answer.run();
        });
  }

  private synchronized @Nullable AppendResult resultOf(ByteBuffer batch, BatchInfo info) {
    baseSequences.add(info.baseSequence());
    Fate fate = fates.apply(info);
    return switch (fate) {
      case WRITTEN -> write(batch, info);
      case OVERLOADED -> refused(AppendResult.Reason.OVERLOADED);
      case NOT_WRITER -> refused(AppendResult.Reason.NOT_WRITER);
      case NO_SPACE -> refused(AppendResult.Reason.NO_SPACE);
      case STORE_FAILED -> refused(AppendResult.Reason.STORE_FAILED);
      case PRODUCER_FENCED -> refused(AppendResult.Reason.PRODUCER_FENCED);
      case UNKNOWN_AND_LOST -> new AppendResult.Unknown("lost, but nobody knows");
      case UNKNOWN_AND_WRITTEN -> {
        AppendResult written = write(batch, info);
        yield written instanceof AppendResult.Acked
            ? new AppendResult.Unknown("written, but nobody knows")
            : written;
      }
      case NEVER_ANSWERED -> null;
    };
  }

  private static AppendResult refused(AppendResult.Reason reason) {
    return new AppendResult.Refused(reason, "injected " + reason);
  }

  private AppendResult write(ByteBuffer batch, BatchInfo info) {
    if (info.isIdempotent()) {
      ArrayDeque<Remembered> last =
          producers.computeIfAbsent(info.producerId(), producer -> new ArrayDeque<>());
      for (Remembered earlier : last) {
        if (earlier.baseSequence() == info.baseSequence()
            && earlier.lastSequence() == info.lastSequence()) {
          return new AppendResult.Acked(earlier.baseOffset(), logStartOffset, true);
        }
      }
      Remembered newest = last.peekLast();
      if (newest != null
          && info.baseSequence() != ((newest.lastSequence() + 1) & Integer.MAX_VALUE)) {
        return refused(AppendResult.Reason.OUT_OF_ORDER_SEQUENCE);
      }
      if (last.size() == REMEMBERED_BATCHES) {
        last.remove();
      }
      last.add(new Remembered(info.baseSequence(), info.lastSequence(), logEndOffset()));
    }
    long base = logEndOffset();
    store(batch);
    wake();
    return new AppendResult.Acked(base, logStartOffset, false);
  }

  @Override
  public LogRead read(long offset, int maxBytes) {
    reads.incrementAndGet();
    beforeRead.run();
    LogRead fault = readFault.get();
    if (fault != null) {
      return fault;
    }
    synchronized (this) {
      if (offset < logStartOffset || offset > logEndOffset()) {
        return new LogRead.OutOfRange(logStartOffset, logEndOffset());
      }
      if (offset >= highWatermark()) {
        return new LogRead.AtEnd(highWatermark());
      }
      List<Stored> found = new ArrayList<>();
      int size = 0;
      for (Stored stored : batches) {
        if (stored.nextOffset() <= offset) {
          continue;
        }
        if (stored.nextOffset() > highWatermark()
            || (!found.isEmpty()
                && (size + stored.bytes().capacity() > maxBytes
                    || stored.segment() != found.getFirst().segment()))) {
          break;
        }
        found.add(stored);
        size += stored.bytes().capacity();
      }
      ByteBuffer bytes = ByteBuffer.allocate(size);
      int at = 0;
      for (Stored stored : found) {
        bytes.put(at, stored.bytes(), 0, stored.bytes().capacity());
        at += stored.bytes().capacity();
      }
      long next = found.getLast().nextOffset();
      return new LogRead.Batches(new Slice(bytes, next), next);
    }
  }

  @Override
  public synchronized long readableBytes(long offset, long limitBytes) {
    throw new AssertionError("not used by the client");
  }

  @Override
  public Wait awaitBeyond(long offset, Runnable wake) {
    log.openWaits.incrementAndGet();
    Waiting mine = new Waiting(offset, wake);
    boolean isThere;
    synchronized (this) {
      isThere = highWatermark() > offset || standsStill;
      if (!isThere) {
        waiting.add(mine);
      }
    }
    if (isThere) {
      wake.run();
    }
    return new Wait() {
      private boolean isClosed;

      @Override
      public void close() {
        synchronized (InMemoryPartition.this) {
          waiting.remove(mine);
        }
        if (!isClosed) {
          isClosed = true;
          log.openWaits.decrementAndGet();
        }
      }
    };
  }

  private synchronized void wake() {
    long end = highWatermark();
    waiting.removeIf(
        wait -> {
          if (wait.offset() >= end) {
            return false;
          }
          log.thread.execute(wait.wake());
          return true;
        });
  }

  synchronized void wakeAll() {
    waiting.forEach(wait -> log.thread.execute(wait.wake()));
    waiting.clear();
  }

  @Override
  public synchronized @Nullable RecordPosition firstAtOrAfter(long timestamp) {
    BatchReader reader = new BatchReader(1 << 20);
    for (Stored stored : batches) {
      RecordCursor cursor = reader.open(stored.bytes(), 0);
      while (cursor.next()) {
        if (cursor.timestamp() >= timestamp && cursor.offset() < highWatermark()) {
          return new RecordPosition(cursor.offset(), cursor.timestamp(), epoch);
        }
      }
    }
    return null;
  }

  @Override
  public @Nullable RecordPosition maxTimestamp() {
    throw new AssertionError("not used by the client");
  }

  @Override
  public @Nullable EpochEnd endOf(int wanted) {
    throw new AssertionError("not used by the client");
  }

  /// Counts itself, and spoils its memory when it is closed, as a cache that reuses it would.
  private final class Slice implements LogSlice {
    private final ByteBuffer bytes;
    private final long nextOffset;
    private boolean isClosed;

    Slice(ByteBuffer bytes, long nextOffset) {
      this.bytes = bytes;
      this.nextOffset = nextOffset;
      log.openSlices.incrementAndGet();
    }

    @Override
    public int sizeBytes() {
      return bytes.capacity();
    }

    @Override
    public long nextOffset() {
      return nextOffset;
    }

    @Override
    public long transferTo(long from, WritableByteChannel target) {
      throw new AssertionError("not used by the client");
    }

    @Override
    public ByteBuffer asBuffer() {
      return bytes.asReadOnlyBuffer();
    }

    @Override
    public void close() {
      if (isClosed) {
        log.slicesClosedTwice.incrementAndGet();
        return;
      }
      isClosed = true;
      for (int i = 0; i < bytes.capacity(); i++) {
        bytes.put(i, (byte) 0xEE);
      }
      log.openSlices.decrementAndGet();
    }
  }
}
