package io.floe.storage;

import io.floe.storage.io.Errno;
import io.floe.storage.io.StorageFile;
import io.floe.storage.io.StorageIo;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.VarHandle;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicLong;
import org.agrona.collections.Long2ObjectHashMap;
import org.agrona.concurrent.ManyToOneConcurrentLinkedQueue;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// The one thread of a store that transfers: it commits groups and carries out the transfers that
/// others ask for.
///
/// # Life of a group
///
/// 1. *Drain*: every segment that was appended to since the last group says how far it is staged.
/// 2. *Write*: in parallel, the touched blocks of each segment, straight from its chunks, and one
///    frame of the tail journal with a record for each.
/// 3. *Sync*: when all writes were reaped, one sync of the journal, and in parallel one of each
///    touched file that it does not cover (see [StorageFile#flushDomain()]).
/// 4. *Durable*: when all syncs were reaped, each segment's listener hears its new end.
///
/// Groups do not overlap: when a group's frame is written, every earlier group is durable. Recovery
/// relies on it (only the last group of the journal can be half there), and so does the rule that a
/// block has one write in flight. Appends that come meanwhile are the next group, so the busier the
/// store, the larger its groups. Writers that wait for their acks all come back at once, just after
/// a group; the first of them would get a group of its own and the others would wait for two. So a
/// group that follows another one closely waits a moment until as many bytes are there as that one
/// had.
///
/// Errors: a failed or short write or a failed sync of a group fails the store: nothing is
/// submitted afterwards, every listener hears it, and only a new opening helps.
///
/// Thread-safety: methods say whose they are.
final class StoreThread implements Runnable {
  private static final Logger LOG = LoggerFactory.getLogger(StoreThread.class);

  /// How long an idle thread waits when nobody wakes it: for ever would do, too.
  private static final long WAIT_NANOS = 1_000_000_000L;

  private static final long GROUP_OPERATION = 1L << 62;

  private static final long GATHER_NANOS_MAX = 100_000;
  private static final long GATHER_SHARE = 4;

  private enum Phase {
    IDLE,
    WRITING,
    SYNCING
  }

  /// A segment that the tail journal speaks of and whose record is carried to the next file.
  interface Journaled {
    /// Most bytes that its carried record takes.
    int carriedBytesMax();

    /// Puts the record of what is durable; nothing if there is none yet.
    void putCarried(ByteBuffer target);
  }

  private record Transfer(
      Kind kind,
      StorageFile file,
      long position,
      MemorySegment memory,
      CompletableFuture<Integer> done) {
    enum Kind {
      WRITE,
      READ,
      SYNC
    }
  }

  private record Release(long segment, CompletableFuture<Void> done) {}

  private final StorageIo io;
  private final long inflightBytesMax;
  private final ManyToOneConcurrentLinkedQueue<SegmentTail> dirty =
      new ManyToOneConcurrentLinkedQueue<>();
  private final ManyToOneConcurrentLinkedQueue<SegmentTail> waiting =
      new ManyToOneConcurrentLinkedQueue<>();
  private final ManyToOneConcurrentLinkedQueue<Transfer> transfers =
      new ManyToOneConcurrentLinkedQueue<>();
  private final ManyToOneConcurrentLinkedQueue<Release> releases =
      new ManyToOneConcurrentLinkedQueue<>();
  private final ManyToOneConcurrentLinkedQueue<Runnable> tasks =
      new ManyToOneConcurrentLinkedQueue<>();
  private final AtomicLong inflightBytes = new AtomicLong();
  private final CompletableFuture<Void> ended = new CompletableFuture<>();
  private final Long2ObjectHashMap<Transfer> running = new Long2ObjectHashMap<>();
  private final StorageIo.Completion completion = this::onComplete;

  private volatile boolean isParked;
  private volatile boolean isParkedIdle;
  private volatile boolean isStopping;
  private volatile @Nullable StoreException failure;
  private @Nullable TailJournal journal;
  private Iterable<? extends Journaled> unsealed = List.of();
  private Runnable onFailure = () -> {};

