package io.floe.storage.log;

import io.floe.storage.StoreException;
import io.floe.storage.io.Errno;
import io.floe.storage.io.StorageFile;
import io.floe.storage.io.StorageIo;
import java.lang.foreign.MemorySegment;
import java.util.concurrent.TimeUnit;

/// Transfers of whole blocks of 4096 bytes, one at a time, each waited for.
///
/// One write in flight is enough for a log: a group is one contiguous range, and the next group may
/// not start before the sync of this one.
///
/// Units: positions and sizes in bytes, multiples of 4096. Thread-safety: as [StorageIo]: one
/// thread, which does nothing else on that [StorageIo]. Errors: [StoreException] with the file, the
/// position and the system's error; after one of a write or a sync the file must not be written
/// again.
public final class BlockingTransfers {
  private static final long WAIT_NANOS = TimeUnit.SECONDS.toNanos(1);

  private final StorageIo io;
  private long nextOperation;
  private int result;
  private boolean isEnded;

  public BlockingTransfers(StorageIo io) {
    this.io = io;
  }

  /// Writes all of `source`.
  public void write(StorageFile file, long position, MemorySegment source) throws StoreException {
    long done = 0;
    while (done < source.byteSize()) {
      long operation = nextOperation++;
      io.write(file, position + done, source.asSlice(done), operation);
      int written = await(operation);
      // Whole blocks only: the rest of a short write starts at a block again.
      int progress = written - written % FrameFormat.BLOCK_BYTES;
      if (written < 0 || progress == 0) {
        throw failure("write", file, position + done, written);
      }
      done += progress;
    }
  }

  /// Reads until the target is full or the file ends.
  ///
  /// @return bytes read
  public int read(StorageFile file, long position, MemorySegment target) throws StoreException {
    long done = 0;
    while (done < target.byteSize()) {
      long operation = nextOperation++;
      io.read(file, position + done, target.asSlice(done), operation);
      int read = await(operation);
      if (read < 0) {
        throw failure("read", file, position + done, read);
      }
      int progress = read - read % FrameFormat.BLOCK_BYTES;
      if (progress == 0) {
        break;
      }
      done += progress;
    }
    return (int) done;
  }

  /// Makes what was written durable.
  public void sync(StorageFile file) throws StoreException {
    long operation = nextOperation++;
    io.sync(file, operation);
    int synced = await(operation);
    if (synced < 0) {
      throw failure("sync", file, 0, synced);
    }
  }

  private int await(long operation) {
    isEnded = false;
    while (!isEnded) {
      io.reap(
          (ended, value) -> {
            if (ended == operation) {
              result = value;
              isEnded = true;
            }
          },
          WAIT_NANOS);
    }
    return result;
  }

  private static StoreException failure(String what, StorageFile file, long position, int result) {
    StoreException.Category category =
        result == -Errno.ENOSPC || result == -Errno.EDQUOT
            ? StoreException.Category.NO_SPACE
            : StoreException.Category.FAILED;
    return new StoreException(
        category,
        what + " of " + file.path() + " at byte " + position + ": " + Errno.describe(result));
  }
}
