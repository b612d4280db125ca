package io.floe.storage.io.faulty;

import java.nio.file.Path;

/// A transfer that was submitted, as a [Fault] sees it.
///
/// @param ordinal 1 for the first transfer of this kind, 2 for the second, …
/// @param position 0 for a sync
/// @param sizeBytes 0 for a sync
public record Transfer(Kind kind, long ordinal, Path path, long position, int sizeBytes) {

  /// What is transferred.
  public enum Kind {
    WRITE,
    READ,
    SYNC
  }
}
