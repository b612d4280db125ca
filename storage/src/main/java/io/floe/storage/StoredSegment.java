package io.floe.storage;

import io.floe.model.SegmentId;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// One segment as readers see it, whatever its state: its file, how far it may be read, what of it
/// is in memory. Readers pin it; its file is not used again before the last of them let go.
///
/// Thread-safety: any thread.
final class StoredSegment {
  final SegmentId id;
  final Path path;
  final TailCache cache;

  /// Null for a sealed segment whose footer was not loaded, and for one whose description is lost.
  private @Nullable SparseIndex index;

  private long baseOffset;
  private long endOffset;
  private long endPosition;
  private boolean isSealed;
  private List<OffsetRange> damaged = List.of();

  private int pins;
  private @Nullable FileChannel channel;
  private boolean isDeleted;
  private @Nullable Runnable whenUnpinned;

  StoredSegment(SegmentId id, Path path, TailCache cache) {
    this.id = id;
    this.path = path;
    this.cache = cache;
  }

  /// How far a segment may be read.
  record View(
      long baseOffset,
      long endOffset,
      long endPosition,
      @Nullable SparseIndex index,
      List<OffsetRange> damaged) {}

  synchronized View view() {
    return new View(baseOffset, endOffset, endPosition, index, damaged);
  }

  synchronized void show(
      long baseOffset, long endOffset, long endPosition, @Nullable SparseIndex index) {
    this.baseOffset = baseOffset;
    this.endOffset = endOffset;
    this.endPosition = endPosition;
    this.index = index;
  }

  synchronized void extend(long endOffset, long endPosition) {
    this.endOffset = endOffset;
    this.endPosition = endPosition;
  }

  synchronized void damaged(List<OffsetRange> ranges) {
    damaged = List.copyOf(ranges);
  }

  synchronized boolean isSealed() {
    return isSealed;
  }

  /// From now on the footer says what the segment holds; the index is dropped and loaded on demand.
  synchronized void becomeSealed() {
    isSealed = true;
    index = null;
  }

  /// Drops a loaded footer's index again.
  synchronized void unload() {
    if (isSealed) {
      index = null;
    }
  }

  /// Pins the file. False when the segment is deleted.
  synchronized boolean pin() {
    if (isDeleted) {
      return false;
    }
    pins++;
    return true;
  }

  /// Pins once more; the caller holds a pin.
  synchronized void pinAgain() {
    pins++;
  }

  void unpin() {
    Runnable action = null;
    synchronized (this) {
      pins--;
      if (pins == 0 && isDeleted) {
        closeChannel();
        action = whenUnpinned;
        whenUnpinned = null;
      }
    }
    if (action != null) {
      action.run();
    }
  }

  /// Refuses new pins, and runs `action` when the last one is gone.
  void delete(Runnable action) {
    // Slices hold the chunks that they need.
    cache.clear();
    synchronized (this) {
      isDeleted = true;
      if (pins > 0) {
        whenUnpinned = action;
        return;
      }
      closeChannel();
    }
    action.run();
  }

  /// The file, for a caller that holds a pin.
  synchronized FileChannel channel() throws IOException {
    FileChannel open = channel;
    if (open == null || !open.isOpen()) {
      open = FileChannel.open(path, StandardOpenOption.READ);
      channel = open;
    }
    return open;
  }

  synchronized boolean hasChannel() {
    return channel != null;
  }

  /// Closes the file unless it is pinned. Says whether it is closed now.
  synchronized boolean closeIfIdle() {
    if (pins > 0) {
      return false;
    }
    closeChannel();
    return true;
  }

  private void closeChannel() {
    FileChannel open = channel;
    channel = null;
    if (open != null) {
      try {
        open.close();
      } catch (IOException e) {
        // It was only read.
        throw new UncheckedIOException(e);
      }
    }
  }
}
