package io.floe.client;

import java.nio.charset.StandardCharsets;

/// Makes the bytes of a key or a value. A missing (null) key or value is not given to it.
///
/// Thread-safety: one serializer may be used by several streams at once. Errors: what it throws
/// fails the stream.
@FunctionalInterface
public interface Serializer<T> {

  byte[] serialize(String topic, T value);

  static Serializer<byte[]> bytes() {
    return (topic, bytes) -> bytes;
  }

  /// UTF-8.
  static Serializer<String> string() {
    return (topic, text) -> text.getBytes(StandardCharsets.UTF_8);
  }
}
