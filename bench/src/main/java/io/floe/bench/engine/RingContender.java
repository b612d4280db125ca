package io.floe.bench.engine;

import io.floe.storage.io.AlignedMemory;
import io.floe.storage.io.StorageFile;
import io.floe.storage.io.StorageIo;
import io.floe.storage.io.uring.UringIo;
import io.floe.storage.io.uring.UringUnavailableException;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.locks.LockSupport;
import org.HdrHistogram.Histogram;
import org.agrona.concurrent.ManyToOneConcurrentArrayQueue;
import org.jspecify.annotations.Nullable;

/// The limit: the same batches go to the same number of files by the same group commit, and nothing
/// else is done. No tail journal, no offsets, no checksums, no index, no cache.
///
/// A group takes what writers have appended, writes the touched blocks of each file directly and in
/// parallel into a file that was written before, waits for all, and then syncs each touched file
/// once. The last block of a file is written again with the next group.
///
/// Fed, the batches come from the same writers as the store's, and each is woken by its ack. Bare,
/// the ring's own thread makes [Workload#WRITERS] batches for each group and nobody is woken: what
/// the disk and the kernel can do, whoever asks.
final class RingContender implements Contender {
  static final String BARE = "bare ring loop";
  static final String FED = "ring loop fed by the writers";

  private static final long FILE_BYTES = 64L << 20;
  private static final int STAGING_BYTES = 64 << 10;
  private static final int BLOCK_BYTES = AlignedMemory.ALIGNMENT_BYTES;
  private static final long REAP_NANOS = 1_000_000_000L;
  private static final int DEPTH = 256;

  private final StorageIo io;
  private final boolean isFed;
  private final Arena arena = Arena.ofShared();
  private final List<Lane> lanes = new ArrayList<>();
  private final ExecutorService ring =
      Executors.newSingleThreadExecutor(Thread.ofPlatform().name("bare-ring").factory());
  private final ManyToOneConcurrentArrayQueue<Request> requests =
      new ManyToOneConcurrentArrayQueue<>(4 * Workload.WRITERS);
  private final MemorySegment batch;
  private @Nullable Thread ringThread;
  private volatile boolean isParked;
  private volatile boolean isStopping;
  private int failed;

  private record Request(int writer, AckQueue.Ack ack) {}

  private RingContender(StorageIo io, boolean isFed) {
    this.io = io;
    this.isFed = isFed;
    ByteBuffer bytes = Workload.batch();
    batch = arena.allocate(bytes.remaining());
    batch.copyFrom(MemorySegment.ofBuffer(bytes));
  }

  static RingContender open(Path directory, boolean isFed)
      throws IOException, InterruptedException, UringUnavailableException {
    RingContender contender = new RingContender(UringIo.create(DEPTH), isFed);
    contender.onRing(
        () -> {
          for (int i = 0; i < Workload.WRITERS; i++) {
            contender.lanes.add(contender.prewritten(directory.resolve("lane-" + i)));
          }
          return null;
        });
    return contender;
  }

  /// The thread that made the first transfer owns the ring: everything runs there.
  private <T> T onRing(java.util.concurrent.Callable<T> work)
      throws IOException, InterruptedException {
    return result(ring.submit(work));
  }

  private static <T> T result(Future<T> work) throws IOException, InterruptedException {
    try {
      return work.get();
    } catch (ExecutionException e) {
      throw new IOException("ring loop: " + e.getCause(), e);
    }
  }

  private Lane prewritten(Path path) throws IOException {
    StorageFile file = io.open(path, StorageIo.Mode.CREATE, true);
    int chunkBytes = 1 << 20;
    try (Arena temporary = Arena.ofShared()) {
      MemorySegment zeros = AlignedMemory.allocate(temporary, chunkBytes);
      for (long position = 0; position < FILE_BYTES; position += chunkBytes) {
        io.write(file, position, zeros, 0);
        reapAll(1);
      }
      io.sync(file, 0);
      reapAll(1);
    }
    return new Lane(file, AlignedMemory.allocate(arena, STAGING_BYTES));
  }

  @Override
  public String name() {
    return isFed ? FED : BARE;
  }

