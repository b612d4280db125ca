package io.floe.storage.log;

import io.floe.storage.StoreException;
import io.floe.storage.io.AlignedMemory;
import io.floe.storage.io.StorageFile;
import io.floe.storage.io.StorageIo;
import java.io.IOException;
import java.io.InputStream;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/// An append-only log of entries: group commit, crash recovery, whole files given back from the
/// oldest on.
///
/// [#append] collects entries, [#commit] writes them as one group and syncs once; only then their
/// listeners hear. The layout, and why durable blocks are never rewritten, is drawn in
/// `FrameFormat`; how a torn tail is told from damage, in `LogRecovery`.
///
/// An opened log starts with a mark: an empty frame, synced before anything else. It starts the
/// run, and it proves that everything before it is durable, so that later damage to the last group
/// of the run before is found. A closed log ends with one for the same reason. What nothing can
/// tell from a torn write is damage to the very last group after a crash.
///
/// Thread-safety: one thread calls everything, [LogThread] is made for it.
///
/// Errors: [StoreException]. A failed write or sync is final: the log refuses every further append
/// until it is opened again, because the kernel may have dropped the bytes and would report success
/// on the next sync. When there is no space for a next file, the waiting appends fail with
/// `NO_SPACE`, nothing of them was written, and the log lives.
///
/// Ownership: the log uses the [StorageIo] and does not close it.
public final class FramedLog implements AutoCloseable {
  private final Path directory;
  private final StorageIo io;
  private final LogSettings settings;
  private final BlockingTransfers transfers;
  private final LogFiles files;
  private final List<Pending> pending = new ArrayList<>();

  private MemorySegment group;
  private ByteBuffer groupBuffer;

  private long logId;
  private int run;
  private long nextSequence;
  private @Nullable StorageFile active;
  private int activeNumber;
  private int activeBytes;
  private int oldestNeeded;
  private int endPosition;
  private long pendingBytes;
  private boolean hasEntriesAfterMark;
  private @Nullable StoreException failure;
  private boolean isClosed;

  /// An entry that waits for its group.
  private static final class Pending {
    final byte[] entry;
    final AppendListener listener;

    Pending(byte[] entry, AppendListener listener) {
      this.entry = entry;
      this.listener = listener;
    }
  }

  private FramedLog(Path directory, StorageIo io, LogSettings settings) {
    this.directory = directory;
    this.io = io;
    this.settings = settings;
    this.transfers = new BlockingTransfers(io);
    this.files = new LogFiles(io, transfers, directory, settings);
    this.group =
        AlignedMemory.allocate(Arena.ofAuto(), FrameFormat.blocks(settings.groupBytesMax()));
    this.groupBuffer = group.asByteBuffer();
  }

  /// Whether a file begins as the files of such a log do, whatever its name.
  public static boolean isLogFile(Path file) throws IOException {
    try (InputStream in = Files.newInputStream(file)) {
      return FrameFormat.hasMagic(ByteBuffer.wrap(in.readNBytes(Long.BYTES)));
    }
  }

  /// Opens the log in `directory`, which is made if it is not there, and shows every entry to
  /// `visitor`.
  ///
  /// The caller makes sure that nobody else has it open.
  public static FramedLog open(
      Path directory, StorageIo io, LogSettings settings, EntryVisitor visitor)
      throws StoreException {
    try {
      Files.createDirectories(directory);
    } catch (IOException e) {
      throw LogFiles.failure("creating directory", directory, e);
    }
    FramedLog log = new FramedLog(directory, io, settings);
    boolean isOpen = false;
    try {
      log.start(visitor);
      isOpen = true;
      return log;
    } finally {
      if (!isOpen) {
        log.release();
      }
    }
  }

  private void start(EntryVisitor visitor) throws StoreException {
    files.scan();
    if (files.isEmpty()) {
      UUID random = UUID.randomUUID();
      logId = random.getMostSignificantBits() ^ random.getLeastSignificantBits();
      run = 1;
      nextSequence = 1;
      oldestNeeded = 1;
      roll(0);
    } else {
      LogRecovery.End end = new LogRecovery(io, files, transfers).recover(visitor);
      logId = end.logId();
      run = end.run() + 1;
      nextSequence = end.nextSequence();
      endPosition = end.endPosition();
      // A file before the one that is needed was about to be given up.
      oldestNeeded = files.oldest();
      activeNumber = files.newest();
      activeBytes = (int) files.sizeBytes(activeNumber);
      active = files.open(activeNumber, StorageIo.Mode.WRITE);
    }
    writeMark();
  }

