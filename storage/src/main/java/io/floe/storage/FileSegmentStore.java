package io.floe.storage;

import io.floe.model.SegmentId;
import io.floe.model.StoreIncarnation;
import io.floe.storage.io.AlignedMemory;
import io.floe.storage.io.StorageFile;
import io.floe.storage.io.StorageIo;
import io.floe.storage.io.StorageIos;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.security.SecureRandom;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// The store of one data directory.
///
/// Two threads of its own: [StoreThread] transfers and commits, [Housekeeping] does what may block.
/// Writers copy into chunks on their own threads, readers read on theirs.
///
/// Thread-safety: any thread.
final class FileSegmentStore implements SegmentStore {
  private static final Logger LOG = LoggerFactory.getLogger(FileSegmentStore.class);

  private final StoreLayout layout;
  private final StoreSettings settings;
  private final FileChannel lockChannel;
  private final FileLock lock;
  private final StorageIo io;
  private final StoreThread thread;
  private final Thread threadOfStore;
  private final ChunkPool pool;
  private final Disk disk;
  private final Map<SegmentId, StoredSegment> stored = new ConcurrentSkipListMap<>();
  private final Map<SegmentId, SegmentTail> tails = new ConcurrentHashMap<>();
  private final Map<SegmentId, RecoveredTail> recoveredTails = new ConcurrentSkipListMap<>();
  private final Map<SegmentId, StoreThread.Journaled> unsealed = new ConcurrentSkipListMap<>();
  private final SegmentReader reader;

  private StoreIncarnation incarnation = new StoreIncarnation(0);
  private List<RecoveredSegment> recovered = List.of();
  private @Nullable Housekeeping housekeeping;

  /// Housekeeping's own.
  private final SortedMap<SegmentId, StoreMarks.Marks> marks = new TreeMap<>();

  /// Housekeeping's own: deletions that began and did not succeed.
  private final Set<SegmentId> halfDeleted = new HashSet<>();

  private volatile boolean isClosed;

  private FileSegmentStore(
      StoreLayout layout,
      StoreSettings settings,
      FileChannel lockChannel,
      FileLock lock,
      StorageIo io) {
    this.layout = layout;
    this.settings = settings;
    this.lockChannel = lockChannel;
    this.lock = lock;
    this.io = io;
    this.thread = new StoreThread(io, settings.inflightBytesMax());
    this.threadOfStore = Thread.ofPlatform().name("floe-store").daemon().unstarted(thread);
    this.pool = new ChunkPool(settings.tailCacheBytes());
    this.disk = new Disk(io, thread);
    this.reader =
        new SegmentReader(
            layout,
            stored::get,
            Math.max(16, settings.openFilesMax() / 2),
            settings.indexIntervalBytes());
  }

  /// How to get the door to the disk.
  @FunctionalInterface
  interface IoFactory {
    StorageIo open() throws StoreException;
  }

  static FileSegmentStore open(StoreSettings settings, StoreTuning tuning) throws StoreException {
    return open(settings, tuning, () -> StorageIos.open(settings.io(), tuning.ioDepth()));
  }

  static FileSegmentStore open(StoreSettings settings, StoreTuning tuning, IoFactory ioFactory)
      throws StoreException {
    StoreLayout layout = new StoreLayout(settings.directory());
    try {
      Files.createDirectories(layout.directory());
      FileChannel channel =
          FileChannel.open(layout.lock(), StandardOpenOption.CREATE, StandardOpenOption.WRITE);
      FileLock lock = lock(channel, layout);
      FileSegmentStore store =
          new FileSegmentStore(layout, settings, channel, lock, ioFactory.open());
      try {
        store.start(tuning);
      } catch (StoreException | IOException | RuntimeException e) {
        store.close();
        throw e;
      }
      return store;
    } catch (IOException e) {
      throw new StoreException(
          StoreException.Category.IO,
          "store " + layout.directory() + " cannot be opened: " + e.getMessage(),
          e);
    }
  }

  private static FileLock lock(FileChannel channel, StoreLayout layout)
      throws StoreException, IOException {
    FileLock lock = null;
    try {
      lock = channel.tryLock();
    } catch (OverlappingFileLockException e) {
      // This process has it: the same answer as for another one.
      LOG.atDebug().addKeyValue("path", layout.lock()).log("held by this process");
    }
    if (lock == null) {
      channel.close();
      throw new StoreException(
          StoreException.Category.LOCKED,
          "store " + layout.directory() + " is open in another process; stop that one first");
    }
    return lock;
  }

