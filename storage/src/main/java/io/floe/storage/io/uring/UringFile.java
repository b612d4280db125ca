package io.floe.storage.io.uring;

import io.floe.storage.io.DirectRules;
import io.floe.storage.io.OpenFile;
import java.nio.file.Path;

/// A file that [UringIo] opened.
final class UringFile extends OpenFile {
  final int descriptor;

  UringFile(UringIo owner, Path path, int descriptor) {
    super(owner, path, false, 1, null);
    this.descriptor = descriptor;
  }

  UringFile(UringIo owner, Path path, int descriptor, DirectRules rules) {
    super(owner, path, true, rules.alignmentBytes(), rules.flushDomain());
    this.descriptor = descriptor;
  }
}
