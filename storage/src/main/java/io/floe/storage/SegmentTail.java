package io.floe.storage;

import io.floe.model.batch.BatchHeader;
import io.floe.model.batch.ChainDigest;
import io.floe.storage.io.AlignedMemory;
import io.floe.storage.io.StorageFile;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.util.zip.CRC32C;
import org.jspecify.annotations.Nullable;

/// A segment that takes appends: the writer's side fills chunks, the store's thread writes them.
///
/// # States
///
/// ```
/// NEW ──first reserve──> WARM ──idle──> COLD ──reserve──> WAKING ──group──> WARM
///  └───────────────── seal, delete or failure: CLOSED <──────────────────┘
/// ```
///
/// NEW has no file. WARM has an open file, its last block in memory and, in the tail journal, an
/// image of that block. COLD has neither file nor memory; the journal may carry its record without
/// the image, because nothing writes the block. So before the block is written again it is read
/// back and a group puts its image into the journal: that is WAKING.
///
/// Thread-safety: [OpenSegment]; the methods for the store's thread and for housekeeping say so.
/// The lock guards the fields that both sides touch; bytes are copied outside of it.
final class SegmentTail implements OpenSegment, StoreThread.Journaled {
  static final int BLOCK_BYTES = TailJournal.BLOCK_BYTES;

  enum State {
    NEW,
    WARM,
    COLD,
    WAKING,
    CLOSED
  }

  private final SegmentSpec spec;
  private final byte[] producerTableAtBase;
  private final DurabilityListener listener;
  private final StoreThread thread;
  private final Housekeeping housekeeping;
  private final int indexIntervalBytes;
  private final StoredSegment stored;
  private final SparseIndex index = new SparseIndex();

  /// Base offset, length and epoch of a batch as they are stamped.
  private final ByteBuffer stamp = ByteBuffer.allocate(BatchHeader.MAGIC);

  // Guarded by this.
  private State state = State.NEW;
  private @Nullable StorageFile file;

  /// Whether the file was synced since it was opened here. Before that nobody knows which of its
  /// size and extents an earlier process left unsynced. Growth is synced before it is used.
  private boolean isFileSynced;

  private long allocated;
  private long promised;
  private long wanted;
  private boolean isPreparing;
  private boolean hasNoSpace;
  private boolean isQueued;
  private boolean isInGroup;
  private boolean isAppending;
  private long durablePosition;
  private long durableDigest;
  private long lastUseNanos;
  private int lastBlockCrc;

  private volatile long position;
  private volatile long endOffset;
  private volatile long digest;
  private volatile long durableEnd;
  private volatile boolean isWaitingInflight;
  private long maxTimestamp = SparseIndex.NO_TIMESTAMP;
  private long indexedPosition = -1;

  // The store's thread: what the running group takes along.
  private long groupPosition;
  private long groupEnd;
  private long groupDigest;
  private boolean isSyncedByGroup;

  SegmentTail(
      SegmentSpec spec,
      byte[] producerTableAtBase,
      DurabilityListener listener,
      StoreThread thread,
      Housekeeping housekeeping,
      StoredSegment stored,
      int indexIntervalBytes) {
    this.spec = spec;
    this.producerTableAtBase = producerTableAtBase.clone();
    this.listener = listener;
    this.thread = thread;
    this.housekeeping = housekeeping;
    this.stored = stored;
    this.indexIntervalBytes = indexIntervalBytes;
    this.endOffset = spec.baseOffset();
    this.durableEnd = spec.baseOffset();
    this.digest = ChainDigest.start(spec.id().value());
    this.durableDigest = digest;
    this.lastUseNanos = System.nanoTime();
    stored.show(spec.baseOffset(), spec.baseOffset(), 0, index);
  }

  @Override
  public SegmentSpec spec() {
    return spec;
  }

  StoredSegment stored() {
    return stored;
  }

  SparseIndex index() {
    return index;
  }

  byte[] producerTableAtBase() {
    return producerTableAtBase;
  }

