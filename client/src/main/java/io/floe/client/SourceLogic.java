package io.floe.client;

import io.floe.actors.log.PartitionLog;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.function.Supplier;
import org.apache.pekko.stream.Outlet;
import org.apache.pekko.stream.SourceShape;
import org.apache.pekko.stream.stage.AbstractOutHandler;
import org.apache.pekko.stream.stage.AsyncCallback;
import org.apache.pekko.stream.stage.TimerGraphStageLogic;
import org.jspecify.annotations.Nullable;

/// One run of a source.
///
/// Each partition has a cursor, and a cursor goes round: it *wants* a read, a read is under way,
/// the read brought batches and it wants the next, or the read found the end and it *waits* for the
/// partition to wake it, or the read failed and it *rests* before it wants again. At most one read
/// of a partition is under way, so its order is the log's.
///
/// Reads are paid from one budget for all cursors, [ConsumerSettings#bufferBytesMax()]: a read
/// reserves its bound before it starts, and starts only while at most half the budget is in use, so
/// that reads are large and the bound holds. Cursors want in a queue and emit in a queue, one batch
/// a turn: a full partition cannot starve the others.
///
/// A failure of a partition waits behind its batches: every record before the failure's place is
/// delivered first.
///
/// Thread-safety: as every stage, its own callbacks only; reads and wakes come back by
/// [AsyncCallback], which drops what arrives after the end.
final class SourceLogic<T> extends TimerGraphStageLogic {
  private static final Object REFRESH = new Object();

  private static final class Cursor {
    final Partitions.Assigned assigned;
    final ArrayDeque<PartitionReader.Batch> batches = new ArrayDeque<>();

    /// Where the next read starts; not an offset until a read found the place.
    StartAt readAt;

    boolean isReady;
    long failingSinceNanos = -1;
    boolean wokeInVain;
    @Nullable ConsumerException failure;
    PartitionLog.@Nullable Wait wait;
    CompletableFuture<Void> read = CompletableFuture.completedFuture(null);

    Cursor(Partitions.Assigned assigned) {
      this.assigned = assigned;
      this.readAt = assigned.start();
    }
  }

  private record Returned(Cursor cursor, PartitionReader.Outcome outcome) {}

  private final Outlet<T> out;
  private final ConsumerSettings<?, ?> settings;
  private final Supplier<Partitions> subscription;
  private final SourceStage.Decoder<T> decoder;
  private final PartitionReader reader;
  private final StageControl control;
  private final AsyncCallback<Returned> returned;
  private final AsyncCallback<Cursor> woken;
  private final AsyncCallback<Throwable> crashed;

  private final List<Cursor> cursors = new ArrayList<>();
  private final ArrayDeque<Cursor> wanting = new ArrayDeque<>();
  private final ArrayDeque<Cursor> ready = new ArrayDeque<>();
  private @Nullable Partitions partitions;
  private @Nullable Executor executor;
  private boolean hasDemanded;
  private long bufferedBytes;
  private long reservedBytes;

  /// The batch that is being emitted: at the head of the cursor's queue.
  private @Nullable Cursor current;

  private SourceStage.@Nullable Elements<T> elements;

  SourceLogic(
      SourceShape<T> shape,
      ConsumerSettings<?, ?> settings,
      Supplier<Partitions> subscription,
      SourceStage.Decoder<T> decoder) {
    super(shape);
    this.out = shape.out();
    this.settings = settings;
    this.subscription = subscription;
    this.decoder = decoder;
    this.reader = new PartitionReader(settings.log(), settings.fetchBytesMax());
    this.returned = createAsyncCallback(this::onReturned);
    this.woken = createAsyncCallback(this::onWoken);
    this.crashed = createAsyncCallback(this::failStage);
    AsyncCallback<Boolean> ending = createAsyncCallback(any -> completeStage());
    this.control = new StageControl(() -> ending.invoke(true));
    setHandler(
        out,
        new AbstractOutHandler() {
          @Override
          public void onPull() {
            hasDemanded = true;
            emit();
          }
        });
  }

  StageControl control() {
    return control;
  }

  @Override
  public void preStart() {
    executor = materializer().system().dispatchers().lookup(settings.dispatcher());
    Partitions found;
    try {
      found = subscription.get();
    } catch (ConsumerException e) {
      failStage(e);
      return;
    }
    partitions = found;
    found.atStart().forEach(this::add);
    if (found.mayGrow()) {
      scheduleWithFixedDelay(
          REFRESH, settings.partitionRefreshInterval(), settings.partitionRefreshInterval());
    }
  }

  @Override
  public void postStop() {
    for (Cursor cursor : cursors) {
      stopWaiting(cursor);
    }
    control.ended(
        CompletableFuture.allOf(
            cursors.stream().map(cursor -> cursor.read).toArray(CompletableFuture<?>[]::new)));
  }

  @Override
  public void onTimer(Object key) {
    if (key instanceof Cursor rested) {
      wanting.add(rested);
    } else if (partitions != null) {
      partitions.added().forEach(this::add);
    }
    startReads();
  }

  private void add(Partitions.Assigned assigned) {
    Cursor cursor = new Cursor(assigned);
    cursors.add(cursor);
    wanting.add(cursor);
  }

  private void startReads() {
    if (!hasDemanded || executor == null) {
      return;
    }
    while (!wanting.isEmpty() && bufferedBytes + reservedBytes <= settings.bufferBytesMax() / 2) {
      Cursor cursor = wanting.remove();
      reservedBytes += settings.fetchBytesMax();
      Partitions.Assigned assigned = cursor.assigned;
      StartAt from = cursor.readAt;
      cursor.read =
          CompletableFuture.runAsync(
                  () -> returned.invoke(new Returned(cursor, outcomeOf(assigned, from))), executor)
              .whenComplete(
                  (nothing, failure) -> {
                    if (failure != null) {
                      crashed.invoke(failure);
                    }
                  });
    }
  }