  private Phase phase = Phase.IDLE;
  private final List<SegmentTail> group = new ArrayList<>();
  private final List<Release> groupReleases = new ArrayList<>();
  private final List<StorageFile> groupFiles = new ArrayList<>();
  private final List<Transfer> groupWrites = new ArrayList<>();
  private int groupNext;
  private int groupInFlight;
  private int inFlight;
  private long frameBytes;
  private long groupStartNanos;
  private long gatherUntilNanos = System.nanoTime();
  private long lastGroupBytes;
  private long nextTransfer;

  StoreThread(StorageIo io, long inflightBytesMax) {
    this.io = io;
    this.inflightBytesMax = inflightBytesMax;
  }

  /// Gives the thread what a recovered store has. Before that it only transfers. Any thread, once,
  /// before the first append.
  void adopt(TailJournal journal, Iterable<? extends Journaled> unsealed, Runnable onFailure) {
    execute(
        () -> {
          this.journal = journal;
          this.unsealed = unsealed;
          this.onFailure = onFailure;
        });
  }

  // Any thread.

  @Nullable StoreException failure() {
    return failure;
  }

  /// Queues a segment for the next group.
  void markDirty(SegmentTail tail) {
    dirty.offer(tail);
    // The queue's write must be seen before the flag is read, else both sides may sleep.
    VarHandle.fullFence();
    if (isParkedIdle) {
      isParkedIdle = false;
      io.wake();
    }
  }

  /// Counts appended bytes.
  void appended(int sizeBytes) {
    inflightBytes.addAndGet(sizeBytes);
  }

  /// Whether so many more bytes may be in flight; a batch larger than the bound goes alone.
  boolean admits(int sizeBytes) {
    long now = inflightBytes.get();
    return now == 0 || now + sizeBytes <= inflightBytesMax;
  }

  /// Asks to be told when bytes in flight became durable.
  void awaitInflight(SegmentTail tail) {
    waiting.offer(tail);
  }

  CompletableFuture<Integer> write(StorageFile file, long position, MemorySegment source) {
    return transfer(
        new Transfer(Transfer.Kind.WRITE, file, position, source, new CompletableFuture<>()));
  }

  CompletableFuture<Integer> read(StorageFile file, long position, MemorySegment target) {
    return transfer(
        new Transfer(Transfer.Kind.READ, file, position, target, new CompletableFuture<>()));
  }

  CompletableFuture<Integer> sync(StorageFile file) {
    return transfer(
        new Transfer(Transfer.Kind.SYNC, file, 0, MemorySegment.NULL, new CompletableFuture<>()));
  }

  private CompletableFuture<Integer> transfer(Transfer transfer) {
    transfers.offer(transfer);
    wakeUp();
    return transfer.done;
  }

  /// Records durably that the journal speaks no longer of a segment.
  CompletableFuture<Void> release(long segment) {
    Release release = new Release(segment, new CompletableFuture<>());
    releases.offer(release);
    wakeUp();
    return release.done;
  }

  /// Runs something on the store's thread.
  void execute(Runnable task) {
    tasks.offer(task);
    wakeUp();
  }

  /// Finishes what is queued and in flight, closes the I/O and ends.
  CompletableFuture<Void> stop() {
    isStopping = true;
    wakeUp();
    return ended;
  }

  private void wakeUp() {
    VarHandle.fullFence();
    if (isParked) {
      io.wake();
    }
  }

  /// Fails the store. Any thread.
  void fail(StoreException cause) {
    execute(() -> failNow(cause));
  }

  // The store's thread.

  @Override
  public void run() {
    try {
      while (!isDone()) {
        runTasks();
        startTransfers();
        if (phase == Phase.IDLE) {
          startGroup();
        }
        submitGroup();
        await();
        advance();
      }
      io.close();
    } catch (RuntimeException | Error e) {
      LOG.atError().setCause(e).log("store thread failed");
      failNow(
          new StoreException(StoreException.Category.FAILED, "the store's thread failed: " + e, e));
      drainFailed();
      if (e instanceof Error error) {
        throw error;
      }
    } finally {
      ended.complete(null);
      refuseTransfers();
    }
  }

  /// Nobody carries these out any more, and somebody may wait for them.
  private void refuseTransfers() {
    StoreException failed = failure;
    StoreException cause =
        failed != null
            ? failed
            : new StoreException(StoreException.Category.FAILED, "the store is closed");
    Transfer transfer;
    while ((transfer = transfers.poll()) != null) {
      transfer.done.completeExceptionally(cause);
    }
    running.values().forEach(each -> each.done.completeExceptionally(cause));
    running.clear();
    Release release;
    while ((release = releases.poll()) != null) {
      release.done.completeExceptionally(cause);
    }
  }

