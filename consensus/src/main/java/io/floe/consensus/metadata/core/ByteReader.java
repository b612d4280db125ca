package io.floe.consensus.metadata.core;

import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;

/// Reads what a [ByteWriter] wrote. Nothing that is read decides how much is allocated before it is
/// known that so many bytes are there.
///
/// Errors: [MalformedMetadata] whenever the bytes end early or say what cannot be.
final class ByteReader {
  private final ByteBuffer buffer;

  ByteReader(byte[] bytes) {
    buffer = ByteBuffer.wrap(bytes);
  }

  int u8() {
    return need(1).get() & 0xFF;
  }

  int u16() {
    return need(2).getShort() & 0xFFFF;
  }

  int i32() {
    return need(4).getInt();
  }

  long i64() {
    return need(8).getLong();
  }

  String text() {
    int length = u16();
    ByteBuffer slice = need(length).slice(buffer.position(), length);
    buffer.position(buffer.position() + length);
    try {
      return StandardCharsets.UTF_8.newDecoder().decode(slice).toString();
    } catch (CharacterCodingException notText) {
      throw new MalformedMetadata("text at byte " + buffer.position() + " is not UTF-8", notText);
    }
  }

  /// A number of elements that follow, each of at least `elementBytesMin` bytes.
  int count(int elementBytesMin) {
    int count = i32();
    if (count < 0 || (long) count * elementBytesMin > buffer.remaining()) {
      throw new MalformedMetadata(
          count
              + " elements of at least "
              + elementBytesMin
              + " bytes cannot be in the "
              + buffer.remaining()
              + " bytes that are left");
    }
    return count;
  }

  boolean hasMore() {
    return buffer.hasRemaining();
  }

  void end() {
    if (buffer.hasRemaining()) {
      throw new MalformedMetadata(buffer.remaining() + " bytes too many");
    }
  }

  private ByteBuffer need(int bytes) {
    if (buffer.remaining() < bytes) {
      throw new MalformedMetadata(
          "ends at byte " + buffer.limit() + ", where " + bytes + " more are needed");
    }
    return buffer;
  }
}
