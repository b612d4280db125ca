package io.floe.storage;

import io.floe.model.SegmentId;
import io.floe.model.batch.ChainDigest;
import io.floe.storage.io.AlignedMemory;
import io.floe.storage.io.StorageFile;
import io.floe.storage.io.StorageIo;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.OptionalLong;
import java.util.Set;
import java.util.SortedMap;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// What is done once when a store is opened: look, judge, mark, mend, sync.
///
/// 1. *Look.* List the segment directories. A footer means sealed, and a sealed segment is not
///    opened. Read both files of the tail journal.
/// 2. *Judge* each segment without a footer against its last tail record, read past the page cache:
///    see [#judge].
/// 3. *Mark.* Ranges in doubt or damaged are made durable in `marks` before anything that could
///    hide them is changed.
/// 4. *Mend.* Blocks whose image in the journal is better than the file are written again.
/// 5. *Sync* everything that counts from now on, then the directories.
///
/// Nothing here changes what a second run would find, until the first frame of the next generation
/// of the journal is written: a crash at any point leads back to the same result.
///
/// Thread-safety: one thread, not the store's.
final class StoreRecovery {
  private static final Logger LOG = LoggerFactory.getLogger(StoreRecovery.class);

  /// Files that are synced at the same time.
  private static final int SYNCS_IN_FLIGHT = 64;

  /// Segments that are judged at the same time; each holds at most a window in memory.
  private static final int JUDGES = 8;

  /// So few that threads for them would cost more than they save.
  private static final int JUDGED_BY_ONE = 64;

  private static final OffsetRange NOTHING = new OffsetRange(0, 0);

  private final StoreLayout layout;
  private final Disk disk;
  private final ChunkPool pool;
  private final TailJournalReader journal;
  private final StoreMarks oldMarks;
  private final int indexIntervalBytes;
  private final ReadAhead readAhead;

  private final SortedSet<Long> logs = new TreeSet<>();
  private final SortedSet<Long> descriptors = new TreeSet<>();
  private final SortedSet<Long> footers = new TreeSet<>();
  private final SortedSet<Long> deleted = new TreeSet<>();
  private final List<Path> temporaries = new ArrayList<>();
  private final Set<Path> toSync = new HashSet<>();

  private final SortedMap<SegmentId, StoredSegment> sealed = new TreeMap<>();
  private final List<RecoveredTail> recovered = new ArrayList<>();
  private final SortedMap<SegmentId, StoreMarks.Marks> marks = new TreeMap<>();

  StoreRecovery(
      StoreLayout layout,
      Disk disk,
      ChunkPool pool,
      TailJournalReader journal,
      StoreMarks oldMarks,
      int indexIntervalBytes) {
    this.layout = layout;
    this.disk = disk;
    this.pool = pool;
    this.journal = journal;
    this.oldMarks = oldMarks;
    this.indexIntervalBytes = indexIntervalBytes;
    this.readAhead = new ReadAhead(disk);
  }

  SortedMap<SegmentId, StoredSegment> sealed() {
    return sealed;
  }

  List<RecoveredTail> recovered() {
    return recovered;
  }

  StoreMarks marks() {
    return new StoreMarks(marks);
  }

  /// One segment's verdict, before anything was changed.
  private record Verdict(
      SegmentSpec spec,
      @SuppressWarnings("ArrayRecordComponent") byte[] producerTable,
      long end,
      long position,
      long digest,
      OffsetRange inDoubt,
      List<OffsetRange> damaged,
      SparseIndex index,
      boolean isRecorded,
      List<ByteWindow.Overlay> mends) {}

