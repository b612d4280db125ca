package io.floe.storage.io.faulty;

import io.floe.storage.io.OpenFile;
import io.floe.storage.io.StorageFile;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/// A file that [FaultyIo] opened through the real one.
final class FaultyFile extends OpenFile {
  final StorageFile real;
  final TrackedFile tracked;

  FaultyFile(
      FaultyIo owner,
      Path path,
      StorageFile real,
      TrackedFile tracked,
      @Nullable String flushDomain) {
    super(owner, path, real.isDirect(), real.alignmentBytes(), flushDomain);
    this.real = real;
    this.tracked = tracked;
  }
}
