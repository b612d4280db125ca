package io.floe.storage.io.channel;

import io.floe.storage.io.Errno;
import java.io.IOException;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.NonReadableChannelException;
import java.nio.channels.NonWritableChannelException;
import java.nio.file.FileSystemException;
import java.util.Map;

/// Turns what a file channel throws into the error number behind it.
///
/// The JDK keeps only the system's text for the number, so this reads the text. A text that it does
/// not know (another language, a rare error) becomes EIO, which stops a store as any of them would;
/// only ENOSPC and EDQUOT are worth telling apart, since they heal.
final class Failures {
  private static final Map<String, Integer> ERRNO_BY_TEXT =
      Map.of(
          "Operation not permitted", Errno.EPERM,
          "Input/output error", Errno.EIO,
          "Bad file descriptor", Errno.EBADF,
          "Permission denied", Errno.EACCES,
          "Is a directory", Errno.EISDIR,
          "Invalid argument", Errno.EINVAL,
          "File too large", Errno.EFBIG,
          "No space left on device", Errno.ENOSPC,
          "Read-only file system", Errno.EROFS,
          "Disk quota exceeded", Errno.EDQUOT);

  private Failures() {}

  static boolean isInvalidArgument(IOException failure) {
    return resultOf(failure) == -Errno.EINVAL;
  }

  /// A negative result for [io.floe.storage.io.StorageIo.Completion].
  static int resultOf(Exception failure) {
    if (failure instanceof ClosedChannelException
        || failure instanceof NonWritableChannelException
        || failure instanceof NonReadableChannelException) {
      return -Errno.EBADF;
    }
    // Opening names the file: the reason is then a field of its own.
    String text =
        failure instanceof FileSystemException named ? named.getReason() : failure.getMessage();
    return text == null ? -Errno.EIO : -ERRNO_BY_TEXT.getOrDefault(text, Errno.EIO);
  }
}
