package io.floe.client;

import java.nio.charset.StandardCharsets;

/// Makes a key or a value from its bytes. A missing (null) key or value is not given to it.
///
/// Thread-safety: one deserializer may be used by several streams at once. Errors: what it throws
/// fails the stream with [ConsumerException.Undecodable].
@FunctionalInterface
public interface Deserializer<T> {

  T deserialize(String topic, byte[] bytes);

  static Deserializer<byte[]> bytes() {
    return (topic, bytes) -> bytes;
  }

  /// UTF-8.
  static Deserializer<String> string() {
    return (topic, bytes) -> new String(bytes, StandardCharsets.UTF_8);
  }
}
