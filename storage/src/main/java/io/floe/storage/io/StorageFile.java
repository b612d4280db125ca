package io.floe.storage.io;

import java.nio.file.Path;

/// A file that a [StorageIo] opened. It belongs to that `StorageIo` and is closed through it.
///
/// Thread-safety: the getters may be called from any thread.
public interface StorageFile {
  Path path();

  /// Whether transfers bypass the page cache. If so, positions, lengths and memory addresses of
  /// every transfer must be multiples of [#alignmentBytes()].
  boolean isDirect();

  /// 1 when the file is not direct, otherwise a power of two (4096 on common disks).
  int alignmentBytes();
}
