package io.floe.storage.io;

import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

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

  /// What else a sync of this file covers: reaped writes to other files of an equal domain, as long
  /// as they went to blocks that were written **and synced through that file** before, so that only
  /// the cache of the disk stands between them and the platter. Null: only this file.
  ///
  /// Source: ADR 0007.
  @Nullable String flushDomain();
}
