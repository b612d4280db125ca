package io.floe.storage;

import io.floe.storage.io.AlignedMemory;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;

/// A part of a file in memory, moved forward by whoever reads it in order.
///
/// Thread-safety: none.
final class ByteWindow {
  private static final int BLOCK_BYTES = AlignedMemory.ALIGNMENT_BYTES;

  /// Where the bytes come from.
  @FunctionalInterface
  interface Source {
    /// Reads from a block boundary until the target is full or the file ends; returns how many.
    long read(long position, MemorySegment target) throws IOException, StoreException;
  }

  /// Bytes that are known better than the file knows them: an image from the tail journal.
  record Overlay(long position, @SuppressWarnings("ArrayRecordComponent") byte[] bytes) {}

  private final Source source;
  private final List<Overlay> overlays;
  private final List<Overlay> restored = new ArrayList<>();
  private MemorySegment memory;
  private ByteBuffer bytes;
  private long start;
  private int length;

  ByteWindow(Source source, int sizeBytes, List<Overlay> overlays) {
    this.source = source;
    this.overlays = overlays;
    this.memory = AlignedMemory.allocate(Arena.ofAuto(), sizeBytes);
    this.bytes = memory.asByteBuffer();
  }

  /// Makes [position, position + sizeBytes) available in [#bytes()], at [#at(long)]. False when the
  /// file ends before.
  boolean has(long position, int sizeBytes) throws IOException, StoreException {
    if (position >= start && position + sizeBytes <= start + length) {
      return true;
    }
    long from = AlignedMemory.roundDown(position, BLOCK_BYTES);
    long needed = AlignedMemory.roundUp(position + sizeBytes - from, BLOCK_BYTES);
    if (needed > memory.byteSize()) {
      memory = AlignedMemory.allocate(Arena.ofAuto(), Math.max(needed, 2 * memory.byteSize()));
      bytes = memory.asByteBuffer();
    }
    start = from;
    length = (int) source.read(from, memory);
    for (Overlay overlay : overlays) {
      lay(overlay);
    }
    return position + sizeBytes <= start + length;
  }

  private void lay(Overlay overlay) {
    // An overlay lies in one block, so it is in the window as a whole or not at all.
    if (overlay.position < start || overlay.position >= start + memory.byteSize()) {
      return;
    }
    int at = (int) (overlay.position - start);
    if (at + overlay.bytes.length > memory.byteSize()) {
      return;
    }
    boolean isSame = at + overlay.bytes.length <= length;
    for (int i = 0; i < overlay.bytes.length && isSame; i++) {
      isSame = bytes.get(at + i) == overlay.bytes[i];
    }
    if (!isSame && at <= length) {
      bytes.put(at, overlay.bytes);
      length = Math.max(length, at + overlay.bytes.length);
      if (!restored.contains(overlay)) {
        restored.add(overlay);
      }
    }
  }

  /// Overlays that differed from the file.
  List<Overlay> restored() {
    return restored;
  }

  ByteBuffer bytes() {
    return bytes;
  }

  int at(long position) {
    return (int) (position - start);
  }
}