  /// Adds an entry to the group that the next [#commit] writes.
  ///
  /// Ownership: the array belongs to the log until the listener heard.
  public void append(byte[] entry, AppendListener listener) {
    if (entry.length > settings.entryBytesMax()) {
      listener.onFailed(
          new StoreException(
              StoreException.Category.IO,
              "entry has " + entry.length + " bytes, the limit is " + settings.entryBytesMax()));
      return;
    }
    StoreException failed = failure;
    if (failed != null) {
      listener.onFailed(refusal(failed));
      return;
    }
    pending.add(new Pending(entry, listener));
    pendingBytes += FrameFormat.frameBytes(entry.length);
  }

  /// Bytes that wait for [#commit].
  public long pendingBytes() {
    return pendingBytes;
  }

  /// Makes all appended entries durable and tells their listeners, in order.
  ///
  /// Errors: told to the listeners, not thrown.
  public void commit() {
    int done = 0;
    try {
      while (done < pending.size() && failure == null) {
        int size = groupSize(done);
        if (endPosition + FrameFormat.blocks(size) > activeBytes) {
          roll(FrameFormat.blocks(size));
          continue;
        }
        done = writeGroup(done, size);
      }
      if (failure != null) {
        failFrom(done, refusal(failure));
      }
    } catch (StoreException e) {
      // Without space for a next file nothing was begun; anything else is not known to be whole.
      if (e.category() != StoreException.Category.NO_SPACE && failure == null) {
        failure = e;
      }
      failFrom(done, e);
    } finally {
      pending.clear();
      pendingBytes = 0;
    }
  }

  /// Reads one entry again and checks it.
  public byte[] read(EntryPosition position) throws StoreException {
    int start = (int) AlignedMemory.roundDown(position.position(), FrameFormat.BLOCK_BYTES);
    int end =
        FrameFormat.blocks(position.position() + FrameFormat.HEADER_BYTES + position.sizeBytes());
    StorageFile file = openForRead(position.file());
    try (Arena temporary = Arena.ofShared()) {
      MemorySegment memory = AlignedMemory.allocate(temporary, end - start);
      int length = transfers.read(file, start, memory);
      ByteBuffer buffer = memory.asByteBuffer();
      int at = position.position() - start;
      if (!FrameFormat.isFrame(buffer, at, length, logId, position.file())
          || buffer.getLong(at + FrameFormat.SEQUENCE) != position.sequence()
          || buffer.getInt(at + FrameFormat.LENGTH) != position.sizeBytes()) {
        throw new StoreException(
            StoreException.Category.DAMAGED,
            "log file "
                + files.path(position.file())
                + " at byte "
                + position.position()
                + " does not hold entry "
                + position.sequence()
                + " any more");
      }
      byte[] entry = new byte[position.sizeBytes()];
      buffer.get(at + FrameFormat.HEADER_BYTES, entry);
      return entry;
    } finally {
      if (position.file() != activeNumber) {
        io.close(file);
      }
    }
  }

  /// Number of the oldest file.
  public int oldestFile() {
    return files.oldest();
  }

  /// Number of the file that is being written.
  public int activeFile() {
    return activeNumber;
  }

  /// Files, the active one included, spares not.
  public int fileCount() {
    return files.newest() - files.oldest() + 1;
  }

  /// Bytes of a file.
  public long fileBytes(int number) {
    return files.sizeBytes(number);
  }

  /// Bytes of all files, the active one included, spares not.
  public long fileBytes() {
    return files.sizeBytes();
  }

  /// Gives up the oldest file with every entry in it. The active file cannot be given up.
  ///
  /// Commits what waits.
  public void releaseOldest() throws StoreException {
    if (files.oldest() == activeNumber) {
      throw new IllegalStateException("file " + activeNumber + " is being written");
    }
    commit();
    StoreException failed = failure;
    if (failed != null) {
      throw refusal(failed);
    }
    oldestNeeded = files.oldest() + 1;
    // Durable before the file goes: from now on it may be missing.
    writeMark();
    files.releaseOldest();
  }

  /// Why the log refuses appends, or null.
  public @Nullable StoreException failure() {
    return failure;
  }

  /// Commits what waits, ends the log with a mark and closes its file.
  @Override
  public void close() {
    if (isClosed) {
      return;
    }
    isClosed = true;
    commit();
    try {
      if (failure == null && hasEntriesAfterMark) {
        writeMark();
      }
    } catch (StoreException e) {
      // The mark is no promise to anyone; the log is as after a crash.
      failure = e;
    } finally {
      release();
    }
  }

  private void release() {
    if (active != null) {
      io.close(active);
      active = null;
    }
  }

  private int groupSize(int from) {
    int size = FrameFormat.frameBytes(pending.get(from).entry.length);
    for (int i = from + 1; i < pending.size(); i++) {
      int more = FrameFormat.frameBytes(pending.get(i).entry.length);
      if (size + more > settings.groupBytesMax()
          || endPosition + FrameFormat.blocks(size + more) > activeBytes) {
        break;
      }
      size += more;
    }
    return size;
  }

