package io.floe.actors.partition;

import io.floe.consensus.replication.core.ProducerTable;
import io.floe.model.SegmentId;
import io.floe.storage.SegmentStore;
import io.floe.storage.StoreException;
import java.io.IOException;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Writes the footers that a former life of the process left unwritten, one after another in the
/// background, while the node already serves.
///
/// Nothing depends on the footers but the next start, which would find the same segments again. The
/// producer tables that fall off on the way are what the writers of the successors start from.
///
/// Thread-safety: any thread.
public final class LeftOverSeals {
  private static final Logger log = LoggerFactory.getLogger(LeftOverSeals.class);

  private final SegmentStore store;
  private final Executor mayBlock;
  private final ProducerTables tables;

  /// @param mayBlock runs what reads the disk
  public LeftOverSeals(SegmentStore store, Executor mayBlock) {
    this.store = store;
    this.mayBlock = mayBlock;
    this.tables = new ProducerTables(store);
  }

  ProducerTables tables() {
    return tables;
  }

  /// Announces all and starts the work.
  public void start(List<LeftOvers.Finish> toFinish) {
    for (LeftOvers.Finish finish : toFinish) {
      var _ = tables.announce(finish.segment().spec().id());
    }
    mayBlock.execute(
        () -> {
          toFinish.forEach(this::finish);
          if (!toFinish.isEmpty()) {
            log.atInfo()
                .addKeyValue("segments", toFinish.size())
                .log("left-over segments have their footers");
          }
        });
  }

  private void finish(LeftOvers.Finish finish) {
    SegmentId id = finish.segment().spec().id();
    CompletableFuture<byte[]> announced = tables.announce(id);
    try {
      ProducerTable table =
          ProducerTables.replay(store.reads(), finish.segment(), finish.endOffset());
      byte[] encoded = table.encode();
      announced.complete(encoded);
      store.seal(id, finish.endOffset(), encoded).toCompletableFuture().join();
    } catch (StoreException | IOException | RuntimeException e) {
      announced.completeExceptionally(e);
      log.atError()
          .addKeyValue("segment", id)
          .addKeyValue("cause", e.toString())
          .log("a left-over segment could not be given its footer; the next start tries again");
    } finally {
      tables.forget(id);
    }
  }
}
