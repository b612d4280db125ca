package io.floe.actors.partition;

import io.floe.consensus.replication.core.LeftOvers;
import io.floe.consensus.replication.core.ProducerTable;
import io.floe.model.SegmentId;
import io.floe.storage.RecoveredSegment;
import io.floe.storage.SegmentStore;
import io.floe.storage.StoreException;
import java.util.HashMap;
import java.util.Iterator;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Writes the footers of sealed segments and deletes segments, in the background: those that this
/// life of the process rolls, and those that a former life left without a footer, one after
/// another.
///
/// Nothing waits for a footer but the next start, which would find the same segments again. So a
/// full disk is no reason to stop: the footer is tried again until there is space.
///
/// Thread-safety: any thread.
public final class Footers {
  private static final Logger LOG = LoggerFactory.getLogger(Footers.class);
  private static final long RETRY_SECONDS = 1;

  private final SegmentStore store;
  private final Executor mayBlock;
  private final Executor later;
  private final Consumer<Throwable> onFatal;
  private final ProducerTables tables;
  private volatile boolean isStopped;

  /// @param mayBlock runs what reads the disk
  /// @param onFatal called when the store failed
  public Footers(SegmentStore store, Executor mayBlock, Consumer<Throwable> onFatal) {
    this.store = store;
    this.mayBlock = mayBlock;
    this.later = CompletableFuture.delayedExecutor(RETRY_SECONDS, TimeUnit.SECONDS, mayBlock);
    this.onFatal = onFatal;
    this.tables = new ProducerTables(store, mayBlock);
  }

  ProducerTables tables() {
    return tables;
  }

  /// Leaves the rest to the next start: the store is about to be closed.
  public void stop() {
    isStopped = true;
  }

  /// Writes a footer. What keeps it from that for good is fatal for the node.
  void write(SegmentId segment, long endOffset, byte[] producerTable) {
    var _ =
        sealed(segment, endOffset, producerTable)
            .whenComplete(
                (done, failure) -> {
                  if (failure != null) {
                    onFatal.accept(cause(failure));
                  }
                });
  }

  void delete(SegmentId segment) {
    var _ =
        store
            .delete(segment)
            .whenComplete(
                (done, failure) -> {
                  if (failure != null) {
                    // The metadata does not list it any more: the next start deletes it.
                    LOG.atWarn()
                        .addKeyValue("segment", segment)
                        .addKeyValue("cause", cause(failure).toString())
                        .log("segment not deleted yet");
                  }
                });
  }

  /// Deletes what no partition lists, and writes the footers that are missing.
  public void settle(LeftOvers leftOvers) {
    leftOvers.toDelete().forEach(this::delete);
    if (!leftOvers.toFinish().isEmpty()) {
      Map<SegmentId, byte[]> tablesAtBase = new HashMap<>();
      for (RecoveredSegment recovered : store.recovered()) {
        tablesAtBase.put(recovered.spec().id(), recovered.producerTableAtBase());
      }
      leftOvers
          .toFinish()
          .forEach(
              finish ->
                  tables.add(finish, Objects.requireNonNull(tablesAtBase.get(finish.segment()))));
      Iterator<LeftOvers.Finish> left = leftOvers.toFinish().iterator();
      mayBlock.execute(() -> finishNext(left, leftOvers.toFinish().size()));
    }
  }

  private void finishNext(Iterator<LeftOvers.Finish> left, int count) {
    if (isStopped) {
      return;
    }
    if (!left.hasNext()) {
      LOG.atInfo().addKeyValue("segments", count).log("left-over segments have their footers");
      return;
    }
    LeftOvers.Finish finish = left.next();
    SegmentId segment = finish.segment();
    var _ =
        tableAtEnd(finish)
            .thenCompose(table -> sealed(segment, finish.endOffset(), table.encode()))
            .whenCompleteAsync(
                (done, failure) -> {
                  if (failure == null) {
                    tables.remove(segment);
                  } else if (!isStopped) {
                    LOG.atError()
                        .addKeyValue("segment", segment)
                        .addKeyValue("cause", cause(failure).toString())
                        .log("left-over segment has no footer yet; the next start tries again");
                  }
                  finishNext(left, count);
                },
                mayBlock);
  }

  private CompletionStage<ProducerTable> tableAtEnd(LeftOvers.Finish finish) {
    try {
      return CompletableFuture.completedFuture(tables.atEnd(finish.chain(), finish.index()));
    } catch (StoreException e) {
      return CompletableFuture.failedFuture(e);
    }
  }

  /// Seals, as often as the disk is full.
  private CompletionStage<@Nullable Void> sealed(SegmentId segment, long endOffset, byte[] table) {
    return store
        .seal(segment, endOffset, table)
        .<CompletionStage<@Nullable Void>>handle(
            (done, failure) -> {
              if (failure == null) {
                return CompletableFuture.completedFuture(null);
              }
              if (isStopped
                  || !(cause(failure) instanceof StoreException e)
                  || e.category() != StoreException.Category.NO_SPACE) {
                return CompletableFuture.failedFuture(failure);
              }
              LOG.atWarn()
                  .addKeyValue("segment", segment)
                  .addKeyValue("cause", e.getMessage())
                  .log("no space for a footer: tried again");
              return CompletableFuture.supplyAsync(() -> segment, later)
                  .thenCompose(again -> sealed(again, endOffset, table));
            })
        .thenCompose(stage -> stage);
  }

  private static Throwable cause(Throwable failure) {
    Throwable cause = failure;
    while (cause instanceof CompletionException && cause.getCause() != null) {
      cause = cause.getCause();
    }
    return cause;
  }
}
