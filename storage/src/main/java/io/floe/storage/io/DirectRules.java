package io.floe.storage.io;

import java.io.IOException;
import java.nio.file.FileStore;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/// What holds for direct transfers to the files of a directory.
///
/// @param alignmentBytes what positions, lengths and addresses must be multiples of: the block size
///   of the filesystem, which is never below the sector of its disk
/// @param flushDomain see [StorageFile#flushDomain()]
public record DirectRules(int alignmentBytes, @Nullable String flushDomain) {
  private static final int ALIGNMENT_BYTES_MAX = 64 << 10;

  /// The only filesystem of which ADR 0007 shows that it may be named here.
  private static final String EXT4 = "ext4";

  /// The rules of the directories of a [StorageIo], each found once: the JDK reads the whole table
  /// of mounts for them.
  ///
  /// Thread-safety: any thread.
  public static final class Cache {
    private final Map<Path, DirectRules> byDirectory = new ConcurrentHashMap<>();

    /// The rules for an open file, or null when the filesystem's block is no power of two or so
    /// large (NFS says a megabyte) that direct transfers make no sense.
    public @Nullable DirectRules find(Path file) throws IOException {
      Path directory = file.toAbsolutePath().getParent();
      if (directory == null) {
        return of(file);
      }
      DirectRules known = byDirectory.get(directory);
      if (known == null) {
        known = of(file);
        if (known != null) {
          byDirectory.put(directory, known);
        }
      }
      return known;
    }
  }

  private static @Nullable DirectRules of(Path file) throws IOException {
    FileStore store = Files.getFileStore(file);
    long blockBytes = store.getBlockSize();
    if (blockBytes < 512 || blockBytes > ALIGNMENT_BYTES_MAX || Long.bitCount(blockBytes) != 1) {
      return null;
    }
    boolean isFlushOnly = store.type().equals(EXT4) && DirectProbe.isDirect(file);
    return new DirectRules((int) blockBytes, isFlushOnly ? EXT4 + ":" + store.name() : null);
  }
}