  @Override
  public Result run(int laneCount, Window window) throws IOException, InterruptedException {
    List<Lane> used = lanes.subList(0, laneCount);
    if (!isFed) {
      return onRing(() -> runBare(used, window));
    }
    isStopping = false;
    Future<Void> serving = ring.submit(() -> serve(used));
    try {
      return Writers.run(
          window, Thread.ofVirtual().name("writer-", 0).factory(), this::appendAndWait);
    } finally {
      isStopping = true;
      wake();
      result(serving);
    }
  }

  private void appendAndWait(int writer) {
    AckQueue.Ack ack = AckQueue.Ack.of(0);
    requests.add(new Request(writer, ack));
    wake();
    ack.await();
  }

  private void wake() {
    Thread thread = ringThread;
    if (isParked && thread != null) {
      isParked = false;
      LockSupport.unpark(thread);
    }
  }

  /// Groups of whatever writers have appended meanwhile.
  private @Nullable Void serve(List<Lane> used) {
    ringThread = Thread.currentThread();
    List<Request> group = new ArrayList<>();
    while (true) {
      requests.drainTo(group, Workload.WRITERS);
      if (!group.isEmpty()) {
        for (Request request : group) {
          used.get(request.writer % used.size()).add(batch);
        }
        commit(used);
        for (Request request : group) {
          request.ack.complete();
        }
        group.clear();
      } else if (isStopping) {
        return null;
      } else {
        park();
      }
    }
  }

  private void park() {
    isParked = true;
    if (requests.isEmpty() && !isStopping) {
      LockSupport.park(this);
    }
    isParked = false;
  }

  /// Groups of one batch from each writer.
  private Result runBare(List<Lane> used, Window window) {
    Histogram latency = new Histogram(3);
    long beganNanos = System.nanoTime();
    long now = 0;
    while (now < window.leadNanos() + window.lengthNanos()) {
      for (int writer = 0; writer < Workload.WRITERS; writer++) {
        used.get(writer % used.size()).add(batch);
      }
      commit(used);
      long after = System.nanoTime() - beganNanos;
      if (after >= window.leadNanos() && after < window.leadNanos() + window.lengthNanos()) {
        latency.recordValueWithCount(after - now, Workload.WRITERS);
      }
      now = after;
    }
    return new Result(window.lengthNanos(), latency);
  }

  private void commit(List<Lane> used) {
    int touched = 0;
    for (Lane lane : used) {
      if (lane.isTouched()) {
        io.write(lane.file, lane.blockPosition, lane.blocks(), 0);
        touched++;
      }
    }
    reapAll(touched);
    for (Lane lane : used) {
      if (lane.isTouched()) {
        io.sync(lane.file, 0);
        lane.next();
      }
    }
    reapAll(touched);
  }

  private void reapAll(int operations) {
    int left = operations;
    while (left > 0) {
      left -= io.reap(this::check, REAP_NANOS);
    }
    if (failed != 0) {
      throw new IllegalStateException("a transfer gave " + failed);
    }
  }

  private void check(long operation, int result) {
    if (result < 0) {
      failed = result;
    }
  }

  @Override
  public void close() throws IOException {
    ring.close();
    lanes.forEach(lane -> io.close(lane.file));
    io.close();
    arena.close();
  }

  /// One file and the blocks of it that are being filled.
  private static final class Lane {
    private final StorageFile file;
    private final MemorySegment staging;
    private long blockPosition;
    private int kept;
    private int filled;

    Lane(StorageFile file, MemorySegment staging) {
      this.file = file;
      this.staging = staging;
    }

    void add(MemorySegment batch) {
      MemorySegment.copy(batch, 0, staging, filled, batch.byteSize());
      filled += (int) batch.byteSize();
    }

    boolean isTouched() {
      return filled > kept;
    }

    MemorySegment blocks() {
      return staging.asSlice(0, AlignedMemory.roundUp(filled, BLOCK_BYTES));
    }

    /// Keeps the block that is not full, and begins the file again at its end.
    void next() {
      int full = (int) AlignedMemory.roundDown(filled, BLOCK_BYTES);
      kept = filled - full;
      MemorySegment.copy(staging, full, staging, 0, kept);
      filled = kept;
      blockPosition += full;
      if (blockPosition + STAGING_BYTES > FILE_BYTES) {
        blockPosition = 0;
      }
    }
  }
}
