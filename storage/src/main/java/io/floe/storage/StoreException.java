package io.floe.storage;

import java.io.Serial;
import java.util.OptionalLong;

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
  private final long readableFrom;

  public StoreException(Category category, String message) {
    super(message);
    this.category = category;
    this.readableFrom = -1;
  }

  private StoreException(Category category, String message, Throwable cause, long readableFrom) {
    super(message, cause);
    this.category = category;
    this.readableFrom = readableFrom;
  }

  /// The same fault of category DAMAGED, with the place where reading may go on.
  StoreException readableFrom(long offset) {
    return new StoreException(category, String.valueOf(getMessage()), this, offset);
  }

  public StoreException(Category category, String message, Throwable cause) {
    super(message, cause);
    this.category = category;
    this.readableFrom = -1;
  }

  public Category category() {
    return category;
  }

  /// The first offset behind the damage where a read may find batches again, at most the segment's
  /// end; empty when unknown. A read from there may meet the next damage.
  public OptionalLong readableFrom() {
    return readableFrom < 0 ? OptionalLong.empty() : OptionalLong.of(readableFrom);
  }
}