  @Override
  public Space reserve(int sizeBytes) {
    if (thread.failure() != null) {
      return Space.FAILED;
    }
    if (!thread.admits(sizeBytes)) {
      if (!isWaitingInflight) {
        isWaitingInflight = true;
        thread.awaitInflight(this);
      }
      // It may have drained between the question and the entry, then nobody would tell.
      if (!thread.admits(sizeBytes)) {
        return Space.PREPARING;
      }
    }
    boolean mustPrepare = false;
    Space answer;
    synchronized (this) {
      if (state == State.CLOSED) {
        return Space.FAILED;
      }
      lastUseNanos = System.nanoTime();
      long needed = position + sizeBytes;
      if (state == State.WARM && needed <= allocated) {
        promised = Math.max(promised, needed);
        answer = Space.READY;
        long ahead = Math.min(allocated, Housekeeping.GROW_BYTES_MAX) / 2;
        if (!isPreparing && needed + ahead > allocated) {
          wanted = Math.max(wanted, needed + 1);
          mustPrepare = true;
        }
      } else {
        answer = hasNoSpace ? Space.NO_SPACE : Space.PREPARING;
        wanted = Math.max(wanted, needed);
        mustPrepare = !isPreparing;
      }
      isPreparing |= mustPrepare;
    }
    if (mustPrepare) {
      housekeeping.prepare(this);
    }
    return answer;
  }

  @Override
  public synchronized void giveBack() {
    promised = position;
  }

  @Override
  public void append(ByteBuffer batch, long baseOffset) {
    int start = batch.position();
    int sizeBytes = batch.remaining();
    if (baseOffset != endOffset) {
      throw new IllegalArgumentException(
          "base offset is " + baseOffset + ", must be the end offset " + endOffset);
    }
    if (sizeBytes < BatchHeader.SIZE_BYTES || BatchHeader.sizeBytes(batch, start) != sizeBytes) {
      throw new IllegalArgumentException("batch of " + sizeBytes + " bytes is not one whole batch");
    }
    int lastOffsetDelta = BatchHeader.lastOffsetDelta(batch, start);
    if (lastOffsetDelta < 0) {
      throw new IllegalArgumentException("last offset delta is " + lastOffsetDelta);
    }
    long from = position;
    synchronized (this) {
      if (from + sizeBytes > promised) {
        throw new IllegalStateException(
            "append of " + sizeBytes + " bytes at " + from + ", reserved up to " + promised);
      }
      if (state == State.CLOSED) {
        // Its memory may belong to another segment by now.
        endOffset = baseOffset + lastOffsetDelta + 1;
        return;
      }
      isAppending = true;
    }
    try {
      take(batch, from, baseOffset, lastOffsetDelta);
    } finally {
      synchronized (this) {
        isAppending = false;
      }
    }
  }

  private void take(ByteBuffer batch, long from, long baseOffset, int lastOffsetDelta) {
    int start = batch.position();
    int sizeBytes = batch.remaining();
    long batchMaxTimestamp = BatchHeader.maxTimestamp(batch, start);
    int crc = BatchHeader.crc(batch, start);
    stamp.putLong(0, baseOffset);
    stamp.putInt(BatchHeader.LENGTH, batch.getInt(start + BatchHeader.LENGTH));
    stamp.putInt(BatchHeader.EPOCH, spec.epoch());
    copy(stamp, 0, stamp.capacity(), from, sizeBytes);
    int stamped = stamp.capacity();
    copy(batch, start + stamped, sizeBytes - stamped, from + stamped, sizeBytes - stamped);
    boolean isIndexed = indexedPosition < 0 || from - indexedPosition >= indexIntervalBytes;
    if (isIndexed) {
      index.add(baseOffset, from, digest, maxTimestamp);
      indexedPosition = from;
    }
    maxTimestamp = Math.max(maxTimestamp, batchMaxTimestamp);
    boolean mustQueue;
    thread.appended(sizeBytes);
    synchronized (this) {
      digest = ChainDigest.next(digest, baseOffset, spec.epoch(), sizeBytes, crc);
      endOffset = baseOffset + lastOffsetDelta + 1;
      position = from + sizeBytes;
      mustQueue = !isQueued;
      isQueued = true;
    }
    if (mustQueue) {
      thread.markDirty(this);
    }
  }

