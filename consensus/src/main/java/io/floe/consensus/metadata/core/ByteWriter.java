package io.floe.consensus.metadata.core;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/// Big-endian numbers and short strings into a growing array.
final class ByteWriter {
  private static final int U16_MAX = 0xFFFF;

  private ByteBuffer buffer = ByteBuffer.allocate(256);

  int sizeBytes() {
    return buffer.position();
  }

  ByteWriter u8(int value) {
    room(1).put((byte) value);
    return this;
  }

  ByteWriter u16(int value) {
    if (value < 0 || value > U16_MAX) {
      throw new IllegalArgumentException(value + " does not fit 16 bits");
    }
    room(2).putShort((short) value);
    return this;
  }

  ByteWriter i32(int value) {
    room(4).putInt(value);
    return this;
  }

  ByteWriter i64(long value) {
    room(8).putLong(value);
    return this;
  }

  ByteWriter text(String value) {
    byte[] bytes = value.getBytes(StandardCharsets.UTF_8);
    u16(bytes.length);
    room(bytes.length).put(bytes);
    return this;
  }

  byte[] toBytes() {
    return Arrays.copyOf(buffer.array(), buffer.position());
  }

  private ByteBuffer room(int bytes) {
    if (buffer.remaining() < bytes) {
      int size = Math.max(buffer.capacity() * 2, buffer.position() + bytes);
      buffer = ByteBuffer.allocate(size).put(buffer.flip());
    }
    return buffer;
  }
}
