package io.floe.storage;

import io.floe.model.SegmentId;
import io.floe.storage.io.AlignedMemory;
import io.floe.storage.io.StorageFile;
import io.floe.storage.io.StorageIo;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// The thread of a store that may block: it makes files ahead of need, opens and closes them,
/// seals, deletes and recycles. Nothing here is on the way of an append that finds its space ready.
///
/// Errors: no space is told to those who wait and tried again each [#RETRY_MILLIS]; any other
/// failure of the disk fails the store.
///
/// Thread-safety: [#prepare], [#submit] and [#stop] any thread; everything else is its own.
final class Housekeeping implements Runnable {
  /// The largest step by which a file grows.
  static final long GROW_BYTES_MAX = 16L << 20;

  /// First size of a file of which little is expected.
  static final long FIRST_BYTES = 16L << 10;

  /// First size of a hot segment's file when there is none to recycle.
  private static final long FIRST_HOT_BYTES = 1L << 20;

  private static final long RETRY_MILLIS = 200;
  private static final long IDLE_MILLIS = 1_000;
  private static final int BATCH = 256;
  private static final int ROOM_TRIES = 100;
  private static final long ROOM_PAUSE_NANOS = 2_000_000;
  private static final int JOURNAL_HEADROOM = 4;

  private static final Logger LOG = LoggerFactory.getLogger(Housekeeping.class);
  private static final Task NUDGE = () -> {};

  /// Something to do here.
  @FunctionalInterface
  interface Task {
    void run() throws StoreException, IOException;
  }

  private final StoreLayout layout;
  private final StoreSettings settings;
  private final StoreTuning tuning;
  private final StoreThread thread;
  private final Disk disk;
  private final TailJournal journal;
  private final Collection<SegmentTail> tails;
  private final Collection<?> unsealed;
  private final LinkedBlockingQueue<Task> tasks = new LinkedBlockingQueue<>();
  private final ConcurrentLinkedQueue<SegmentTail> toPrepare = new ConcurrentLinkedQueue<>();
  private final CompletableFuture<Void> ended = new CompletableFuture<>();

  private final Set<SegmentTail> withoutSpace = new LinkedHashSet<>();
  private final Set<Path> knownDirectories = new HashSet<>();
  private final ArrayDeque<Path> pool = new ArrayDeque<>();

  /// Files from the pool that are in use and still have their old name.
  private final Map<SegmentTail, Path> recycled = new HashMap<>();

  private long nextPoolNumber;
  private int openFiles;
  private long lastCoolNanos = System.nanoTime();
  private long lastRetryNanos = System.nanoTime();
  private volatile boolean isStopping;

  Housekeeping(
      StoreLayout layout,
      StoreSettings settings,
      StoreTuning tuning,
      StoreThread thread,
      Disk disk,
      TailJournal journal,
      Collection<SegmentTail> tails,
      Collection<?> unsealed) {
    this.layout = layout;
    this.settings = settings;
    this.tuning = tuning;
    this.thread = thread;
    this.disk = disk;
    this.journal = journal;
    this.tails = tails;
    this.unsealed = unsealed;
  }

  /// Asks for the file, or more of it, that a segment wants. Answered by [SegmentTail#tellSpace].
  void prepare(SegmentTail tail) {
    toPrepare.add(tail);
    tasks.add(NUDGE);
  }

  /// Runs a task in order with the others.
  CompletableFuture<Void> submit(Task task) {
    CompletableFuture<Void> done = new CompletableFuture<>();
    if (isStopping) {
      done.completeExceptionally(
          new StoreException(StoreException.Category.FAILED, "the store is closed"));
      return done;
    }
    tasks.add(
        () -> {
          try {
            task.run();
            done.complete(null);
          } catch (StoreException | IOException | RuntimeException e) {
            done.completeExceptionally(e);
          }
        });
    return done;
  }

  /// Ends after what is queued.
  CompletableFuture<Void> stop() {
    isStopping = true;
    tasks.add(NUDGE);
    return ended;
  }