  private void copy(ByteBuffer source, int start, int sizeBytes, long to, int neededBytes) {
    int done = 0;
    while (done < sizeBytes) {
      TailChunk chunk = stored.cache.chunkToWrite(to + done, neededBytes - done);
      int at = (int) (to + done - chunk.position());
      int part = Math.min(sizeBytes - done, chunk.sizeBytes() - at);
      chunk.bytes.put(at, source, start + done, part);
      done += part;
    }
  }

  @Override
  public long endOffset() {
    return endOffset;
  }

  @Override
  public long durableEnd() {
    return durableEnd;
  }

  @Override
  public long sizeBytes() {
    return position;
  }

  @Override
  public long digest() {
    return digest;
  }

  // The store's thread.

  /// Takes a snapshot for a group. False when there is nothing to do.
  synchronized boolean beginGroup() {
    isQueued = false;
    if (state == State.CLOSED || (state != State.WAKING && position == durablePosition)) {
      return false;
    }
    groupPosition = position;
    groupEnd = endOffset;
    groupDigest = digest;
    isInGroup = true;
    return true;
  }

  /// Whether a sync of the journal does not cover the group's writes to this file.
  synchronized boolean mustSyncApartFrom(StorageFile journal) {
    String domain = file().flushDomain();
    isSyncedByGroup = !isFileSynced || domain == null || !domain.equals(journal.flushDomain());
    return isSyncedByGroup;
  }

  int recordBytes() {
    return TailRecord.HEADER_BYTES + (int) (groupPosition % BLOCK_BYTES);
  }

  void putRecord(ByteBuffer target) {
    // A group that only wakes the segment holds no new data: nothing of it can be in doubt.
    boolean isWaking = groupPosition == durablePosition;
    TailRecord.put(
        target,
        spec,
        isWaking,
        durableEnd,
        durablePosition,
        durableDigest,
        groupEnd,
        groupPosition,
        groupDigest,
        image(groupPosition));
  }

  private MemorySegment image(long upTo) {
    int sizeBytes = (int) (upTo % BLOCK_BYTES);
    if (sizeBytes == 0) {
      return MemorySegment.NULL;
    }
    long start = upTo - sizeBytes;
    TailChunk chunk = stored.cache.chunkAt(start);
    return chunk == null
        ? MemorySegment.NULL
        : chunk.memory.asSlice(start - chunk.position(), sizeBytes);
  }

  @Override
  public int carriedBytesMax() {
    return TailRecord.BYTES_MAX;
  }

  @Override
  public void putCarried(ByteBuffer target) {
    if (durablePosition == 0) {
      return;
    }
    TailRecord.put(
        target,
        spec,
        true,
        durableEnd,
        durablePosition,
        durableDigest,
        durableEnd,
        durablePosition,
        durableDigest,
        image(durablePosition));
  }

  StorageFile file() {
    StorageFile open = file;
    if (open == null) {
      throw new IllegalStateException("segment " + spec.id() + " has no open file");
    }
    return open;
  }

  /// Adds one write for each chunk that the group touches.
  void addWrites(StoreThread target) {
    long from = AlignedMemory.roundDown(durablePosition, BLOCK_BYTES);
    long to = AlignedMemory.roundUp(groupPosition, BLOCK_BYTES);
    if (groupPosition == durablePosition) {
      return;
    }
    while (from < to) {
      TailChunk chunk = stored.cache.chunkAt(from);
      if (chunk == null) {
        throw new IllegalStateException(
            "segment " + spec.id() + " has no memory for position " + from);
      }
      long end = Math.min(to, chunk.endPosition());
      target.addWrite(file(), from, chunk.memory.asSlice(from - chunk.position(), end - from));
      from = end;
    }
  }

