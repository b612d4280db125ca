package io.floe.model.batch;

import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.util.Arrays;

/// A byte array that grows by doubling and is kept for the next use.
///
/// Thread-safety: none.
final class GrowingBytes extends OutputStream {
  private byte[] bytes;
  private ByteBuffer view;
  private int size;

  GrowingBytes(int initialBytes) {
    bytes = new byte[initialBytes];
    view = ByteBuffer.wrap(bytes);
  }

  byte[] array() {
    return bytes;
  }

  /// The whole array, for absolute access; replaced when the array grows.
  ByteBuffer view() {
    return view;
  }

  int size() {
    return size;
  }

  void resize(int newSize) {
    ensureRoom(Math.max(0, newSize - size));
    size = newSize;
  }

  /// Makes room for `more` bytes after the end.
  void ensureRoom(int more) {
    if (bytes.length - size < more) {
      int needed = Math.addExact(size, more);
      int doubled = (int) Math.min(Integer.MAX_VALUE - 16L, bytes.length * 2L);
      bytes = Arrays.copyOf(bytes, Math.max(needed, doubled));
      view = ByteBuffer.wrap(bytes);
    }
  }

  @Override
  public void write(int value) {
    ensureRoom(1);
    bytes[size++] = (byte) value;
  }

  @Override
  public void write(byte[] source, int offset, int length) {
    ensureRoom(length);
    System.arraycopy(source, offset, bytes, size, length);
    size += length;
  }

  void writeIntLittleEndian(int value) {
    write(value);
    write(value >>> 8);
    write(value >>> 16);
    write(value >>> 24);
  }

  void writeIntBigEndian(int value) {
    writeIntLittleEndian(Integer.reverseBytes(value));
  }
}