  void run() throws StoreException, IOException {
    list();
    keepOrphans();
    for (long id : footers) {
      StoredSegment stored = stored(new SegmentId(id));
      stored.becomeSealed();
      StoreMarks.Marks known = oldMarks.bySegment().get(stored.id);
      if (known != null && !known.damaged().isEmpty()) {
        stored.damaged(known.damaged());
        marks.put(stored.id, new StoreMarks.Marks(NOTHING, known.damaged()));
      }
      sealed.put(stored.id, stored);
    }
    List<Verdict> verdicts = judgeAll(List.copyOf(unsealed()));
    saveMarks(verdicts);
    for (int from = 0; from < verdicts.size(); from += SYNCS_IN_FLIGHT) {
      settleFiles(verdicts.subList(from, Math.min(verdicts.size(), from + SYNCS_IN_FLIGHT)));
    }
    verdicts.forEach(this::settle);
    removeDebris();
    for (Path directory : toSync) {
      disk.syncDirectory(directory);
    }
  }

  private void list() throws IOException {
    if (!Files.isDirectory(layout.segments())) {
      return;
    }
    try (Stream<Path> directories = Files.list(layout.segments())) {
      for (Path directory : directories.filter(Files::isDirectory).toList()) {
        try (Stream<Path> files = Files.list(directory)) {
          files.forEach(this::note);
        }
      }
    }
  }

  private void note(Path file) {
    String name = file.getFileName().toString();
    if (name.endsWith(StoreLayout.TEMPORARY)) {
      temporaries.add(file);
    }
    noteIf(name, StoreLayout.LOG, logs);
    noteIf(name, StoreLayout.OPEN, descriptors);
    noteIf(name, StoreLayout.FOOTER, footers);
    noteIf(name, StoreLayout.DELETED, deleted);
  }

  private static void noteIf(String name, String suffix, Set<Long> into) {
    OptionalLong number = StoreLayout.number(name, suffix);
    if (number.isPresent()) {
      into.add(number.getAsLong());
    }
  }

  /// Data that no other file and no record speaks of, and that no deletion left: its footer was
  /// lost. It is kept as a sealed segment, whose footer is made again when it is read.
  private void keepOrphans() throws IOException {
    SortedSet<Long> orphans = new TreeSet<>(logs);
    orphans.removeAll(footers);
    orphans.removeAll(descriptors);
    orphans.removeAll(deleted);
    orphans.removeAll(journal.segments());
    for (long number : orphans) {
      SegmentId id = new SegmentId(number);
      if (SegmentInspection.beginsWithBatch(layout.log(id))) {
        LOG.atError().addKeyValue("segment", id).log("footer and descriptor are lost; data kept");
        footers.add(number);
      }
    }
  }

  /// Segments that need a verdict: those with a descriptor, and those that the journal speaks of
  /// though their files are gone.
  private SortedSet<Long> unsealed() {
    SortedSet<Long> ids = new TreeSet<>(descriptors);
    ids.addAll(journal.segments());
    ids.removeAll(footers);
    ids.removeAll(deleted);
    // Released without a footer: a deletion that a crash cut short. It is finished as debris.
    ids.removeIf(journal::isReleased);
    return ids;
  }

  /// Judges each, in the order of the ids. A judgement only looks and is independent of the others;
  /// what it costs in a small segment is waiting for the disk, so many are made side by side.
  private List<Verdict> judgeAll(List<Long> ids) throws StoreException, IOException {
    List<Verdict> verdicts = new ArrayList<>();
    if (ids.size() <= JUDGED_BY_ONE) {
      for (long id : ids) {
        addIfPresent(verdicts, judge(id));
      }
      return verdicts;
    }
    try (ExecutorService judges =
        Executors.newFixedThreadPool(
            JUDGES, Thread.ofPlatform().name("floe-store-recovery-", 0).daemon().factory())) {
      List<Future<@Nullable Verdict>> pending = new ArrayList<>();
      ids.forEach(id -> pending.add(judges.submit(() -> judge(id))));
      try {
        for (Future<@Nullable Verdict> each : pending) {
          addIfPresent(verdicts, each.get());
        }
      } catch (ExecutionException e) {
        switch (e.getCause()) {
          case StoreException cause -> throw cause;
          case IOException cause -> throw cause;
          case null, default -> throw new IllegalStateException(e.getCause());
        }
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        throw new StoreException(StoreException.Category.IO, "interrupted", e);
      } finally {
        judges.shutdownNow();
      }
    }
    return verdicts;
  }

