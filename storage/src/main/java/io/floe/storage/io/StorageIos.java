package io.floe.storage.io;

import io.floe.storage.StoreException;
import io.floe.storage.StoreSettings;
import io.floe.storage.io.channel.FileChannelIo;
import io.floe.storage.io.uring.UringIo;
import io.floe.storage.io.uring.UringUnavailableException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Chooses the implementation of [StorageIo] that a setting asks for and the machine can give.
public final class StorageIos {
  private static final Logger LOG = LoggerFactory.getLogger(StorageIos.class);

  /// How to get io_uring, so that tests can take it away.
  @FunctionalInterface
  interface UringSource {
    StorageIo open(int depth) throws UringUnavailableException;
  }

  private StorageIos() {}

  /// Opens the chosen implementation; the caller closes it.
  ///
  /// `AUTO` takes io_uring and falls back to the file channel, with one line of warning that says
  /// why and what would help.
  ///
  /// @param depth the largest number of operations in flight
  /// @throws StoreException if io_uring was demanded and is not there
  public static StorageIo open(StoreSettings.Io choice, int depth) throws StoreException {
    return open(choice, depth, UringIo::create);
  }

  static StorageIo open(StoreSettings.Io choice, int depth, UringSource uring)
      throws StoreException {
    if (choice == StoreSettings.Io.FILE_CHANNEL) {
      return FileChannelIo.create(depth);
    }
    try {
      return uring.open(depth);
    } catch (UringUnavailableException e) {
      if (choice == StoreSettings.Io.IO_URING) {
        throw new StoreException(
            StoreException.Category.IO,
            "io_uring was demanded but is not available: " + e.getMessage(),
            e);
      }
      LOG.atWarn()
          .addKeyValue("io", FileChannelIo.NAME)
          .addKeyValue("cause", e.getMessage())
          .log("io_uring is not available, falling back to file channels");
      return FileChannelIo.create(depth);
    }
  }
}