  /// @return the index of the first entry that is not in the group
  private int writeGroup(int from, int size) throws StoreException {
    ensureGroup(size);
    long firstSequence = nextSequence;
    int at = 0;
    int next = from;
    while (at < size) {
      byte[] entry = pending.get(next).entry;
      groupBuffer.put(at + FrameFormat.HEADER_BYTES, entry);
      finishFrame(at, entry.length, firstSequence + (next - from), next - from, 0);
      at += FrameFormat.frameBytes(entry.length);
      next++;
    }
    int start = endPosition;
    writeAndSync(size);
    nextSequence = firstSequence + (next - from);
    hasEntriesAfterMark = true;
    int position = start;
    for (int i = from; i < next; i++) {
      Pending entry = pending.get(i);
      int length = entry.entry.length;
      entry.listener.onDurable(
          new EntryPosition(firstSequence + (i - from), activeNumber, position, length));
      position += FrameFormat.frameBytes(length);
    }
    return next;
  }

  private void writeMark() throws StoreException {
    if (endPosition + FrameFormat.BLOCK_BYTES > activeBytes) {
      // A new file starts with a header of the new run: it says the same.
      roll(0);
      hasEntriesAfterMark = false;
      return;
    }
    groupBuffer.putInt(FrameFormat.HEADER_BYTES, oldestNeeded);
    finishFrame(0, FrameFormat.MARK_BYTES, nextSequence, 0, FrameFormat.FLAG_MARK);
    writeAndSync(FrameFormat.frameBytes(FrameFormat.MARK_BYTES));
    nextSequence++;
    hasEntriesAfterMark = false;
  }

  private void finishFrame(int at, int length, long sequence, int indexInGroup, int flags) {
    int end = at + FrameFormat.HEADER_BYTES + length;
    groupBuffer.putInt(at + FrameFormat.LENGTH, length);
    groupBuffer.putLong(at + FrameFormat.SEQUENCE, sequence);
    groupBuffer.putInt(at + FrameFormat.FILE, activeNumber);
    groupBuffer.putInt(at + FrameFormat.RUN, run);
    groupBuffer.putInt(at + FrameFormat.INDEX_IN_GROUP, indexInGroup);
    groupBuffer.putInt(at + FrameFormat.FLAGS, flags);
    groupBuffer.putInt(at + FrameFormat.CRC, FrameFormat.frameCrc(groupBuffer, at, length, logId));
    int padding = at + FrameFormat.frameBytes(length) - end;
    group.asSlice(end, padding).fill((byte) 0);
  }

  private void writeAndSync(int size) throws StoreException {
    StorageFile file = active;
    if (file == null) {
      throw new IllegalStateException("the log is closed");
    }
    int blocks = FrameFormat.blocks(size);
    group.asSlice(size, blocks - size).fill((byte) 0);
    try {
      transfers.write(file, endPosition, group.asSlice(0, blocks));
      transfers.sync(file);
    } catch (StoreException e) {
      failure =
          new StoreException(StoreException.Category.FAILED, String.valueOf(e.getMessage()), e);
      throw failure;
    }
    endPosition += blocks;
  }

  /// Begins a file in which a group of `groupBytes` has room.
  private void roll(int groupBytes) throws StoreException {
    int number = files.isEmpty() ? 1 : files.newest() + 1;
    int neededBytes = FrameFormat.BLOCK_BYTES + groupBytes + FrameFormat.BLOCK_BYTES;
    int fileBytes =
        neededBytes <= settings.fileBytes(number)
            ? settings.fileBytes(number)
            : settings.fileBytes();
    StorageFile next =
        files.create(
            new FrameFormat.FileHeader(logId, number, run, nextSequence, fileBytes, oldestNeeded));
    if (active != null) {
      io.close(active);
    }
    active = next;
    activeNumber = number;
    activeBytes = fileBytes;
    endPosition = FrameFormat.BLOCK_BYTES;
  }

  private void ensureGroup(int size) {
    int blocks = FrameFormat.blocks(size);
    if (group.byteSize() < blocks) {
      group = AlignedMemory.allocate(Arena.ofAuto(), blocks);
      groupBuffer = group.asByteBuffer();
    }
  }

  private StorageFile openForRead(int number) throws StoreException {
    StorageFile file = active;
    return file != null && number == activeNumber ? file : files.open(number, StorageIo.Mode.READ);
  }

  private void failFrom(int first, StoreException cause) {
    for (int i = first; i < pending.size(); i++) {
      pending.get(i).listener.onFailed(cause);
    }
  }

  private StoreException refusal(StoreException cause) {
    return new StoreException(
        StoreException.Category.FAILED,
        "log "
            + directory
            + " failed and takes nothing until it is opened again: "
            + cause.getMessage(),
        cause);
  }
}
