package io.floe.storage;

import io.floe.storage.io.AlignedMemory;
import io.floe.storage.io.Errno;
import io.floe.storage.io.StorageFile;
import io.floe.storage.io.StorageIo;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.Locale;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import org.jspecify.annotations.Nullable;

/// Blocking transfers through the store's thread, for recovery and housekeeping.
///
/// Thread-safety: any thread but the store's. Errors: a full disk and a file that cannot be opened
/// for want of descriptors are a [StoreException] of category NO_SPACE (both heal by themselves),
/// everything else IO; a failed sync has failed the store already.
final class Disk {
  static final int BLOCK_BYTES = AlignedMemory.ALIGNMENT_BYTES;

  /// Long enough that the disk is busy, short enough that a commit does not wait behind it.
  private static final int PIECE_BYTES = 1 << 20;

  private static final int PIECES_IN_FLIGHT = 4;

  /// What pre-writing writes: shared, never changed.
  private static final MemorySegment ZEROS =
      AlignedMemory.allocate(Arena.global(), PIECE_BYTES).asReadOnly();

  private final StorageIo io;
  private final StoreThread thread;

  Disk(StorageIo io, StoreThread thread) {
    this.io = io;
    this.thread = thread;
  }

  StorageIo io() {
    return io;
  }

  /// Zeros to write, at most a mebibyte.
  static MemorySegment zeros(long sizeBytes) {
    return ZEROS.asSlice(0, sizeBytes);
  }

  /// Opens a file of blocks, direct where that can be.
  StorageFile openBlocks(Path path, StorageIo.Mode mode) throws StoreException {
    try {
      StorageFile file = io.open(path, mode, true);
      if (file.alignmentBytes() > BLOCK_BYTES) {
        io.close(file);
        file = io.open(path, mode, false);
      }
      return file;
    } catch (IOException e) {
      throw failed("open", path, e);
    }
  }

  /// Writes zeros over [from, to), both multiples of the block, and does not sync.
  void prewrite(StorageFile file, long from, long to) throws StoreException {
    ArrayDeque<Pending> pending = new ArrayDeque<>();
    long position = from;
    StoreException problem = null;
    while (problem == null && position < to) {
      if (pending.size() == PIECES_IN_FLIGHT) {
        problem = settle(pending.removeFirst(), "write");
      }
      MemorySegment piece = ZEROS.asSlice(0, Math.min(PIECE_BYTES, to - position));
      pending.add(new Pending(file, piece.byteSize(), thread.write(file, position, piece)));
      position += piece.byteSize();
    }
    while (!pending.isEmpty()) {
      StoreException next = settle(pending.removeFirst(), "write");
      problem = problem == null ? next : problem;
    }
    if (problem != null) {
      throw problem;
    }
  }

  /// A transfer under way.
  record Pending(StorageFile file, long sizeBytes, CompletableFuture<Integer> done) {}

  private static @Nullable StoreException settle(Pending pending, String what) {
    try {
      check(what, pending.file, pending.sizeBytes, await(pending.done));
      return null;
    } catch (StoreException e) {
      return e;
    }
  }

  void write(StorageFile file, long position, MemorySegment source) throws StoreException {
    check("write", file, source.byteSize(), await(thread.write(file, position, source)));
  }

  CompletableFuture<Integer> startWrite(StorageFile file, long position, MemorySegment source) {
    return thread.write(file, position, source);
  }

  CompletableFuture<Integer> startRead(StorageFile file, long position, MemorySegment target) {
    return thread.read(file, position, target);
  }

  CompletableFuture<Integer> startSync(StorageFile file) {
    return thread.sync(file);
  }

  void sync(StorageFile file) throws StoreException {
    check("sync", file, 0, await(thread.sync(file)));
  }