  private static void addIfPresent(List<Verdict> verdicts, @Nullable Verdict verdict) {
    if (verdict != null) {
      verdicts.add(verdict);
    }
  }

  private @Nullable Verdict judge(long number) throws StoreException, IOException {
    SegmentId id = new SegmentId(number);
    List<TailRecord> records = journal.records(number);
    TailRecord last = records.isEmpty() ? null : records.getLast();
    SegmentDescriptor descriptor = null;
    String lost = null;
    if (descriptors.contains(number)) {
      try {
        descriptor = SegmentDescriptor.decode(Files.readAllBytes(layout.open(id)), layout.open(id));
      } catch (StoreException e) {
        if (e.category() == StoreException.Category.WRONG_IDENTITY) {
          throw e;
        }
        lost = e.getMessage();
      }
    } else {
      lost = layout.open(id) + " is missing";
    }
    if (descriptor == null && last == null) {
      // The name is made before the first report and the record with it: nothing was acknowledged,
      // unless the journal itself is damaged.
      if (journal.isDamaged() || journal.isAmbiguous()) {
        throw new StoreException(
            StoreException.Category.DAMAGED,
            lost
                + " and the tail journal is damaged: what segment "
                + id
                + " held is unknown; move the file away to go on without it");
      }
      LOG.atWarn()
          .addKeyValue("segment", id)
          .addKeyValue("cause", lost)
          .log("debris of an unfinished segment");
      return null;
    }
    if (descriptor == null || !logs.contains(number)) {
      if (last == null) {
        return descriptor == null ? null : empty(descriptor);
      }
      String cause = lost != null ? lost : layout.log(id) + " is missing";
      LOG.atError()
          .addKeyValue("segment", id)
          .addKeyValue("cause", cause)
          .log("segment is damaged");
      return new Verdict(
          last.spec(),
          descriptor == null ? new byte[0] : descriptor.producerTable(),
          last.end(),
          last.position(),
          last.digest(),
          NOTHING,
          List.of(new OffsetRange(last.spec().baseOffset(), last.end())),
          new SparseIndex(),
          true,
          List.of());
    }
    try (OpenLog log = new OpenLog(disk, readAhead, layout.log(id))) {
      return new Judgement(descriptor, records, log).run();
    }
  }

  private static Verdict empty(SegmentDescriptor descriptor) {
    SegmentSpec spec = descriptor.spec();
    return new Verdict(
        spec,
        descriptor.producerTable(),
        spec.baseOffset(),
        0,
        ChainDigest.start(spec.id().value()),
        NOTHING,
        List.of(),
        new SparseIndex(),
        false,
        List.of());
  }

  /// A data file, open for reading past the page cache.
  private static final class OpenLog implements AutoCloseable {
    private final Disk disk;
    private final ReadAhead readAhead;
    private final StorageFile file;

    OpenLog(Disk disk, ReadAhead readAhead, Path path) throws StoreException {
      this.disk = disk;
      this.readAhead = readAhead;
      this.file = disk.openBlocks(path, StorageIo.Mode.WRITE);
    }

    /// Where the bytes come from when so many are to be looked at in order.
    ByteWindow.Source source(long wantedBytes) {
      if (wantedBytes <= SegmentScan.WINDOW_BYTES) {
        return (position, target) -> disk.read(file, position, target);
      }
      return (position, target) -> readAhead.read(file, position, target, wantedBytes);
    }

    @Override
    public void close() {
      readAhead.end();
      disk.io().close(file);
    }
  }

  /// How one segment is judged by its last record.
  private final class Judgement {
    private final SegmentDescriptor descriptor;
    private final SegmentSpec spec;
    private final @Nullable TailRecord last;
    private final ByteWindow window;
    private final SegmentScan scan;
    private final long fileBytes;
    private final List<OffsetRange> damaged = new ArrayList<>();
    private OffsetRange inDoubt = NOTHING;
    private boolean isChainWhole = true;

