package io.floe.storage.io;

/// Linux error numbers that a [StorageIo] hands over as negative results.
///
/// Source: `asm-generic/errno-base.h` and `asm-generic/errno.h`, the same on x86-64 and aarch64.
public final class Errno {
  public static final int EPERM = 1;
  public static final int ENOENT = 2;
  public static final int EINTR = 4;
  public static final int EIO = 5;
  public static final int EBADF = 9;
  public static final int EAGAIN = 11;
  public static final int ENOMEM = 12;
  public static final int EACCES = 13;
  public static final int EBUSY = 16;
  public static final int EEXIST = 17;
  public static final int EISDIR = 21;
  public static final int EINVAL = 22;
  public static final int EMFILE = 24;
  public static final int EFBIG = 27;
  public static final int ENOSPC = 28;
  public static final int EROFS = 30;
  public static final int ENOSYS = 38;
  public static final int ETIME = 62;
  public static final int EDQUOT = 122;

  private Errno() {}

  /// Text for a log or an exception: `ENOSPC (no space left)` for `-28`, the number of bytes for a
  /// result that is no error.
  public static String describe(int result) {
    if (result >= 0) {
      return result + " bytes";
    }
    return switch (-result) {
      case EPERM -> "EPERM (not permitted)";
      case ENOENT -> "ENOENT (no such file)";
      case EINTR -> "EINTR (interrupted)";
      case EIO -> "EIO (input/output error)";
      case EBADF -> "EBADF (file not open for this)";
      case EAGAIN -> "EAGAIN (try again)";
      case ENOMEM -> "ENOMEM (out of memory)";
      case EACCES -> "EACCES (permission denied)";
      case EBUSY -> "EBUSY (busy)";
      case EEXIST -> "EEXIST (exists already)";
      case EISDIR -> "EISDIR (is a directory)";
      case EINVAL -> "EINVAL (invalid argument)";
      case EMFILE -> "EMFILE (too many open files)";
      case EFBIG -> "EFBIG (file too large)";
      case ENOSPC -> "ENOSPC (no space left)";
      case EROFS -> "EROFS (read-only file system)";
      case ENOSYS -> "ENOSYS (not in this kernel, or forbidden by seccomp)";
      case ETIME -> "ETIME (timed out)";
      case EDQUOT -> "EDQUOT (quota exceeded)";
      default -> "errno " + -result;
    };
  }
}
