package io.floe.storage;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.zip.CRC32C;

/// What two files of a tail journal say, and how sure one can be of it.
///
/// Blocks are judged one by one. A block whose CRC is right was written as it is; a block of zeros
/// or of an older generation was not reached by the current one; anything else is *garbage*: torn
/// by a crash or damaged since. A frame with a missing block never became durable, so nothing of
/// its group was acknowledged. A garbage block in the last frame leaves that open: the tail is
/// *ambiguous*. A garbage block with a whole frame of the same generation behind it was durable
/// once: the journal is *damaged*.
///
/// Thread-safety: none.
final class TailJournalReader {
  private static final ByteBuffer BLANK = ByteBuffer.allocate(TailJournal.BLOCK_BYTES);

  private enum BlockKind {
    CURRENT,
    OLDER,
    GARBAGE
  }

  private record Frame(
      long group, boolean isFirst, @SuppressWarnings("ArrayRecordComponent") byte[] payload) {}

  /// How a run of frames ends.
  private enum End {
    CLEAN,
    AMBIGUOUS
  }

  private final long incarnation;
  private final ByteBuffer[] files;
  private final CRC32C crc = new CRC32C();

  private final Map<Long, List<TailRecord>> records = new HashMap<>();
  private final Set<Long> released = new HashSet<>();
  private long generation;
  private long lastGroup;
  private int truth;
  private boolean isAmbiguous;
  private boolean isDamaged;
  private boolean firstFrameIsWhole;

  private TailJournalReader(long incarnation, ByteBuffer[] files) {
    this.incarnation = incarnation;
    this.files = files;
  }

  static TailJournalReader read(long incarnation, ByteBuffer[] files) {
    TailJournalReader reader = new TailJournalReader(incarnation, files);
    reader.parse();
    return reader;
  }

  /// The newest records of a segment, oldest first: at most two, the last one and the one before
  /// it, whose image it may need.
  List<TailRecord> records(long segment) {
    return records.getOrDefault(segment, List.of());
  }

  Set<Long> segments() {
    return records.keySet();
  }

  /// Whether the journal says that it speaks no longer of a segment.
  boolean isReleased(long segment) {
    return released.contains(segment);
  }

  /// The largest generation that was seen.
  long generation() {
    return generation;
  }

  /// The last group whose frame is whole.
  long lastGroup() {
    return lastGroup;
  }

  /// The file that the next generation must not overwrite.
  int truth() {
    return truth;
  }

  /// Whether a last group may have been acknowledged whose records cannot be read.
  boolean isAmbiguous() {
    return isAmbiguous;
  }

  /// Whether records of groups that were durable cannot be read.
  boolean isDamaged() {
    return isDamaged;
  }

  /// Positions of garbage blocks in one of the files.
  List<Long> garbage(int file) {
    List<Long> positions = new ArrayList<>();
    ByteBuffer bytes = files[file];
    for (int at = 0;
        at + TailJournal.BLOCK_BYTES <= bytes.capacity();
        at += TailJournal.BLOCK_BYTES) {
      if (!isValid(bytes, at) && !isBlank(bytes, at)) {
        positions.add((long) at);
      }
    }
    return positions;
  }

  private boolean startsWithGarbage(ByteBuffer file) {
    return file.capacity() >= TailJournal.BLOCK_BYTES && !isValid(file, 0) && !isBlank(file, 0);
  }

  private void parse() {
    long[] newest = {newestGeneration(files[0]), newestGeneration(files[1])};
    int current = newest[1] > newest[0] ? 1 : 0;
    generation = newest[current];
    truth = current;
    if (generation == 0) {
      // No frame at all: a new store, or one whose only group was torn.
      isAmbiguous = !garbage(0).isEmpty() || !garbage(1).isEmpty();
      isDamaged = files[0].capacity() == 0 || files[1].capacity() == 0;
      return;
    }
    Map<Integer, Frame> frames = new TreeMap<>();
    End end = frames(files[current], generation, frames);
    boolean hasFrames = !frames.isEmpty();
    if (!firstFrameIsWhole) {
      int other = 1 - current;
      Map<Integer, Frame> before = new TreeMap<>();
      boolean damagedHere = isDamaged;
      isDamaged = false;
      boolean hasBefore = newest[other] > 0;
      End endBefore = hasBefore ? frames(files[other], newest[other], before) : End.CLEAN;
      truth = other;
      // What broke the first frame: a crash while it was written, unless more frames follow.
      boolean isLost = hasFrames || damagedHere;
      boolean isFirstEver = generation == 1;
      isDamaged = isDamaged || isLost || (!hasBefore && !isFirstEver);
      isAmbiguous = end == End.AMBIGUOUS || endBefore == End.AMBIGUOUS;
      before.values().forEach(this::take);
      frames.values().forEach(this::take);
      return;
    }
    // Garbage at the start of the other file: the first frame of a next generation, torn.
    isAmbiguous = end == End.AMBIGUOUS || startsWithGarbage(files[1 - current]);
    frames.values().forEach(this::take);
  }

  private long newestGeneration(ByteBuffer file) {
    long newest = 0;
    for (int at = 0;
        at + TailJournal.BLOCK_BYTES <= file.capacity();
        at += TailJournal.BLOCK_BYTES) {
      if (isValid(file, at)) {
        newest = Math.max(newest, file.getLong(at + 16));
      }
    }
    return newest;
  }

