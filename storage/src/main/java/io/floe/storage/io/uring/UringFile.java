package io.floe.storage.io.uring;

import io.floe.storage.io.OpenFile;
import java.nio.file.Path;

/// A file that [UringIo] opened.
final class UringFile extends OpenFile {
  final int descriptor;

  UringFile(UringIo owner, Path path, int descriptor, boolean isDirect, int alignmentBytes) {
    super(owner, path, isDirect, alignmentBytes);
    this.descriptor = descriptor;
  }
}