  /// Reads until the target is full or the file ends.
  ///
  /// @return bytes read
  long read(StorageFile file, long position, MemorySegment target) throws StoreException {
    long done = 0;
    while (done < target.byteSize()) {
      long sizeBytes = Math.min(target.byteSize() - done, 4L * PIECE_BYTES);
      int result = await(thread.read(file, position + done, target.asSlice(done, sizeBytes)));
      if (result < 0) {
        throw failed("read", file.path(), result);
      }
      done += result;
      // A direct read that ends inside a block met the end of the file.
      if (result == 0 || result % file.alignmentBytes() != 0) {
        break;
      }
    }
    return done;
  }

  /// Makes a small file whole or not at all: beside its target, synced, renamed. The caller syncs
  /// the directory.
  void replace(Path target, byte[] bytes) throws StoreException {
    Path temporary = StoreLayout.temporary(target);
    // What a crash left there may be longer.
    delete(temporary);
    try {
      StorageFile file = io.open(temporary, StorageIo.Mode.CREATE, false);
      try {
        write(file, 0, nativeCopy(bytes));
        sync(file);
      } finally {
        io.close(file);
      }
      io.rename(temporary, target);
    } catch (IOException e) {
      throw failed("write", target, e);
    }
  }

  static MemorySegment nativeCopy(byte[] bytes) {
    MemorySegment memory = AlignedMemory.allocate(Arena.ofAuto(), bytes.length);
    MemorySegment.copy(bytes, 0, memory, ValueLayout.JAVA_BYTE, 0, bytes.length);
    return memory;
  }

  void syncDirectory(Path directory) throws StoreException {
    try {
      io.syncDirectory(directory);
    } catch (IOException e) {
      StoreException cause = failed("sync of directory", directory, e);
      thread.fail(
          new StoreException(
              StoreException.Category.FAILED, String.valueOf(cause.getMessage()), e));
      throw cause;
    }
  }

  void delete(Path path) throws StoreException {
    try {
      if (Files.exists(path)) {
        io.delete(path);
      }
    } catch (IOException e) {
      throw failed("delete", path, e);
    }
  }

  void rename(Path from, Path to) throws StoreException {
    try {
      io.rename(from, to);
    } catch (IOException e) {
      throw failed("rename", from, e);
    }
  }

  static int await(CompletableFuture<Integer> done) throws StoreException {
    return awaitValue(done);
  }

  static <T> T awaitValue(CompletableFuture<T> done) throws StoreException {
    try {
      return done.get();
    } catch (ExecutionException e) {
      if (e.getCause() instanceof StoreException cause) {
        throw cause;
      }
      throw new IllegalStateException(e.getCause());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new StoreException(StoreException.Category.IO, "interrupted", e);
    }
  }

  static void check(String what, StorageFile file, long expected, int result)
      throws StoreException {
    if (result < 0) {
      throw failed(what, file.path(), result);
    }
    // A file system gives a short write when the disk is nearly full.
    if (result != expected) {
      throw new StoreException(
          StoreException.Category.NO_SPACE,
          what + " of " + file.path() + " was short: " + result + " of " + expected + " bytes");
    }
  }

  static StoreException failed(String what, Path path, int result) {
    return new StoreException(
        -result == Errno.ENOSPC || -result == Errno.EDQUOT
            ? StoreException.Category.NO_SPACE
            : StoreException.Category.IO,
        what + " of " + path + " failed: " + Errno.describe(result));
  }

  static StoreException failed(String what, Path path, IOException cause) {
    String reason =
        cause instanceof FileSystemException named && named.getReason() != null
            ? named.getReason()
            : String.valueOf(cause.getMessage());
    String lower = reason.toLowerCase(Locale.ROOT);
    return new StoreException(
        lower.contains("no space left")
                || lower.contains("enospc")
                || lower.contains("quota")
                || lower.contains("too many open files")
                || lower.contains("emfile")
            ? StoreException.Category.NO_SPACE
            : StoreException.Category.IO,
        what + " of " + path + " failed: " + reason,
        cause);
  }
}
