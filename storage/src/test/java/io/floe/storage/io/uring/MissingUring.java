package io.floe.storage.io.uring;

import io.floe.storage.io.StorageIo;

/// A machine without the library.
public final class MissingUring {
  private MissingUring() {}

  public static StorageIo open(int depth) throws UringUnavailableException {
    LibUring.load("libfloe-not-there.so.2");
    throw new AssertionError("found it, depth " + depth);
  }
}