  /// The group is durable. Returns how many bytes became so.
  long endGroup() {
    long before;
    boolean isAwake;
    synchronized (this) {
      before = durablePosition;
      durablePosition = groupPosition;
      durableDigest = groupDigest;
      durableEnd = groupEnd;
      isInGroup = false;
      isFileSynced |= isSyncedByGroup;
      isAwake = state == State.WAKING;
      if (isAwake) {
        state = State.WARM;
        isPreparing = false;
      }
      lastUseNanos = System.nanoTime();
    }
    if (groupPosition > before) {
      stored.extend(groupEnd, groupPosition);
      stored.cache.becameDurable(before, groupPosition);
      listener.onDurable(groupEnd);
    }
    if (isAwake) {
      listener.onSpace();
    }
    return groupPosition - before;
  }

  /// Bytes in flight became durable, or the housekeeping has news.
  void tellSpace() {
    isWaitingInflight = false;
    listener.onSpace();
  }

  void tellFailed(StoreException cause) {
    synchronized (this) {
      state = State.CLOSED;
    }
    listener.onFailed(cause);
  }

  // Housekeeping.

  synchronized State state() {
    return state;
  }

  synchronized long allocated() {
    return allocated;
  }

  /// How far the file must reach at least.
  synchronized long wanted() {
    return wanted;
  }

  synchronized @Nullable StorageFile openFile() {
    return file;
  }

  synchronized void opened(StorageFile opened) {
    file = opened;
    isFileSynced = false;
  }

  /// The file now reaches up to `allocated`. A new segment becomes usable.
  synchronized void prepared(long newAllocated) {
    allocated = newAllocated;
    hasNoSpace = false;
    isPreparing = false;
    if (state == State.NEW) {
      state = State.WARM;
    }
  }

  synchronized void foundNoSpace() {
    hasNoSpace = true;
  }

  /// Puts the last block back into memory, so that a group can write its image.
  ///
  /// @return false when the bytes are not those that were let go
  boolean wake(StorageFile opened, MemorySegment block) {
    int sizeBytes = (int) (durablePosition % BLOCK_BYTES);
    if (sizeBytes > 0) {
      ByteBuffer bytes = block.asByteBuffer();
      if (crcOf(bytes.slice(0, sizeBytes)) != lastBlockCrc) {
        return false;
      }
      long start = durablePosition - sizeBytes;
      TailChunk chunk = stored.cache.chunkToWrite(start, BLOCK_BYTES);
      chunk.bytes.put(0, bytes, 0, sizeBytes);
    }
    synchronized (this) {
      file = opened;
      isFileSynced = false;
      state = State.WAKING;
      isQueued = true;
    }
    thread.markDirty(this);
    return true;
  }

  synchronized long lastUseNanos() {
    return lastUseNanos;
  }

  /// Lets go of file and memory if nothing needs them. Returns the file to close, or null.
  synchronized @Nullable StorageFile cool() {
    if (state != State.WARM
        || isQueued
        || isInGroup
        || isPreparing
        || position != durablePosition
        || promised > position) {
      return null;
    }
    MemorySegment image = image(durablePosition);
    lastBlockCrc = image.byteSize() == 0 ? 0 : crcOf(image.asByteBuffer());
    StorageFile open = file;
    file = null;
    state = State.COLD;
    stored.cache.clear();
    return open;
  }

  private static int crcOf(ByteBuffer bytes) {
    CRC32C crc = new CRC32C();
    crc.update(bytes);
    return (int) crc.getValue();
  }

  /// Takes no more appends. Returns whether everything appended is durable.
  synchronized boolean close() {
    if (isAppending || isInGroup || (isQueued && position != durablePosition)) {
      return false;
    }
    state = State.CLOSED;
    return true;
  }

  synchronized @Nullable StorageFile takeFile() {
    StorageFile open = file;
    file = null;
    return open;
  }

  synchronized long durablePosition() {
    return durablePosition;
  }

  synchronized long durableDigest() {
    return durableDigest;
  }
}