  private boolean isDone() {
    return isStopping
        && phase == Phase.IDLE
        && inFlight == 0
        && transfers.isEmpty()
        && tasks.isEmpty()
        && (failure != null || (dirty.isEmpty() && releases.isEmpty()));
  }

  private void runTasks() {
    Runnable task;
    while ((task = tasks.poll()) != null) {
      task.run();
    }
  }

  private void startTransfers() {
    // Half of the depth belongs to groups: growing a file must not keep a commit waiting.
    int limit = Math.max(1, io.depth() / 2);
    while (running.size() < limit && inFlight < io.depth()) {
      Transfer transfer = transfers.poll();
      if (transfer == null) {
        return;
      }
      StoreException failed = failure;
      if (failed != null && transfer.kind != Transfer.Kind.READ) {
        transfer.done.completeExceptionally(failed);
        continue;
      }
      long operation = nextTransfer++;
      running.put(operation, transfer);
      submit(transfer, operation);
    }
  }

  private void submit(Transfer transfer, long operation) {
    inFlight++;
    switch (transfer.kind) {
      case WRITE -> io.write(transfer.file, transfer.position, transfer.memory, operation);
      case READ -> io.read(transfer.file, transfer.position, transfer.memory, operation);
      case SYNC -> io.sync(transfer.file, operation);
    }
  }

  private void startGroup() {
    TailJournal journal = this.journal;
    // Also those that came after the failure: somebody waits for each.
    drainFailed();
    if (failure != null || journal == null || (dirty.isEmpty() && releases.isEmpty())) {
      return;
    }
    gather();
    groupStartNanos = System.nanoTime();
    long recordBytes = 0;
    SegmentTail tail;
    while ((tail = dirty.poll()) != null) {
      if (tail.beginGroup()) {
        group.add(tail);
        recordBytes += tail.recordBytes();
      }
    }
    Release release;
    while ((release = releases.poll()) != null) {
      groupReleases.add(release);
      recordBytes += TailRecord.RELEASED_BYTES;
    }
    if (group.isEmpty() && groupReleases.isEmpty()) {
      return;
    }
    if (!journal.fits(recordBytes)) {
      journal.switchFiles();
    }
    ByteBuffer records = journal.begin(recordBytes);
    if (journal.isFirst()) {
      for (Journaled each : unsealed) {
        records = journal.room(each.carriedBytesMax() + recordBytes);
        each.putCarried(records);
      }
    }
    for (Release each : groupReleases) {
      TailRecord.putReleased(records, each.segment);
    }
    StorageFile journalFile = journal.activeFile();
    for (SegmentTail each : group) {
      each.putRecord(records);
      each.addWrites(this);
      if (each.mustSyncApartFrom(journalFile)) {
        groupFiles.add(each.file());
      }
    }
    MemorySegment frame = journal.seal();
    frameBytes = frame.byteSize();
    addWrite(journalFile, journal.framePosition(), frame);
    groupFiles.add(journalFile);
    groupNext = 0;
    phase = Phase.WRITING;
  }

  /// Waits for the writers that the last group has woken, a quarter of that group's time at most.
  @SuppressWarnings("ThreadPriorityCheck") // A hint is all that is wanted: they need a core.
  private void gather() {
    while (inflightBytes.get() < lastGroupBytes && System.nanoTime() - gatherUntilNanos < 0) {
      Thread.yield();
    }
  }

  /// Adds one write to the group; called back by [SegmentTail#addWrites].
  void addWrite(StorageFile file, long position, MemorySegment source) {
    groupWrites.add(new Transfer(Transfer.Kind.WRITE, file, position, source, NOBODY));
  }

  private static final CompletableFuture<Integer> NOBODY = new CompletableFuture<>();