  private void start(StoreTuning tuning) throws StoreException, IOException {
    threadOfStore.start();
    if (!Files.exists(layout.meta())) {
      create(tuning);
    }
    incarnation = StoreMeta.decode(Files.readAllBytes(layout.meta()), layout.meta()).incarnation();
    StorageFile[] files = {openJournal(0), openJournal(1)};
    // A killed process may have left its last frame unsynced: what is read here must still be there
    // after a loss of power, or a segment would end before the end that was reported.
    disk.sync(files[0]);
    disk.sync(files[1]);
    ByteBuffer[] contents = {readWhole(files[0]), readWhole(files[1])};
    TailJournalReader journal = TailJournalReader.read(incarnation.value(), contents);
    StoreMarks oldMarks =
        Files.exists(layout.marks()) ? readMarks() : new StoreMarks(new TreeMap<>());
    StoreRecovery recovery =
        new StoreRecovery(layout, disk, pool, journal, oldMarks, settings.indexIntervalBytes());
    recovery.run();
    scrub(journal, files);
    adopt(recovery);
    long capacity = growJournals(files, contents, tuning);
    TailJournal tailJournal =
        new TailJournal(
            incarnation.value(),
            files,
            1 - journal.truth(),
            journal.generation() + 1,
            journal.lastGroup() + 1,
            capacity);
    Housekeeping keeper =
        new Housekeeping(
            layout, settings, tuning, thread, disk, tailJournal, tails.values(), unsealed.values());
    keeper.findPool();
    housekeeping = keeper;
    thread.adopt(tailJournal, unsealed.values(), this::tellFailed);
    Thread.ofPlatform().name("floe-store-keeper").daemon().start(keeper);
    LOG.atInfo()
        .addKeyValue("path", layout.directory())
        .addKeyValue("io", io.name())
        .addKeyValue("segments", stored.size())
        .addKeyValue("unsealed", recovered.size())
        .log("store is open");
  }

  /// Makes a store: everything else first, its identity last.
  private void create(StoreTuning tuning) throws StoreException, IOException {
    if (Files.isDirectory(layout.segments())) {
      try (Stream<Path> children = Files.list(layout.segments())) {
        if (children.findAny().isPresent()) {
          throw new StoreException(
              StoreException.Category.DAMAGED,
              layout.directory()
                  + " holds segments but no "
                  + layout.meta().getFileName()
                  + "; restore that file or move the directory away");
        }
      }
    }
    Files.createDirectories(layout.segments());
    Files.createDirectories(layout.pool());
    for (int i = 0; i < 2; i++) {
      StorageFile file = disk.openBlocks(layout.journal(i), StorageIo.Mode.CREATE);
      try {
        disk.prewrite(file, 0, AlignedMemory.roundUp(tuning.journalBytes(), Disk.BLOCK_BYTES));
        disk.sync(file);
      } finally {
        io.close(file);
      }
    }
    disk.syncDirectory(layout.directory());
    StoreIncarnation drawn = new StoreIncarnation(new SecureRandom().nextLong());
    disk.replace(layout.meta(), new StoreMeta(drawn).encode());
    disk.syncDirectory(layout.directory());
    LOG.atInfo()
        .addKeyValue("path", layout.directory())
        .addKeyValue("incarnation", drawn)
        .log("store created");
  }

  private StoreMarks readMarks() throws StoreException, IOException {
    try {
      return StoreMarks.decode(Files.readAllBytes(layout.marks()), layout.marks());
    } catch (StoreException e) {
      throw new StoreException(
          e.category(),
          e.getMessage()
              + ": which ranges are in doubt or damaged is unknown, and nothing here may count as"
              + " whole; restore that file, or move the directory away and let the others copy",
          e);
    }
  }

  private StorageFile openJournal(int number) throws StoreException {
    return disk.openBlocks(layout.journal(number), StorageIo.Mode.CREATE);
  }

  private ByteBuffer readWhole(StorageFile file) throws StoreException, IOException {
    long sizeBytes = AlignedMemory.roundDown(Files.size(file.path()), Disk.BLOCK_BYTES);
    if (sizeBytes == 0) {
      return ByteBuffer.allocate(0);
    }
    MemorySegment memory = AlignedMemory.allocate(Arena.ofAuto(), sizeBytes);
    disk.read(file, 0, memory);
    return memory.asByteBuffer();
  }

  /// Makes both files whole again if one is missing or was cut.
  private long growJournals(StorageFile[] files, ByteBuffer[] contents, StoreTuning tuning)
      throws StoreException {
    long capacity =
        Math.max(
            AlignedMemory.roundUp(tuning.journalBytes(), Disk.BLOCK_BYTES),
            Math.max(contents[0].capacity(), contents[1].capacity()));
    for (int i = 0; i < 2; i++) {
      if (contents[i].capacity() < capacity) {
        disk.prewrite(files[i], contents[i].capacity(), capacity);
        disk.sync(files[i]);
        disk.syncDirectory(layout.directory());
      }
    }
    return capacity;
  }