    Judgement(SegmentDescriptor descriptor, List<TailRecord> records, OpenLog log)
        throws IOException {
      this.descriptor = descriptor;
      this.spec = descriptor.spec();
      this.last = records.isEmpty() ? null : records.getLast();
      List<ByteWindow.Overlay> overlays = new ArrayList<>();
      for (TailRecord record : records) {
        if (record.image().length > 0) {
          overlays.add(
              new ByteWindow.Overlay(record.position() - record.image().length, record.image()));
        }
      }
      this.fileBytes = Files.size(log.file.path());
      long wantedBytes = wantedBytes();
      this.window = new ByteWindow(log.source(wantedBytes), windowBytes(wantedBytes), overlays);
      this.scan =
          new SegmentScan(
              window,
              last == null ? 0 : last.position(),
              spec.baseOffset(),
              spec.epoch(),
              ChainDigest.start(spec.id().value()),
              indexIntervalBytes);
    }

    /// How far the file is looked at.
    private long wantedBytes() {
      TailRecord record = last;
      boolean isOpenEnded = journal.isDamaged() || journal.isAmbiguous();
      return record == null || isOpenEnded ? fileBytes : Math.min(fileBytes, record.position());
    }

    /// No more than there is to read: thousands of small segments are looked at one by one.
    private static int windowBytes(long wantedBytes) {
      return Math.clamp(
          AlignedMemory.roundUp(wantedBytes, Disk.BLOCK_BYTES),
          Disk.BLOCK_BYTES,
          SegmentScan.WINDOW_BYTES);
    }

    Verdict run() throws IOException, StoreException {
      long end = spec.baseOffset();
      long position = 0;
      long digest = scan.digest();
      SparseIndex index = scan.index();
      if (last != null) {
        scanEarlierGroups(last);
        scanLastGroup(last);
        boolean isCut = inDoubt.to() > inDoubt.from();
        end = isCut ? inDoubt.from() : last.end();
        position = isCut ? scan.position() : last.position();
        digest = isCut ? scan.digest() : last.digest();
      }
      if (journal.isDamaged() || journal.isAmbiguous()) {
        // What lies beyond the record may have been acknowledged by a group whose frame is lost.
        if (inDoubt.to() == inDoubt.from()) {
          SegmentScan beyond = scanBeyond(position, end, digest);
          if (beyond.offset() > end && journal.isDamaged()) {
            damaged.add(new OffsetRange(end, beyond.offset()));
            end = beyond.offset();
            position = beyond.position();
            digest = beyond.digest();
          } else if (beyond.offset() > end) {
            inDoubt = new OffsetRange(end, beyond.offset());
          }
        }
      }
      return new Verdict(
          spec,
          descriptor.producerTable(),
          end,
          position,
          digest,
          inDoubt,
          damaged,
          index,
          last != null || end > spec.baseOffset(),
          window.restored());
    }

    /// Everything before the last recorded group: whatever is bad there is damaged.
    private void scanEarlierGroups(TailRecord record) throws IOException, StoreException {
      scan.limit(record.fromPosition());
      while (!scan.isAtLimit()) {
        SegmentScan.Finding finding = scan.next();
        if (finding != SegmentScan.Finding.VALID) {
          addDamage(finding, record.fromEnd(), record.fromPosition(), record.fromDigest());
        }
      }
      boolean agrees =
          scan.offset() == record.fromEnd()
              && scan.position() == record.fromPosition()
              && (!isChainWhole || scan.digest() == record.fromDigest());
      if (!agrees) {
        // Every batch is well formed, but they are not those that were written.
        LOG.atError().addKeyValue("segment", spec.id()).log("digest differs: stale bytes");
        damaged.clear();
        damaged.add(new OffsetRange(spec.baseOffset(), record.fromEnd()));
      }
      scan.jump(record.fromPosition(), record.fromEnd(), record.fromDigest());
    }