  private void submitGroup() {
    if (failure != null) {
      return;
    }
    if (phase == Phase.WRITING) {
      while (groupNext < groupWrites.size() && inFlight < io.depth()) {
        submit(groupWrites.get(groupNext), GROUP_OPERATION | groupNext);
        groupNext++;
        groupInFlight++;
      }
    } else if (phase == Phase.SYNCING) {
      while (groupNext < groupFiles.size() && inFlight < io.depth()) {
        inFlight++;
        io.sync(groupFiles.get(groupNext), GROUP_OPERATION | groupNext);
        groupNext++;
        groupInFlight++;
      }
    }
  }

  private void await() {
    boolean mayStart = phase == Phase.IDLE && failure == null && journal != null;
    isParkedIdle = mayStart;
    isParked = true;
    boolean hasWork =
        !tasks.isEmpty()
            || (!transfers.isEmpty() && running.isEmpty())
            || (mayStart && (!dirty.isEmpty() || !releases.isEmpty()))
            || isDone();
    io.reap(completion, hasWork ? 0 : WAIT_NANOS, Math.max(1, groupInFlight));
    isParked = false;
    isParkedIdle = false;
  }

  private void onComplete(long operation, int result) {
    inFlight--;
    if ((operation & GROUP_OPERATION) == 0) {
      Transfer transfer = running.remove(operation);
      if (transfer != null) {
        onTransferred(transfer, result);
      }
      return;
    }
    groupInFlight--;
    int number = (int) operation;
    if (phase == Phase.SYNCING) {
      if (result < 0) {
        failNow(failed("sync", groupFiles.get(number), 0, result));
      }
      return;
    }
    Transfer write = groupWrites.get(number);
    if (result != write.memory.byteSize()) {
      failNow(failed("write", write.file, write.position, result));
    }
  }

  private void onTransferred(Transfer transfer, int result) {
    if (transfer.kind == Transfer.Kind.SYNC && result < 0) {
      // A sync that failed may have dropped dirty pages: it must never be tried again.
      failNow(failed("sync", transfer.file, 0, result));
    }
    transfer.done.complete(result);
  }

  private static StoreException failed(String what, StorageFile file, long position, int result) {
    return new StoreException(
        StoreException.Category.FAILED,
        what
            + " of "
            + file.path()
            + (position > 0 ? " at position " + position : "")
            + " failed: "
            + (result >= 0 ? "short, " : "")
            + Errno.describe(result)
            + "; the store takes nothing until it is opened again");
  }

  private void advance() {
    if (phase == Phase.IDLE || groupInFlight > 0) {
      return;
    }
    if (failure != null) {
      endGroup();
      return;
    }
    if (phase == Phase.WRITING && groupNext == groupWrites.size()) {
      phase = Phase.SYNCING;
      groupNext = 0;
      submitGroup();
    } else if (phase == Phase.SYNCING && groupNext == groupFiles.size()) {
      finishGroup();
    }
  }

  private void finishGroup() {
    if (journal != null) {
      journal.written(frameBytes);
    }
    long durableBytes = 0;
    for (SegmentTail tail : group) {
      durableBytes += tail.endGroup();
    }
    inflightBytes.addAndGet(-durableBytes);
    lastGroupBytes = durableBytes;
    long now = System.nanoTime();
    gatherUntilNanos = now + Math.min((now - groupStartNanos) / GATHER_SHARE, GATHER_NANOS_MAX);
    for (Release release : groupReleases) {
      release.done.complete(null);
    }
    groupReleases.clear();
    endGroup();
    // Only half full again, so that a waiter does not come back for one batch each time.
    if (inflightBytes.get() <= inflightBytesMax / 2) {
      SegmentTail tail;
      while ((tail = waiting.poll()) != null) {
        tail.tellSpace();
      }
    }
  }

  private void endGroup() {
    group.clear();
    groupWrites.clear();
    groupFiles.clear();
    phase = Phase.IDLE;
  }

  private void failNow(StoreException cause) {
    if (failure != null) {
      return;
    }
    failure = cause;
    LOG.atError().addKeyValue("cause", cause.getMessage()).log("store failed");
    onFailure.run();
    drainFailed();
  }

  private void drainFailed() {
    StoreException cause = failure;
    if (cause == null) {
      return;
    }
    for (Release release : groupReleases) {
      release.done.completeExceptionally(cause);
    }
    groupReleases.clear();
    Release release;
    while ((release = releases.poll()) != null) {
      release.done.completeExceptionally(cause);
    }
  }
}
