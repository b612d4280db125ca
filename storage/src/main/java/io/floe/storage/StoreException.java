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
  private final long nextOffset;

  public StoreException(Category category, String message) {
    super(message);
    this.category = category;
    this.nextOffset = -1;
  }

  private StoreException(String message, long nextOffset) {
    super(message);
    this.category = Category.DAMAGED;
    this.nextOffset = nextOffset;
  }

  /// What was asked for lies in a range that is known to be damaged.
  static StoreException damaged(String message, OffsetRange range) {
    return new StoreException(message, range.to());
  }

  public StoreException(Category category, String message, Throwable cause) {
    super(message, cause);
    this.category = category;
    this.nextOffset = -1;
  }

  public Category category() {
    return category;
  }

  /// The first offset behind a known damaged range, or -1.
  public long nextOffset() {
    return nextOffset;
  }
}