    /// The last recorded group. It can be half there only if it is the last one of the whole
    /// journal, and not if it was carried: a later group's frame is written when it is durable.
    private void scanLastGroup(TailRecord record) throws IOException, StoreException {
      boolean mayBeInDoubt =
          !record.isCarried() && record.group() == journal.lastGroup() && !journal.isAmbiguous();
      scan.limit(record.position());
      while (!scan.isAtLimit()) {
        SegmentScan.Finding finding = scan.next();
        if (finding == SegmentScan.Finding.VALID) {
          continue;
        }
        if (mayBeInDoubt) {
          inDoubt = new OffsetRange(scan.offset(), record.end());
          LOG.atWarn()
              .addKeyValue("segment", spec.id())
              .addKeyValue("offset", scan.offset())
              .addKeyValue("cause", finding)
              .log("last group cannot be read: in doubt");
          return;
        }
        addDamage(finding, record.end(), record.position(), record.digest());
      }
      boolean isWhole = scan.offset() == record.end() && scan.digest() == record.digest();
      if (!isWhole && (damaged.isEmpty() || damaged.getLast().to() <= record.fromEnd())) {
        LOG.atError()
            .addKeyValue("segment", spec.id())
            .log("digest of the last group differs: stale bytes");
        if (mayBeInDoubt) {
          inDoubt = new OffsetRange(record.fromEnd(), record.end());
          scan.jump(record.fromPosition(), record.fromEnd(), record.fromDigest());
        } else {
          damaged.add(new OffsetRange(record.fromEnd(), record.end()));
        }
      }
    }

    private void addDamage(SegmentScan.Finding finding, long end, long position, long digest)
        throws IOException, StoreException {
      long from = scan.offset();
      long at = scan.position();
      isChainWhole = false;
      if (!scan.skipDamage(end - 1)) {
        scan.jump(position, end, digest);
      }
      damaged.add(new OffsetRange(from, scan.offset()));
      LOG.atError()
          .addKeyValue("segment", spec.id())
          .addKeyValue("offset", from)
          .addKeyValue("position", at)
          .addKeyValue("cause", finding)
          .log("damaged up to offset {}", scan.offset());
    }

    private SegmentScan scanBeyond(long position, long end, long digest)
        throws IOException, StoreException {
      scan.limit(fileBytes);
      scan.jump(position, end, digest);
      while (!scan.isAtLimit() && scan.next() == SegmentScan.Finding.VALID) {
        // Counts what is there.
      }
      return scan;
    }
  }

  /// Makes the marks durable, old and new.
  private void saveMarks(List<Verdict> verdicts) throws StoreException {
    for (Verdict verdict : verdicts) {
      StoreMarks.Marks now = new StoreMarks.Marks(verdict.inDoubt, verdict.damaged);
      StoreMarks.Marks merged = merge(oldMarks.bySegment().get(verdict.spec.id()), now);
      if (!merged.isEmpty()) {
        marks.put(verdict.spec.id(), merged);
      }
    }
    if (!marks.equals(oldMarks.bySegment())) {
      disk.replace(layout.marks(), new StoreMarks(marks).encode());
      disk.syncDirectory(layout.directory());
    }
  }

  /// An old mark stays: what a second look does not find may have been cut by the first.
  private static StoreMarks.Marks merge(StoreMarks.@Nullable Marks old, StoreMarks.Marks now) {
    if (old == null) {
      return now;
    }
    OffsetRange inDoubt = now.inDoubt();
    if (old.inDoubt().to() > old.inDoubt().from()) {
      boolean both = inDoubt.to() > inDoubt.from();
      long from = both ? Math.min(inDoubt.from(), old.inDoubt().from()) : old.inDoubt().from();
      inDoubt = new OffsetRange(from, Math.max(inDoubt.to(), old.inDoubt().to()));
    }
    List<OffsetRange> damaged = new ArrayList<>(now.damaged());
    for (OffsetRange range : old.damaged()) {
      if (damaged.stream().noneMatch(d -> d.from() <= range.from() && d.to() >= range.to())) {
        damaged.add(range);
      }
    }
    damaged.sort((a, b) -> Long.compare(a.from(), b.from()));
    return new StoreMarks.Marks(inDoubt, damaged);
  }