  /// Blanks blocks of the journal that a crash tore, now that what they put in doubt is marked: a
  /// later generation that ends before them must not take them for its own. In a damaged journal
  /// they stay: they are the evidence.
  private void scrub(TailJournalReader journal, StorageFile[] files) throws StoreException {
    if (journal.isDamaged()) {
      return;
    }
    for (int i = 0; i < files.length; i++) {
      List<Long> positions = journal.garbage(i);
      for (long position : positions) {
        disk.write(files[i], position, Disk.zeros(TailJournal.BLOCK_BYTES));
      }
      if (!positions.isEmpty()) {
        disk.sync(files[i]);
      }
    }
  }

  private void adopt(StoreRecovery recovery) {
    stored.putAll(recovery.sealed());
    marks.putAll(recovery.marks().bySegment());
    List<RecoveredSegment> found = new ArrayList<>();
    for (RecoveredTail tail : recovery.recovered()) {
      SegmentId id = tail.segment().spec().id();
      stored.put(id, tail.stored());
      recoveredTails.put(id, tail);
      unsealed.put(id, tail);
      found.add(tail.segment());
    }
    recovered = List.copyOf(found);
  }

  private void tellFailed() {
    StoreException cause = thread.failure();
    if (cause != null) {
      tails.values().forEach(tail -> tail.tellFailed(cause));
    }
  }

  private Housekeeping housekeeping() {
    Housekeeping running = housekeeping;
    if (running == null) {
      throw new IllegalStateException("store " + layout.directory() + " is not open");
    }
    return running;
  }

  @Override
  public StoreIncarnation incarnation() {
    return incarnation;
  }

  @Override
  public String ioName() {
    return io.name();
  }

  @Override
  public List<RecoveredSegment> recovered() {
    return recovered;
  }

  @Override
  public OpenSegment open(
      SegmentSpec spec, byte[] producerTableAtBase, DurabilityListener listener) {
    StoredSegment segment =
        new StoredSegment(spec.id(), layout.log(spec.id()), new TailCache(pool));
    if (stored.putIfAbsent(spec.id(), segment) != null) {
      throw new IllegalArgumentException("segment " + spec.id() + " is in the store already");
    }
    SegmentTail tail =
        new SegmentTail(
            spec,
            producerTableAtBase,
            listener,
            thread,
            housekeeping(),
            segment,
            settings.indexIntervalBytes());
    tails.put(spec.id(), tail);
    unsealed.put(spec.id(), tail);
    StoreException failure = thread.failure();
    if (failure != null) {
      tail.tellFailed(failure);
    }
    return tail;
  }

  @Override
  public CompletionStage<Void> seal(SegmentId segment, long endOffset, byte[] producerTable) {
    byte[] table = producerTable.clone();
    return housekeeping().submit(() -> sealNow(segment, endOffset, table));
  }

  private void sealNow(SegmentId id, long endOffset, byte[] table)
      throws StoreException, IOException {
    refuseFailed();
    StoredSegment segment = stored.get(id);
    if (segment == null) {
      // Sealed without a record before: it left nothing.
      return;
    }
    if (segment.isSealed()) {
      refuseOtherEnd(id, endOffset);
      return;
    }
    SegmentTail tail = tails.get(id);
    RecoveredTail known = recoveredTails.get(id);
    if (tail != null) {
      housekeeping().closeTail(tail);
    }
    long readable = segment.view().endOffset();
    if (endOffset > readable) {
      throw new StoreException(
          StoreException.Category.IO,
          "segment " + id + " cannot be sealed at " + endOffset + ": it ends at " + readable);
    }
    SegmentSpec spec;
    if (tail != null) {
      spec = tail.spec();
    } else if (known != null) {
      spec = known.segment().spec();
    } else {
      throw new IllegalStateException("segment " + id + " is neither open nor recovered");
    }
    if (endOffset == spec.baseOffset()) {
      remove(segment, isRecorded(tail, known));
      return;
    }
    SegmentFooter footer = footer(spec, known, endOffset, table);
    housekeeping().saveFooter(footer);
    if (marks.containsKey(id)) {
      // What was in doubt is decided by the end, once that is durable; what is damaged stays so
      // until it is copied.
      StoreMarks.Marks old = marks.get(id);
      saveMarks(
          id, new StoreMarks.Marks(new OffsetRange(0, 0), old == null ? List.of() : old.damaged()));
    }
    segment.show(spec.baseOffset(), endOffset, footer.sizeBytes(), footer.index());
    segment.becomeSealed();
    forget(id);
    // Only now: until then the journal may have to carry the image of the last block.
    segment.cache.becameFinal();
  }

  private static boolean isRecorded(@Nullable SegmentTail tail, @Nullable RecoveredTail known) {
    return (tail != null && tail.durablePosition() > 0) || (known != null && known.isRecorded());
  }

