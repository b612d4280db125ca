package io.floe.storage.log;

import io.floe.storage.StoreException;
import io.floe.storage.io.AlignedMemory;
import io.floe.storage.io.StorageFile;
import io.floe.storage.io.StorageIo;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.file.Path;

/// Walks the files of a log from the oldest on and finds its end.
///
/// Where no valid frame with the next sequence follows, three things may have happened:
///
/// 1. **the log ends here**: nothing behind;
/// 2. **a group was torn** by a crash before its sync: frames of the *same* group may follow, but
///    none of a later one; nothing of it was ever acknowledged, the log ends here;
/// 3. **durable bytes were damaged**: a later group exists. It was written only after everything
///    before it had been synced. Cutting the log here would lose acknowledged entries, so this is
///    refused, with the place.
///
/// A later group is: a valid frame at a later block whose group began above the missing sequence,
/// or a next file whose header says that the log had come further. Frames that an earlier run left
/// behind a tear have an older run and prove nothing.
///
/// Thread-safety: one thread.
final class LogRecovery {
  private static final int UNKNOWN = -1;

  private final LogFiles files;
  private final BlockingTransfers transfers;
  private final StorageIo io;
  private final Arena arena = Arena.ofShared();
  private final MemorySegment memory;
  private final ByteBuffer buffer;

  private long logId;
  private int run;
  private long nextSequence;
  private int oldestNeeded;

  /// What the walk found.
  ///
  /// @param run the highest run, to be followed by the next
  /// @param endPosition block in the newest file where the next group may start
  record End(long logId, int run, long nextSequence, int endPosition) {}

  LogRecovery(StorageIo io, LogFiles files, BlockingTransfers transfers) throws StoreException {
    this.io = io;
    this.files = files;
    this.transfers = transfers;
    this.memory = AlignedMemory.allocate(arena, largestFileBytes());
    this.buffer = memory.asByteBuffer();
  }

  private long largestFileBytes() throws StoreException {
    long largest = FrameFormat.BLOCK_BYTES;
    for (int number : files.numbers()) {
      long size = files.sizeBytes(number);
      if (size < FrameFormat.BLOCK_BYTES || size > LogSettings.FILE_BYTES_MAX) {
        throw damaged(number, 0, "has " + size + " bytes, which no file of a log has");
      }
      largest = Math.max(largest, AlignedMemory.roundUp(size, FrameFormat.BLOCK_BYTES));
    }
    return largest;
  }

  End recover(EntryVisitor visitor) throws StoreException {
    try (arena) {
      // The last run may have died between write and sync: what is read below must be durable
      // before anyone builds on it. Older files were synced before their successor was made.
      StorageFile newest = files.open(files.newest(), StorageIo.Mode.WRITE);
      transfers.sync(newest);
      io.close(newest);
      int end = 0;
      boolean isFirst = true;
      for (int number : files.numbers()) {
        int length = load(number);
        checkHeader(number, length, isFirst, end);
        end = walk(number, length, visitor);
        isFirst = false;
      }
      if (files.oldest() > oldestNeeded) {
        throw new StoreException(
            StoreException.Category.DAMAGED,
            "log file "
                + files.path(oldestNeeded)
                + " is missing: the log had not given it up, its oldest file is "
                + files.path(files.oldest()));
      }
      return new End(logId, run, nextSequence, end);
    }
  }

  /// Direct reads bypass the page cache, so they see what the disk has, not what was meant.
  private int load(int number) throws StoreException {
    StorageFile file = files.open(number, StorageIo.Mode.READ);
    try {
      int length = (int) files.sizeBytes(number);
      int read =
          transfers.read(
              file, 0, memory.asSlice(0, AlignedMemory.roundUp(length, FrameFormat.BLOCK_BYTES)));
      if (read != length) {
        throw damaged(number, read, "ends there, it should have " + length + " bytes");
      }
      return length;
    } finally {
      io.close(file);
    }
  }