  /// On a blocking thread. What a read throws must come back too, or the cursor would stand still;
  /// an `Error` fails the stream.
  private PartitionReader.Outcome outcomeOf(Partitions.Assigned assigned, StartAt from) {
    try {
      return reader.read(assigned, from);
    } catch (RuntimeException e) {
      return new PartitionReader.TryAgain("read failed: " + e);
    }
  }

  private void onReturned(Returned result) {
    Cursor cursor = result.cursor();
    reservedBytes -= settings.fetchBytesMax();
    switch (result.outcome()) {
      case PartitionReader.Data data -> {
        settle(cursor);
        cursor.readAt = StartAt.offset(data.nextOffset());
        for (PartitionReader.Batch batch : data.batches()) {
          cursor.batches.add(batch);
          bufferedBytes += batch.sizeBytes();
        }
        enqueue(cursor);
        if (data.failure() == null) {
          wanting.add(cursor);
        } else {
          cursor.failure = data.failure();
        }
      }
      case PartitionReader.AtEnd atEnd -> {
        cursor.failingSinceNanos = -1;
        cursor.readAt = StartAt.offset(atEnd.offset());
        await(cursor, atEnd);
      }
      case PartitionReader.OutOfRange outside -> {
        settle(cursor);
        reset(cursor, outside);
      }
      case PartitionReader.TryAgain failed -> rest(cursor, failed.message());
      case PartitionReader.Failed failed -> fail(cursor, failed.failure());
    }
    startReads();
    emit();
  }

  private static void settle(Cursor cursor) {
    cursor.failingSinceNanos = -1;
    cursor.wokeInVain = false;
  }

  private void await(Cursor cursor, PartitionReader.AtEnd atEnd) {
    if (cursor.wokeInVain) {
      // A partition that stands still wakes its waiters at once; do not spin on it.
      cursor.wokeInVain = false;
      scheduleOnce(cursor, settings.retryBackoff());
    } else {
      cursor.wait = atEnd.log().awaitBeyond(atEnd.offset(), () -> woken.invoke(cursor));
    }
  }

  private void onWoken(Cursor cursor) {
    stopWaiting(cursor);
    cursor.wokeInVain = true;
    wanting.add(cursor);
    startReads();
  }

  private static void stopWaiting(Cursor cursor) {
    PartitionLog.Wait wait = cursor.wait;
    if (wait != null) {
      cursor.wait = null;
      wait.close();
    }
  }

  private void reset(Cursor cursor, PartitionReader.OutOfRange outside) {
    boolean isEarliest = cursor.readAt instanceof StartAt.Earliest;
    // "Earliest" was looked up just before retention moved it: that is not the reader's fault.
    if (isEarliest || settings.outOfRange() == OutOfRangePolicy.EARLIEST) {
      cursor.readAt = StartAt.offset(outside.logStartOffset());
      wanting.add(cursor);
    } else if (settings.outOfRange() == OutOfRangePolicy.LATEST) {
      cursor.readAt = StartAt.offset(outside.highWatermark());
      wanting.add(cursor);
    } else {
      fail(
          cursor,
          new ConsumerException.OffsetOutOfRange(
              cursor.assigned.name(),
              outside.offset(),
              outside.logStartOffset(),
              outside.logEndOffset()));
    }
  }

  private void rest(Cursor cursor, String message) {
    long now = System.nanoTime();
    if (cursor.failingSinceNanos < 0) {
      cursor.failingSinceNanos = now;
    }
    if (now - cursor.failingSinceNanos > settings.unavailableTimeout().toNanos()) {
      long offset = cursor.readAt instanceof StartAt.Offset at ? at.value() : -1;
      fail(cursor, new ConsumerException.Unavailable(cursor.assigned.name(), offset, message));
    } else {
      scheduleOnce(cursor, settings.retryBackoff());
    }
  }

  private void fail(Cursor cursor, ConsumerException failure) {
    cursor.failure = failure;
    enqueue(cursor);
  }

  private void enqueue(Cursor cursor) {
    if (!cursor.isReady) {
      cursor.isReady = true;
      ready.add(cursor);
    }
  }

  /// Emits when there is demand and something to emit. A failure needs no demand.
  private void emit() {
    try {
      while (isAvailable(out) || current == null) {
        if (current == null && !openNext()) {
          break;
        }
        if (!isAvailable(out)) {
          break;
        }
        T element = elements == null ? null : elements.next();
        if (element == null) {
          endBatch();
        } else {
          push(out, element);
        }
      }
    } catch (ConsumerException e) {
      failStage(e);
      return;
    }
    startReads();
  }

  /// Opens the next batch of the next cursor; false when there is none, or when a failure's turn
  /// has come.
  private boolean openNext() {
    Cursor next = ready.poll();
    if (next == null) {
      return false;
    }
    PartitionReader.Batch batch = next.batches.peek();
    if (batch == null) {
      if (next.failure != null) {
        throw next.failure;
      }
      throw new IllegalStateException("a cursor without a batch was ready: " + next.assigned);
    }
    current = next;
    elements = decoder.open(next.assigned.name(), batch.bytes(), batch.fromOffset());
    return true;
  }

  private void endBatch() {
    Cursor ended = current;
    current = null;
    elements = null;
    if (ended != null) {
      bufferedBytes -= ended.batches.remove().sizeBytes();
      ended.isReady = false;
      if (!ended.batches.isEmpty() || ended.failure != null) {
        enqueue(ended);
      }
      startReads();
    }
  }
}