  private SegmentFooter footer(
      SegmentSpec spec, @Nullable RecoveredTail known, long endOffset, byte[] table)
      throws StoreException {
    StoredSegment.View view = stored(spec.id()).view();
    SparseIndex index = view.index();
    if (index == null) {
      throw new IllegalStateException("segment " + spec.id() + " has no index");
    }
    boolean isDamaged = known != null && !known.segment().damaged().isEmpty();
    if (isDamaged && known != null && endOffset == view.endOffset()) {
      // The batches cannot all be walked; the journal says where they end.
      return new SegmentFooter(
          spec,
          endOffset,
          view.endPosition(),
          known.segment().digest(),
          SparseIndex.NO_TIMESTAMP,
          index,
          table);
    }
    SegmentReader.Ending ending = reader.ending(spec.id(), endOffset);
    return new SegmentFooter(
        spec, endOffset, ending.position(), ending.digest(), ending.maxTimestamp(), index, table);
  }

  private StoredSegment stored(SegmentId id) throws StoreException {
    StoredSegment segment = stored.get(id);
    if (segment == null) {
      throw new StoreException(
          StoreException.Category.IO,
          "segment " + id + " is not in the store " + layout.directory());
    }
    return segment;
  }

  private void refuseOtherEnd(SegmentId id, long endOffset) throws StoreException {
    reader.bytesBetween(id, 0, 0);
    long sealedAt = stored(id).view().endOffset();
    if (sealedAt != endOffset) {
      throw new StoreException(
          StoreException.Category.IO,
          "segment " + id + " is sealed at " + sealedAt + ", not at " + endOffset);
    }
  }

  private void saveMarks(SegmentId id, StoreMarks.Marks now) throws StoreException {
    if (now.isEmpty()) {
      marks.remove(id);
    } else {
      marks.put(id, now);
    }
    disk.replace(layout.marks(), new StoreMarks(marks).encode());
    disk.syncDirectory(layout.directory());
  }

  private void forget(SegmentId id) {
    tails.remove(id);
    recoveredTails.remove(id);
    unsealed.remove(id);
  }

  @Override
  public CompletionStage<Void> delete(SegmentId segment) {
    return housekeeping()
        .submit(
            () -> {
              refuseFailed();
              StoredSegment known = stored.get(segment);
              if (known == null) {
                refuseHalfDeleted(segment);
                return;
              }
              SegmentTail tail = tails.get(segment);
              if (tail != null) {
                housekeeping().closeTail(tail);
              }
              remove(known, isRecorded(tail, recoveredTails.get(segment)));
            });
  }

  private void remove(StoredSegment segment, boolean isRecorded)
      throws StoreException, IOException {
    stored.remove(segment.id);
    halfDeleted.add(segment.id);
    forget(segment.id);
    // A sealed one too: a crash may have taken its release, and the journal speak of it still.
    housekeeping().deleteFiles(segment, isRecorded || segment.isSealed());
    halfDeleted.remove(segment.id);
    if (marks.containsKey(segment.id)) {
      saveMarks(segment.id, new StoreMarks.Marks(new OffsetRange(0, 0), List.of()));
    }
  }

  /// A deletion that failed on its way may be undone by the next opening: nobody may hear "done".
  private void refuseHalfDeleted(SegmentId id) throws StoreException {
    if (halfDeleted.contains(id)) {
      throw new StoreException(
          StoreException.Category.IO,
          "deletion of segment " + id + " failed before; open the store again and repeat it");
    }
  }

  private void refuseFailed() throws StoreException {
    StoreException failure = thread.failure();
    if (failure != null) {
      throw failure;
    }
  }

  @Override
  public CompletionStage<byte[]> producerTable(SegmentId segment) {
    return CompletableFuture.supplyAsync(
        () -> {
          try {
            Path footer = layout.footer(segment);
            return SegmentFooter.decode(Files.readAllBytes(footer), footer).producerTable();
          } catch (StoreException | IOException e) {
            throw new CompletionException(e);
          }
        });
  }

  @Override
  public List<SegmentId> segments() {
    return List.copyOf(new TreeSet<>(stored.keySet()));
  }

  @Override
  public SegmentReads reads() {
    return reader;
  }

  @Override
  public void close() {
    if (isClosed) {
      return;
    }
    isClosed = true;
    Housekeeping keeper = housekeeping;
    if (keeper != null) {
      keeper.stop().join();
    }
    if (threadOfStore.isAlive()) {
      thread.stop().join();
    }
    reader.close();
    try {
      lock.release();
      lockChannel.close();
    } catch (IOException e) {
      LOG.atWarn().addKeyValue("path", layout.lock()).setCause(e).log("lock not released");
    }
  }
}
