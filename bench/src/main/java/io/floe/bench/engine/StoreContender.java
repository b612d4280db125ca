package io.floe.bench.engine;

import io.floe.model.PartitionId;
import io.floe.model.SegmentId;
import io.floe.model.TopicId;
import io.floe.storage.DurabilityListener;
import io.floe.storage.OpenSegment;
import io.floe.storage.SegmentSpec;
import io.floe.storage.SegmentStore;
import io.floe.storage.StoreException;
import io.floe.storage.StoreSettings;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.CompletionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/// Floe's store with its default settings, but for the number of recycled files that it keeps: one
/// for each segment. They are filled before, as the ring's and RocksDB's are. Each run appends to
/// new segments that are deleted afterwards, so that the next run gets their files again.
///
/// Writers are virtual threads: like the actors of a node they cost no system call to wake.
final class StoreContender implements Contender {
  private static final byte[] NO_PRODUCERS = {};
  private static final long SPACE_WAIT_SECONDS = 30;
  private static final int FILL_BYTES = 1 << 20;

  private final String name;
  private final SegmentStore store;
  private final AckWaker waker = new AckWaker();
  private long segments;

  private StoreContender(String name, SegmentStore store) {
    this.name = name;
    this.store = store;
  }

  static StoreContender open(Path directory, StoreSettings.Io io) throws IOException {
    StoreSettings defaults = StoreSettings.of(directory);
    StoreSettings settings =
        new StoreSettings(
            directory,
            io,
            defaults.inflightBytesMax(),
            defaults.tailCacheBytes(),
            defaults.openFilesMax(),
            defaults.indexIntervalBytes(),
            defaults.hotFileBytes(),
            Workload.WRITERS);
    try {
      SegmentStore store = SegmentStore.open(settings);
      StoreContender contender = new StoreContender("Floe store, " + store.ioName(), store);
      contender.fillPool(settings);
      return contender;
    } catch (StoreException e) {
      throw new IOException(e.getMessage(), e);
    }
  }

  /// Fills segments and deletes them.
  private void fillPool(StoreSettings settings) throws IOException {
    PartitionId partition = new PartitionId(new TopicId(UUID.randomUUID()), 0);
    ByteBuffer batch = Workload.batch(FILL_BYTES);
    List<Lane> lanes = new ArrayList<>();
    for (int i = 0; i < settings.poolFilesMax(); i++) {
      Lane lane = new Lane(store, waker, new SegmentId(++segments), partition);
      lanes.add(lane);
      try {
        for (long filled = 0; filled < settings.hotFileBytes(); filled += FILL_BYTES) {
          lane.appendAndWait(batch.duplicate());
        }
      } catch (StoreException e) {
        throw new IOException(e.getMessage(), e);
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        throw new IOException("interrupted", e);
      }
    }
    for (Lane lane : lanes) {
      lane.delete();
    }
  }

  @Override
  public String name() {
    return name;
  }

  @Override
  public Result run(int lanes, Window window) throws IOException, InterruptedException {
    List<Lane> open = new ArrayList<>();
    TopicId topic = new TopicId(UUID.randomUUID());
    for (int i = 0; i < lanes; i++) {
      open.add(new Lane(store, waker, new SegmentId(++segments), new PartitionId(topic, i)));
    }
    ByteBuffer batch = Workload.batch();
    try {
      return Writers.run(
          window,
          Thread.ofVirtual().name("writer-", 0).factory(),
          writer -> open.get(writer % lanes).appendAndWait(batch.duplicate()));
    } finally {
      for (Lane lane : open) {
        lane.delete();
      }
    }
  }

  @Override
  public void close() {
    waker.close();
    store.close();
  }

  /// One open segment and the writers that share it.
  private static final class Lane implements DurabilityListener {
    private final SegmentStore store;
    private final AckWaker waker;
    private final SegmentId id;
    private final OpenSegment segment;
    private final AckQueue acks = new AckQueue();
    private final ReentrantLock lock = new ReentrantLock();
    private final Condition space = lock.newCondition();
    private long spaceNews;
    private volatile @Nullable StoreException failure;

    Lane(SegmentStore store, AckWaker waker, SegmentId id, PartitionId partition) {
      this.store = store;
      this.waker = waker;
      this.id = id;
      this.segment = store.open(new SegmentSpec(id, partition, 0, 1, true), NO_PRODUCERS, this);
    }

    void appendAndWait(ByteBuffer batch) throws StoreException, InterruptedException {
      AckQueue.Ack ack;
      lock.lock();
      try {
        awaitSpace(batch.remaining());
        long offset = segment.endOffset();
        ack = acks.add(offset);
        segment.append(batch, offset);
      } finally {
        lock.unlock();
      }
      ack.await();
      failIfFailed();
    }

    private void awaitSpace(int sizeBytes) throws StoreException, InterruptedException {
      while (true) {
        // Before the question, so that an answer that comes at once is not missed.
        long seen = spaceNews;
        OpenSegment.Space answer = segment.reserve(sizeBytes);
        if (answer == OpenSegment.Space.READY) {
          return;
        }
        failIfFailed();
        if (answer != OpenSegment.Space.PREPARING) {
          throw new IllegalStateException("the store answers " + answer);
        }
        while (spaceNews == seen) {
          if (!space.await(SPACE_WAIT_SECONDS, TimeUnit.SECONDS)) {
            throw new IllegalStateException("no space news after " + SPACE_WAIT_SECONDS + " s");
          }
        }
      }
    }

    private void failIfFailed() throws StoreException {
      StoreException cause = failure;
      if (cause != null) {
        throw cause;
      }
    }

    /// Not sealed, which would cut the file to what was appended.
    void delete() throws IOException {
      try {
        store.delete(id).toCompletableFuture().join();
      } catch (CompletionException e) {
        throw new IOException("segment " + id + " cannot be deleted: " + e.getCause(), e);
      }
    }

    @Override
    public void onDurable(long endOffset) {
      waker.wake(acks, endOffset);
    }

    @Override
    public void onSpace() {
      // Waiting for the lock would stop the store; a virtual thread may wait.
      Thread.startVirtualThread(this::tellSpace);
    }

    private void tellSpace() {
      lock.lock();
      try {
        spaceNews++;
        space.signalAll();
      } finally {
        lock.unlock();
      }
    }

    @Override
    public void onFailed(StoreException cause) {
      failure = cause;
      waker.wake(acks, Long.MAX_VALUE);
      onSpace();
    }
  }
}