  private void settleFiles(List<Verdict> verdicts) throws StoreException {
    List<Disk.Pending> syncs = new ArrayList<>();
    try {
      for (Verdict verdict : verdicts) {
        SegmentId id = verdict.spec.id();
        if (!logs.contains(id.value()) || !verdict.isRecorded) {
          continue;
        }
        StorageFile file = disk.openBlocks(layout.log(id), StorageIo.Mode.WRITE);
        for (ByteWindow.Overlay mend : verdict.mends) {
          mend(file, mend);
        }
        syncs.add(new Disk.Pending(file, 0, disk.startSync(file)));
        toSync.add(layout.segmentDirectory(id));
      }
    } finally {
      StoreException problem = null;
      for (Disk.Pending sync : syncs) {
        try {
          Disk.check("sync", sync.file(), 0, Disk.await(sync.done()));
        } catch (StoreException e) {
          problem = e;
        }
        disk.io().close(sync.file());
      }
      throwIfPresent(problem);
    }
  }

  private static void throwIfPresent(@Nullable StoreException problem) throws StoreException {
    if (problem != null) {
      throw problem;
    }
  }

  private void settle(Verdict verdict) {
    SegmentId id = verdict.spec.id();
    StoreMarks.Marks marked = marks.getOrDefault(id, new StoreMarks.Marks(NOTHING, List.of()));
    StoredSegment stored = stored(id);
    stored.show(verdict.spec.baseOffset(), verdict.end, verdict.position, verdict.index);
    stored.damaged(marked.damaged());
    recovered.add(
        new RecoveredTail(
            new RecoveredSegment(
                verdict.spec,
                verdict.end,
                verdict.digest,
                marked.inDoubt().from() == marked.inDoubt().to()
                    ? new OffsetRange(verdict.end, verdict.end)
                    : marked.inDoubt(),
                marked.damaged(),
                verdict.producerTable),
            stored,
            verdict.index,
            verdict.position,
            verdict.isRecorded));
  }

  private void mend(StorageFile file, ByteWindow.Overlay image) throws StoreException {
    LOG.atWarn()
        .addKeyValue("path", file.path())
        .addKeyValue("position", image.position())
        .log("last block restored from the tail journal");
    MemorySegment block = AlignedMemory.allocate(Arena.ofAuto(), Disk.BLOCK_BYTES);
    disk.read(file, image.position(), block);
    ByteBuffer bytes = block.asByteBuffer();
    bytes.put(0, image.bytes());
    disk.write(file, image.position(), block);
  }

  private StoredSegment stored(SegmentId id) {
    return new StoredSegment(id, layout.log(id), new TailCache(pool));
  }

  /// Files that a crash left half made or half deleted. None of them can hold acknowledged bytes: a
  /// descriptor's name is durable before the first report, and is taken away only after the
  /// footer's name is durable or the journal released the segment.
  private void removeDebris() throws StoreException, IOException {
    Set<Long> kept = new HashSet<>(footers);
    for (RecoveredTail tail : recovered) {
      kept.add(tail.segment().spec().id().value());
    }
    kept.removeAll(deleted);
    for (long id : logs) {
      if (!kept.contains(id)) {
        remove(layout.log(new SegmentId(id)));
        toSync.add(layout.segmentDirectory(new SegmentId(id)));
      }
    }
    for (long id : descriptors) {
      if (footers.contains(id) || !kept.contains(id)) {
        remove(layout.open(new SegmentId(id)));
        toSync.add(layout.segmentDirectory(new SegmentId(id)));
      }
    }
    for (long id : deleted) {
      remove(layout.deleted(new SegmentId(id)));
    }
    for (Path file : temporaries) {
      remove(file);
    }
  }

  private void remove(Path file) throws StoreException {
    LOG.atInfo().addKeyValue("path", file).log("removed what a crash left behind");
    disk.delete(file);
  }
}