  @Override
  public void run() {
    try {
      while (!isStopping || !tasks.isEmpty()) {
        Task task =
            tasks.poll(withoutSpace.isEmpty() ? IDLE_MILLIS : RETRY_MILLIS, TimeUnit.MILLISECONDS);
        work(task);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } finally {
      ended.complete(null);
    }
  }

  private void work(@Nullable Task task) {
    try {
      if (task != null) {
        task.run();
      }
      prepareAll(isRetryDue());
      coolIdle();
    } catch (StoreException | IOException | RuntimeException e) {
      if (thread.failure() == null) {
        thread.fail(
            new StoreException(
                StoreException.Category.FAILED, "background work failed: " + e.getMessage(), e));
      }
    }
  }

  /// By the clock: other work must not put off those that wait for space.
  private boolean isRetryDue() {
    long now = System.nanoTime();
    if (withoutSpace.isEmpty() || now - lastRetryNanos < RETRY_MILLIS * 1_000_000) {
      return false;
    }
    lastRetryNanos = now;
    return true;
  }

  // Preparing.

  private void prepareAll(boolean isRetry) throws StoreException, IOException {
    List<SegmentTail> batch = new ArrayList<>();
    if (isRetry) {
      batch.addAll(withoutSpace);
    }
    SegmentTail next;
    // Each takes two files for a moment: a batch must not be much against what may be open.
    int most = Math.clamp(settings.openFilesMax() / 8, 1, BATCH);
    while (batch.size() < most && (next = toPrepare.poll()) != null) {
      batch.add(next);
    }
    if (!batch.isEmpty() && !isStopping && thread.failure() == null) {
      prepareBatch(batch);
    }
  }

  /// One segment on its way through a batch.
  private static final class Preparation {
    final SegmentTail tail;
    final List<Disk.Pending> writes = new ArrayList<>();
    @Nullable StorageFile temporary;
    long allocated;
    boolean isRecycled;
    @Nullable StoreException problem;

    Preparation(SegmentTail tail) {
      this.tail = tail;
    }
  }

  /// Prepares many at once: their writes, their syncs and their directories go together.
  private void prepareBatch(List<SegmentTail> batch) throws StoreException, IOException {
    List<Preparation> preparations = new ArrayList<>();
    Set<Path> directories = new LinkedHashSet<>();
    StoreException journalProblem = growJournal(batch.size());
    for (SegmentTail tail : batch) {
      Preparation preparation = new Preparation(tail);
      preparations.add(preparation);
      preparation.problem = journalProblem;
      if (journalProblem == null) {
        attempt(preparation, this::begin);
      }
    }
    List<Disk.Pending> syncs = new ArrayList<>();
    for (Preparation preparation : preparations) {
      awaitWrites(preparation);
      StorageFile temporary = preparation.temporary;
      if (preparation.problem == null && temporary != null) {
        syncs.add(new Disk.Pending(temporary, 0, disk.startSync(temporary)));
      }
    }
    for (Disk.Pending sync : syncs) {
      Disk.check("sync", sync.file(), 0, Disk.await(sync.done()));
    }
    for (Preparation preparation : preparations) {
      attempt(preparation, p -> name(p, directories));
      if (preparation.isRecycled) {
        directories.add(layout.pool());
      }
    }
    for (Path directory : directories) {
      disk.syncDirectory(directory);
    }
    for (Preparation preparation : preparations) {
      end(preparation);
    }
  }

  /// A step that may find the disk full.
  @FunctionalInterface
  private interface Step {
    void run(Preparation preparation) throws StoreException, IOException;
  }

  private static void attempt(Preparation preparation, Step step)
      throws StoreException, IOException {
    if (preparation.problem != null) {
      return;
    }
    try {
      step.run(preparation);
    } catch (StoreException e) {
      if (e.category() != StoreException.Category.NO_SPACE) {
        throw e;
      }
      preparation.problem = e;
    }
  }

  private void begin(Preparation preparation) throws StoreException, IOException {
    SegmentTail tail = preparation.tail;
    switch (tail.state()) {
      case NEW -> beginNew(preparation);
      case WARM -> grow(preparation);
      case COLD -> wake(tail);
      case WAKING, CLOSED -> {
        // Nothing to prepare any more.
      }
    }
  }

  private void beginNew(Preparation preparation) throws StoreException, IOException {
    SegmentTail tail = preparation.tail;
    SegmentSpec spec = tail.spec();
    makeDirectory(layout.segmentDirectory(spec.id()));
    StorageFile file = tail.openFile();
    if (file == null) {
      makeRoomForFile();
      Path used = spec.isHot() ? pool.pollFirst() : null;
      if (used == null) {
        file = disk.openBlocks(layout.log(spec.id()), StorageIo.Mode.CREATE);
      } else {
        recycled.put(tail, used);
        file = disk.openBlocks(used, StorageIo.Mode.WRITE);
      }
      openFiles++;
      tail.opened(file);
    }
    long from = AlignedMemory.roundDown(Files.size(file.path()), Disk.BLOCK_BYTES);
    long first = spec.isHot() ? FIRST_HOT_BYTES : FIRST_BYTES;
    long to =
        Math.max(Math.max(from, first), AlignedMemory.roundUp(tail.wanted(), Disk.BLOCK_BYTES));
    if (to - from <= FIRST_BYTES) {
      // Not synced: the first group's sync covers it.
      if (to > from) {
        MemorySegment zeros = Disk.zeros(to - from);
        preparation.writes.add(
            new Disk.Pending(file, zeros.byteSize(), disk.startWrite(file, from, zeros)));
      }
    } else {
      disk.prewrite(file, from, to);
      disk.sync(file);
    }
    preparation.allocated = to;
    Path temporary = StoreLayout.temporary(layout.open(spec.id()));
    disk.delete(temporary);
    byte[] bytes = new SegmentDescriptor(spec, tail.producerTableAtBase()).encode();
    StorageFile descriptor = openSmall(temporary);
    preparation.temporary = descriptor;
    MemorySegment source = Disk.nativeCopy(bytes);
    preparation.writes.add(
        new Disk.Pending(descriptor, source.byteSize(), disk.startWrite(descriptor, 0, source)));
  }

  private StorageFile openSmall(Path path) throws StoreException {
    try {
      return disk.io().open(path, StorageIo.Mode.CREATE, false);
    } catch (IOException e) {
      throw Disk.failed("create", path, e);
    }
  }

  private void grow(Preparation preparation) throws StoreException {
    SegmentTail tail = preparation.tail;
    StorageFile file = tail.file();
    long from = tail.allocated();
    long step = Math.min(from, GROW_BYTES_MAX);
    long to =
        Math.max(
            from + AlignedMemory.roundUp(step, Disk.BLOCK_BYTES),
            AlignedMemory.roundUp(tail.wanted(), Disk.BLOCK_BYTES));
    disk.prewrite(file, from, to);
    // Synced here, so that the next commit does not pay for the new extents.
    disk.sync(file);
    preparation.allocated = to;
  }

  private void wake(SegmentTail tail) throws StoreException {
    makeRoomForFile();
    StorageFile file = disk.openBlocks(layout.log(tail.spec().id()), StorageIo.Mode.WRITE);
    openFiles++;
    MemorySegment block = AlignedMemory.allocate(Arena.ofAuto(), Disk.BLOCK_BYTES);
    long start = AlignedMemory.roundDown(tail.durablePosition(), Disk.BLOCK_BYTES);
    if (start < tail.durablePosition()) {
      disk.read(file, start, block);
    }
    if (!tail.wake(file, block)) {
      throw new StoreException(
          StoreException.Category.DAMAGED,
          file.path() + " at position " + start + " is not what was written");
    }
  }

  /// Also when something else found no space: a write that is left alone could come after the first
  /// batch and wipe it out.
  private static void awaitWrites(Preparation preparation) throws StoreException {
    for (Disk.Pending write : preparation.writes) {
      try {
        Disk.check("write", write.file(), write.sizeBytes(), Disk.await(write.done()));
      } catch (StoreException e) {
        if (e.category() != StoreException.Category.NO_SPACE) {
          throw e;
        }
        preparation.problem = e;
      }
    }
  }

  private void name(Preparation preparation, Set<Path> directories) throws StoreException {
    StorageFile temporary = preparation.temporary;
    if (temporary != null) {
      disk.io().close(temporary);
      preparation.temporary = null;
      SegmentId id = preparation.tail.spec().id();
      disk.rename(temporary.path(), layout.open(id));
      Path used = recycled.remove(preparation.tail);
      if (used != null) {
        // After the descriptor: the old batches in it must never stand there without one.
        disk.rename(used, layout.log(id));
        disk.io().close(preparation.tail.file());
        preparation.tail.opened(disk.openBlocks(layout.log(id), StorageIo.Mode.WRITE));
        preparation.isRecycled = true;
      }
      directories.add(layout.segmentDirectory(id));
    }
  }

  private void end(Preparation preparation) {
    SegmentTail tail = preparation.tail;
    StorageFile temporary = preparation.temporary;
    if (temporary != null) {
      disk.io().close(temporary);
    }
    StoreException problem = preparation.problem;
    if (problem != null) {
      if (withoutSpace.add(tail)) {
        LOG.atWarn()
            .addKeyValue("segment", tail.spec().id())
            .addKeyValue("cause", problem.getMessage())
            .log("no space: appends are refused until there is");
        tail.foundNoSpace();
        thread.execute(tail::tellSpace);
      }
      return;
    }
    if (withoutSpace.remove(tail)) {
      LOG.atInfo().addKeyValue("segment", tail.spec().id()).log("there is space again");
    }
    if (preparation.allocated > 0) {
      tail.prepared(preparation.allocated);
      thread.execute(tail::tellSpace);
    }
  }

  private void makeDirectory(Path directory) throws StoreException, IOException {
    if (!knownDirectories.contains(directory)) {
      if (!Files.isDirectory(directory)) {
        try {
          Files.createDirectories(directory);
        } catch (IOException e) {
          throw Disk.failed("create", directory, e);
        }
        disk.syncDirectory(layout.segments());
      }
      knownDirectories.add(directory);
    }
  }

  /// Keeps both journal files large enough that a switch always fits: one image of every segment,
  /// several times over.
  private @Nullable StoreException growJournal(int added) throws StoreException {
    long segments = unsealed.size() + (long) added;
    long carried =
        Math.min(segments, settings.openFilesMax()) * TailRecord.BYTES_MAX
            + segments * TailRecord.HEADER_BYTES;
    long needed =
        AlignedMemory.roundUp(
            carried / TailJournal.BLOCK_PAYLOAD_BYTES * TailJournal.BLOCK_BYTES * JOURNAL_HEADROOM,
            1 << 20);
    long capacity = journal.capacityBytes();
    if (needed <= capacity) {
      return null;
    }
    try {
      for (StorageFile file : journal.files()) {
        disk.prewrite(file, capacity, needed);
        disk.sync(file);
      }
    } catch (StoreException e) {
      if (e.category() != StoreException.Category.NO_SPACE) {
        throw e;
      }
      return e;
    }
    journal.capacityBytes(needed);
    return null;
  }

  // Open files.

  /// How long a segment has not been used.
  private record Unused(SegmentTail tail, long nanos) {}

  /// Files of segments with bytes in flight cannot be closed. When all are such, a moment's
  /// patience is what keeps a burst over all partitions from opening a file for each of them; only
  /// a moment, since a reservation that nobody uses could last for ever.
  private void makeRoomForFile() {
    int most = settings.openFilesMax();
    for (int i = 0; i < ROOM_TRIES && openFiles >= most && cool(most / 8 + 1, 0) == 0; i++) {
      LockSupport.parkNanos(ROOM_PAUSE_NANOS);
    }
  }

  private void coolIdle() {
    long now = System.nanoTime();
    if (now - lastCoolNanos > tuning.idleNanos() / 4) {
      lastCoolNanos = now;
      cool(Integer.MAX_VALUE, tuning.idleNanos());
    }
  }

  private int cool(int count, long idleNanos) {
    long now = System.nanoTime();
    // Read once: segments are used meanwhile, and an order that changes under the sort breaks it.
    List<Unused> longestFirst =
        tails.stream()
            .map(tail -> new Unused(tail, now - tail.lastUseNanos()))
            .filter(each -> each.nanos >= idleNanos)
            .sorted(Comparator.comparingLong(Unused::nanos).reversed())
            .toList();
    int cooled = 0;
    for (Unused each : longestFirst) {
      if (cooled == count) {
        break;
      }
      StorageFile file = each.tail.cool();
      if (file != null) {
        disk.io().close(file);
        openFiles--;
        cooled++;
      }
    }
    return cooled;
  }

  // Sealing and deleting.

  /// Waits until nothing of a segment is in flight and closes its file.
  void closeTail(SegmentTail tail) throws StoreException {
    while (!tail.close()) {
      StoreException failure = thread.failure();
      if (failure != null) {
        throw failure;
      }
      // A group takes about as long as a sync.
      LockSupport.parkNanos(100_000);
    }
    withoutSpace.remove(tail);
    StorageFile file = tail.takeFile();
    if (file != null) {
      disk.io().close(file);
      openFiles--;
    }
    Path unused = recycled.remove(tail);
    if (unused != null) {
      pool.addFirst(unused);
    }
  }

  /// Makes the footer durable; then the data file is cut to its length, the descriptor goes, and
  /// the journal forgets the segment. A crash in between leaves a footer, which is what counts.
  void saveFooter(SegmentFooter footer) throws StoreException, IOException {
    SegmentId id = footer.spec().id();
    disk.replace(layout.footer(id), footer.encode());
    disk.syncDirectory(layout.segmentDirectory(id));
    truncate(layout.log(id), footer.sizeBytes());
    disk.delete(layout.open(id));
    Disk.awaitValue(thread.release(id.value()));
  }

  /// Not synced: a file that is longer than its footer says is read no further.
  private static void truncate(Path log, long sizeBytes) throws IOException {
    try (FileChannel channel = FileChannel.open(log, StandardOpenOption.WRITE)) {
      if (channel.size() > sizeBytes) {
        channel.truncate(sizeBytes);
      }
    }
  }

  /// Takes a segment's names away; its data file follows when no reader needs it. Until then a
  /// `.deleted` stands beside it: data without any other name would be taken for a segment that
  /// lost its footer.
  void deleteFiles(StoredSegment stored, boolean isRecorded) throws StoreException, IOException {
    SegmentId id = stored.id;
    if (isRecorded) {
      // First, or the next opening would miss the file that the journal speaks of.
      Disk.awaitValue(thread.release(id.value()));
    }
    boolean hasFooter = Files.exists(layout.footer(id));
    Path name = hasFooter ? layout.footer(id) : layout.open(id);
    if (Files.exists(name)) {
      disk.rename(name, layout.deleted(id));
    }
    disk.delete(layout.open(id));
    if (Files.isDirectory(layout.segmentDirectory(id))) {
      disk.syncDirectory(layout.segmentDirectory(id));
    }
    stored.delete(() -> tasks.add(() -> recycle(id, stored.path)));
  }

  private void recycle(SegmentId segment, Path log) throws StoreException, IOException {
    if (!Files.exists(log)) {
      disk.delete(layout.deleted(segment));
      return;
    }
    if (pool.size() < settings.poolFilesMax()
        && Files.size(log) >= settings.hotFileBytes() / 2
        && Files.size(log) <= settings.hotFileBytes() * 2) {
      Path recycled = layout.pool().resolve(nextPoolNumber++ + StoreLayout.LOG);
      disk.rename(log, recycled);
      disk.syncDirectory(layout.pool());
      disk.syncDirectory(layout.segmentDirectory(segment));
      pool.addLast(recycled);
    } else {
      disk.delete(log);
    }
    disk.delete(layout.deleted(segment));
  }

  /// Finds the files that earlier runs left to recycle. Before the thread starts.
  void findPool() throws StoreException, IOException {
    makeDirectory(layout.pool());
    try (Stream<Path> files = Files.list(layout.pool())) {
      for (Path file : files.sorted().toList()) {
        var number = StoreLayout.number(file.getFileName().toString(), StoreLayout.LOG);
        if (number.isPresent() && pool.size() < settings.poolFilesMax()) {
          pool.addLast(file);
          nextPoolNumber = Math.max(nextPoolNumber, number.getAsLong() + 1);
        } else {
          disk.delete(file);
        }
      }
    }
  }

  /// Closes what is open. After the thread ended.
  void closeFiles() {
    for (SegmentTail tail : tails) {
      StorageFile file = tail.takeFile();
      if (file != null) {
        disk.io().close(file);
      }
    }
  }
}
