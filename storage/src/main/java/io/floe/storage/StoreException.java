package io.floe.storage;

import java.io.Serial;

/// A fault of a store. The message names the path and what to do.
public final class StoreException extends Exception {
  @Serial private static final long serialVersionUID = 1;

  /// What kind of fault it is.
  public enum Category {
    /// Another process holds the directory.
    LOCKED,
    /// The directory belongs to another node or cluster, or has a newer format.
    WRONG_IDENTITY,
    /// A write or a sync failed: the store takes nothing until it is opened again.
    FAILED,
    /// No space was left; nothing was written.
    NO_SPACE,
    /// Bytes on disk are not what was written.
    DAMAGED,
    /// Any other error of the file system.
    IO
  }

  private final Category category;

  public StoreException(Category category, String message) {
    super(message);
    this.category = category;
  }

  public StoreException(Category category, String message, Throwable cause) {
    super(message, cause);
    this.category = category;
  }

  public Category category() {
    return category;
  }
}
