package io.floe.storage.io.faulty;

import io.floe.storage.io.Errno;
import java.util.OptionalInt;
import java.util.function.Predicate;

/// Decides which transfers do not go as they should.
///
/// Thread-safety: called by the owner of the transfers, one at a time.
@FunctionalInterface
public interface Fault {

  /// The result that the transfer shall have: a negative error number (nothing reaches the file), a
  /// number of bytes below its length (only so many are transferred, rounded down to the alignment
  /// of a direct file), or nothing to let it pass.
  OptionalInt resultFor(Transfer transfer);

  /// Gives every matching transfer that error.
  ///
  /// @param errno positive, as in [Errno]
  static Fault failIf(Predicate<Transfer> condition, int errno) {
    return transfer -> condition.test(transfer) ? OptionalInt.of(-errno) : OptionalInt.empty();
  }

  /// Fails the n-th write from the opening on, counted from 1, with EIO.
  static Fault failWrite(long n) {
    return failIf(transfer -> isNth(transfer, Transfer.Kind.WRITE, n), Errno.EIO);
  }

  /// Fails the n-th sync from the opening on, counted from 1, with EIO.
  static Fault failSync(long n) {
    return failIf(transfer -> isNth(transfer, Transfer.Kind.SYNC, n), Errno.EIO);
  }

  /// Lets only so many bytes of the n-th write pass.
  static Fault shortenWrite(long n, int sizeBytes) {
    return transfer ->
        isNth(transfer, Transfer.Kind.WRITE, n) && sizeBytes < transfer.sizeBytes()
            ? OptionalInt.of(sizeBytes)
            : OptionalInt.empty();
  }

  private static boolean isNth(Transfer transfer, Transfer.Kind kind, long n) {
    return transfer.kind() == kind && transfer.ordinal() == n;
  }
}