  private void checkHeader(int number, int length, boolean isFirst, int previousEnd)
      throws StoreException {
    FrameFormat.HeaderState state = FrameFormat.check(buffer);
    switch (state) {
      case VALID -> {}
      case NOT_A_LOG, DAMAGED -> throw damaged(number, 0, "has a header that is not valid");
      case NEWER_VERSION ->
          throw new StoreException(
              StoreException.Category.WRONG_IDENTITY,
              files.path(number) + " has a newer format than this program knows");
    }
    FrameFormat.FileHeader header = FrameFormat.fileHeader(buffer);
    if (header.file() != number) {
      throw damaged(number, 0, "has a header of file " + header.file());
    }
    if (length != header.fileBytes()) {
      throw damaged(number, length, "should have " + header.fileBytes() + " bytes");
    }
    if (isFirst) {
      logId = header.logId();
      nextSequence = header.firstSequence();
    } else if (header.logId() != logId) {
      throw new StoreException(
          StoreException.Category.WRONG_IDENTITY,
          files.path(number) + " belongs to another log than the file before it");
    } else if (header.firstSequence() != nextSequence) {
      throw damaged(
          number - 1,
          previousEnd,
          "ends at sequence "
              + nextSequence
              + ", but the next file says that the log had reached "
              + header.firstSequence());
    }
    if (header.run() < run) {
      throw damaged(number, 0, "is of run " + header.run() + ", after run " + run);
    }
    run = header.run();
    oldestNeeded = header.oldestFile();
  }

  /// @return the block after the last valid frame
  private int walk(int number, int length, EntryVisitor visitor) throws StoreException {
    int at = FrameFormat.BLOCK_BYTES;
    int end = at;
    while (true) {
      int frame = nextFrame(number, at, length);
      if (frame == UNKNOWN) {
        refuseLaterGroup(number, end, length);
        return end;
      }
      int entryBytes = buffer.getInt(frame + FrameFormat.LENGTH);
      run = buffer.getInt(frame + FrameFormat.RUN);
      if ((buffer.getInt(frame + FrameFormat.FLAGS) & FrameFormat.FLAG_MARK) == 0) {
        visitor.onEntry(
            new EntryPosition(nextSequence, number, frame, entryBytes),
            buffer.slice(frame + FrameFormat.HEADER_BYTES, entryBytes));
      } else {
        oldestNeeded = buffer.getInt(frame + FrameFormat.HEADER_BYTES);
      }
      nextSequence++;
      at = frame + FrameFormat.frameBytes(entryBytes);
      end = FrameFormat.blocks(at);
    }
  }

  private int nextFrame(int number, int at, int length) {
    if (isNext(number, at, length, false)) {
      return at;
    }
    int block = FrameFormat.blocks(at);
    return isNext(number, block, length, true) ? block : UNKNOWN;
  }

  private boolean isNext(int number, int at, int length, boolean isGroupStart) {
    if (!FrameFormat.isFrame(buffer, at, length, logId, number)
        || buffer.getLong(at + FrameFormat.SEQUENCE) != nextSequence) {
      return false;
    }
    int frameRun = buffer.getInt(at + FrameFormat.RUN);
    if (frameRun == run) {
      return true;
    }
    // A new run starts with its mark, at a block.
    return isGroupStart
        && frameRun > run
        && (buffer.getInt(at + FrameFormat.FLAGS) & FrameFormat.FLAG_MARK) != 0;
  }

  private void refuseLaterGroup(int number, int end, int length) throws StoreException {
    for (int at = end; at < length; at += FrameFormat.BLOCK_BYTES) {
      if (FrameFormat.isFrame(buffer, at, length, logId, number)
          && buffer.getInt(at + FrameFormat.RUN) >= run) {
        long groupFirst =
            buffer.getLong(at + FrameFormat.SEQUENCE)
                - buffer.getInt(at + FrameFormat.INDEX_IN_GROUP);
        if (groupFirst > nextSequence) {
          throw damaged(
              number,
              end,
              "lacks sequence " + nextSequence + ", but byte " + at + " has a later group");
        }
      }
    }
  }

  private StoreException damaged(int number, int position, String problem) {
    Path path = files.path(number);
    return new StoreException(
        StoreException.Category.DAMAGED,
        "log file " + path + " " + problem + " (damage at or after byte " + position + ")");
  }
}
