package io.floe.storage;

import java.nio.file.Path;

/// How a store works. See `reference.conf` for each value's meaning and why.
///
/// @param io which [io.floe.storage.io.StorageIo]: chosen automatically unless named
/// @param inflightBytesMax appended and not yet durable bytes in the whole store before
///   [OpenSegment#reserve] answers PREPARING
/// @param tailCacheBytes memory for recently appended bytes
/// @param openFilesMax files kept open; idle ones are closed beyond it
/// @param indexIntervalBytes bytes between two entries of the sparse index
/// @param hotFileBytes size of a pre-written file for a hot segment
/// @param poolFilesMax recycled files kept
public record StoreSettings(
    Path directory,
    Io io,
    long inflightBytesMax,
    long tailCacheBytes,
    int openFilesMax,
    int indexIntervalBytes,
    long hotFileBytes,
    int poolFilesMax) {

  /// Which implementation does the I/O.
  public enum Io {
    AUTO,
    IO_URING,
    FILE_CHANNEL
  }

  /// The defaults, for a directory.
  public static StoreSettings of(Path directory) {
    return new StoreSettings(
        directory, Io.AUTO, 64L << 20, 128L << 20, 4096, 16 << 10, 64L << 20, 8);
  }
}
