package io.floe.storage.io;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;

/// The one door to the disk: submit operations, reap completions.
///
/// Data transfers are asynchronous: [#write], [#read] and [#sync] queue an operation under a
/// caller's number and [#reap] hands back (number, result) in the order in which the operations
/// ended, which may differ from the order of submission. **Nothing orders two operations in
/// flight**: a sync covers exactly the writes whose completion was reaped before the sync was
/// submitted. That is the group commit: many writes in flight, all reaped, then one sync for each
/// touched file.
///
/// Names are synchronous: [#open], [#rename], [#delete] and [#syncDirectory] block and belong to
/// start-up and background work. They are here so that a fault-injecting implementation can lose a
/// name that was never synced.
///
/// Units: positions and lengths in bytes. Results: bytes transferred, 0 for a sync, or a negative
/// Linux errno (`-5` EIO, `-28` ENOSPC). A short transfer is a result like any other: the caller
/// goes on from there or fails.
///
/// Ownership: memory given to a transfer must be native, and belongs to the operation until its
/// completion is reaped.
///
/// Thread-safety: transfers and [#reap] belong to one thread, the first one that calls any of them.
/// [#open], [#close(StorageFile)] and the name operations may be called from any thread. [#wake]
/// may be called from any thread.
///
/// Errors: a failed operation is a negative result, a failed name operation an [IOException] with
/// the path. After a failed write or sync the file must not be synced again: the kernel may have
/// dropped the dirty pages (facts: a retried fsync lies).
public interface StorageIo extends AutoCloseable {

  /// How a file is opened.
  enum Mode {
    /// For reading; fails when it is not there.
    READ,
    /// For reading and writing; fails when it is not there.
    WRITE,
    /// For reading and writing; made when it is not there. The new name is durable only after
    /// [StorageIo#syncDirectory].
    CREATE
  }

  /// Receives one completion.
  @FunctionalInterface
  interface Completion {
    void onComplete(long operation, int result);
  }

  /// What `READY` and the log call it: `io_uring` or `file_channel`.
  String name();

  /// The largest number of operations in flight; a submission beyond it throws
  /// [IllegalStateException].
  int depth();

  /// Opens a file.
  ///
  /// @param direct whether to bypass the page cache; granted only where the filesystem can, see
  ///   [StorageFile#isDirect()]
  StorageFile open(Path path, Mode mode, boolean direct) throws IOException;

  /// Closes a file; it must have no operation in flight.
  void close(StorageFile file);

  void write(StorageFile file, long position, MemorySegment source, long operation);

  void read(StorageFile file, long position, MemorySegment target, long operation);

  /// Makes the file's reaped writes durable, together with the size and extents that are needed to
  /// read them (fdatasync).
  void sync(StorageFile file, long operation);

  /// Hands over completions.
  ///
  /// @param waitNanos 0 = only what is there; otherwise wait at most so long for the first one, or
  ///   until [#wake]
  /// @return how many were handed over
  int reap(Completion completion, long waitNanos);

  /// As [#reap(Completion, long)], for a caller who can do nothing before several operations ended:
  /// waking it for each would cost more than the operations. May hand over fewer all the same.
  ///
  /// @param enough how many completions are worth ending the wait for, at least 1; no more than are
  ///   in flight
  default int reap(Completion completion, long waitNanos, int enough) {
    return reap(completion, waitNanos);
  }

  /// Ends a waiting [#reap] early. Calls before it waits are not lost.
  void wake();

  /// Renames a file, replacing the target. Durable only after [#syncDirectory] of both parents.
  void rename(Path from, Path to) throws IOException;

  void delete(Path path) throws IOException;

  void syncDirectory(Path directory) throws IOException;

  /// Closes the ring and every file. Nothing may be in flight.
  @Override
  void close();
}