  /// Collects the whole frames of a generation by their block number.
  private End frames(ByteBuffer file, long generation, Map<Integer, Frame> into) {
    int blocks = file.capacity() / TailJournal.BLOCK_BYTES;
    int block = 0;
    boolean isBroken = false;
    boolean brokenByGarbage = false;
    firstFrameIsWhole = false;
    while (block < blocks) {
      int count = wholeFrame(file, generation, block, blocks);
      if (count > 0) {
        Frame frame = frame(file, block, count);
        if (isBroken) {
          // A frame behind a gap: what lies in the gap was durable before this frame was written.
          isDamaged = true;
          brokenByGarbage = false;
        }
        if (block == 0 && frame.isFirst) {
          firstFrameIsWhole = true;
        }
        into.put(block, frame);
        block += count;
        isBroken = false;
        continue;
      }
      if (!isBroken) {
        isBroken = true;
        brokenByGarbage = isTornByGarbage(file, generation, block, blocks);
      }
      block++;
    }
    return brokenByGarbage ? End.AMBIGUOUS : End.CLEAN;
  }

  /// Whether the frame that begins at a block, if one does, may have been whole: no block of it is
  /// missing, but one is garbage.
  private boolean isTornByGarbage(ByteBuffer file, long generation, int block, int blocks) {
    int at = block * TailJournal.BLOCK_BYTES;
    BlockKind first = kind(file, generation, at);
    if (first == BlockKind.OLDER) {
      return false;
    }
    // Garbage at the start says nothing of the length; the blocks behind it do if they are there.
    int count = 1;
    for (int next = block; next < blocks; next++) {
      int nextAt = next * TailJournal.BLOCK_BYTES;
      if (kind(file, generation, nextAt) == BlockKind.CURRENT) {
        count = file.getInt(nextAt + 36);
        break;
      }
      if (kind(file, generation, nextAt) == BlockKind.OLDER) {
        break;
      }
    }
    boolean hasGarbage = false;
    for (int i = 0; i < count && block + i < blocks; i++) {
      BlockKind kind = kind(file, generation, (block + i) * TailJournal.BLOCK_BYTES);
      if (kind == BlockKind.OLDER) {
        return false;
      }
      hasGarbage |= kind == BlockKind.GARBAGE;
    }
    return hasGarbage;
  }

  private int wholeFrame(ByteBuffer file, long generation, int block, int blocks) {
    int at = block * TailJournal.BLOCK_BYTES;
    if (kind(file, generation, at) != BlockKind.CURRENT || file.getInt(at + 32) != 0) {
      return 0;
    }
    int count = file.getInt(at + 36);
    if (count < 1 || count > blocks - block) {
      return 0;
    }
    long group = file.getLong(at + 24);
    for (int i = 1; i < count; i++) {
      int next = at + i * TailJournal.BLOCK_BYTES;
      if (kind(file, generation, next) != BlockKind.CURRENT
          || file.getLong(next + 24) != group
          || file.getInt(next + 32) != i) {
        return 0;
      }
    }
    return count;
  }

  private static Frame frame(ByteBuffer file, int block, int count) {
    int at = block * TailJournal.BLOCK_BYTES;
    int sizeBytes = 0;
    for (int i = 0; i < count; i++) {
      sizeBytes += file.getInt(at + i * TailJournal.BLOCK_BYTES + 40);
    }
    byte[] payload = new byte[sizeBytes];
    int done = 0;
    for (int i = 0; i < count; i++) {
      int next = at + i * TailJournal.BLOCK_BYTES;
      int length = file.getInt(next + 40);
      file.get(next + TailJournal.BLOCK_HEADER_BYTES, payload, done, length);
      done += length;
    }
    boolean isFirst = (file.getInt(at + 44) & TailJournal.FLAG_FIRST) != 0;
    return new Frame(file.getLong(at + 24), isFirst, payload);
  }

  private BlockKind kind(ByteBuffer file, long generation, int at) {
    if (isValid(file, at)) {
      return file.getLong(at + 16) == generation ? BlockKind.CURRENT : BlockKind.OLDER;
    }
    return isBlank(file, at) ? BlockKind.OLDER : BlockKind.GARBAGE;
  }

  private boolean isValid(ByteBuffer file, int at) {
    return file.getInt(at) == TailJournal.MAGIC
        && file.getLong(at + 8) == incarnation
        && file.getInt(at + 4) == TailJournal.blockCrc(file, at, crc);
  }

  private static boolean isBlank(ByteBuffer file, int at) {
    // In one intrinsic call: this looks at all of both files when a JVM is cold.
    return file.slice(at, TailJournal.BLOCK_BYTES).mismatch(BLANK.duplicate()) < 0;
  }

  private void take(Frame frame) {
    lastGroup = Math.max(lastGroup, frame.group);
    ByteBuffer payload = ByteBuffer.wrap(frame.payload);
    while (payload.hasRemaining()) {
      byte kind = payload.get(payload.position());
      if (kind == TailRecord.KIND_RELEASED) {
        long segment = payload.getLong(payload.position() + 8);
        payload.position(payload.position() + TailRecord.RELEASED_BYTES);
        released.add(segment);
        records.remove(segment);
      } else if (kind == TailRecord.KIND_END) {
        TailRecord record = TailRecord.get(payload, frame.group);
        List<TailRecord> known =
            records.computeIfAbsent(record.spec().id().value(), id -> new ArrayList<>(3));
        known.add(record);
        if (known.size() > 2) {
          known.removeFirst();
        }
      } else {
        throw new IllegalStateException("tail record of unknown kind " + kind);
      }
    }
  }
}
