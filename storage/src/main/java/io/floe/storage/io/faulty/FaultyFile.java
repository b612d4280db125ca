package io.floe.storage.io.faulty;

import io.floe.storage.io.OpenFile;
import io.floe.storage.io.StorageFile;
import java.nio.file.Path;

/// A file that [FaultyIo] opened through the real one.
final class FaultyFile extends OpenFile {
  final StorageFile real;
  final TrackedFile tracked;

  FaultyFile(FaultyIo owner, Path path, StorageFile real, TrackedFile tracked) {
    super(owner, path, real.isDirect(), real.alignmentBytes());
    this.real = real;
    this.tracked = tracked;
  }
}
