package io.floe.storage.log;

import io.floe.storage.StoreException;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import org.jspecify.annotations.Nullable;

/// The right to use a directory: a locked file in it, held against other processes and against this
/// one. The system frees it when the process dies.
///
/// Errors: `LOCKED` when somebody has it.
public final class DirectoryLock implements AutoCloseable {
  private static final String NAME = "lock";

  private final FileChannel channel;

  private DirectoryLock(FileChannel channel) {
    this.channel = channel;
  }

  /// Takes the lock of `directory`, which is made if it is not there.
  public static DirectoryLock acquire(Path directory) throws StoreException {
    FileChannel channel = null;
    try {
      Files.createDirectories(directory);
      channel =
          FileChannel.open(
              directory.resolve(NAME), StandardOpenOption.CREATE, StandardOpenOption.WRITE);
      if (channel.tryLock() == null) {
        throw locked(directory, channel, null);
      }
      return new DirectoryLock(channel);
    } catch (OverlappingFileLockException e) {
      throw locked(directory, channel, e);
    } catch (IOException e) {
      closeQuietly(channel);
      throw LogFiles.failure("locking", directory, e);
    }
  }

  private static StoreException locked(
      Path directory, @Nullable FileChannel channel, @Nullable Exception cause) {
    closeQuietly(channel);
    StoreException locked =
        new StoreException(
            StoreException.Category.LOCKED, "directory " + directory + " is in use by another");
    if (cause != null) {
      locked.initCause(cause);
    }
    return locked;
  }

  @Override
  public void close() {
    closeQuietly(channel);
  }

  private static void closeQuietly(@Nullable FileChannel channel) {
    if (channel != null) {
      try {
        channel.close();
      } catch (IOException e) {
        // The descriptor is gone either way, and the lock with it.
      }
    }
  }
}
