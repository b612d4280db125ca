package io.floe.storage.io;

import java.nio.file.Path;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/// What the files of all implementations have in common, above all the guard that nothing is
/// submitted to a closed file: its descriptor number may already belong to another file.
///
/// Thread-safety: [#begin] and [#end] belong to the owner of the transfers, [#beginClose] to any
/// thread.
public abstract class OpenFile implements StorageFile {
  private static final int CLOSED = Integer.MIN_VALUE;

  private final StorageIo owner;
  private final Path path;
  private final boolean isDirect;
  private final int alignmentBytes;
  private final @Nullable String flushDomain;

  /// Operations in flight, or far below zero once closed. One word, so that a close and a
  /// submission at the same time cannot both succeed.
  private final AtomicInteger inFlight = new AtomicInteger();

  /// A file that is open.
  ///
  /// @param alignmentBytes 1 when not direct
  protected OpenFile(
      StorageIo owner,
      Path path,
      boolean isDirect,
      int alignmentBytes,
      @Nullable String flushDomain) {
    this.owner = owner;
    this.path = path;
    this.isDirect = isDirect;
    this.alignmentBytes = alignmentBytes;
    this.flushDomain = flushDomain;
  }

  /// Whether that instance opened this file.
  public final boolean belongsTo(StorageIo io) {
    return owner.equals(io);
  }

  /// Counts an operation in.
  ///
  /// @throws IllegalStateException if the file is closed
  public final void begin() {
    if (inFlight.incrementAndGet() < 0) {
      inFlight.decrementAndGet();
      throw new IllegalStateException(path + " is closed");
    }
  }

  /// Counts an operation out.
  public final void end() {
    inFlight.decrementAndGet();
  }

  /// Whether no operation is in flight or the file is closed.
  public final boolean isIdle() {
    return inFlight.get() <= 0;
  }

  /// Marks the file as closed.
  ///
  /// @return whether the caller is the one who has to close it
  /// @throws IllegalStateException if an operation is in flight
  public final boolean beginClose() {
    if (inFlight.compareAndSet(0, CLOSED)) {
      return true;
    }
    int running = inFlight.get();
    if (running > 0) {
      throw new IllegalStateException(path + " has " + running + " operations in flight");
    }
    return false;
  }

  @Override
  public final Path path() {
    return path;
  }

  @Override
  public final boolean isDirect() {
    return isDirect;
  }

  @Override
  public final int alignmentBytes() {
    return alignmentBytes;
  }

  @Override
  public final @Nullable String flushDomain() {
    return flushDomain;
  }

  @Override
  public final String toString() {
    return path.toString();
  }
}
