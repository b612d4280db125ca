package io.floe.client;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/// A named value beside a record's key and value. Names may repeat.
public final class Header {
  private final String key;
  private final byte @Nullable [] value;

  /// @param value kept as it is, not copied
  public Header(String key, byte @Nullable [] value) {
    this.key = Objects.requireNonNull(key, "header key");
    this.value = value;
  }

  /// A header with a text in UTF-8.
  public static Header of(String key, String value) {
    return new Header(key, value.getBytes(StandardCharsets.UTF_8));
  }

  public String key() {
    return key;
  }

  public byte @Nullable [] value() {
    return value;
  }

  @Override
  public boolean equals(@Nullable Object other) {
    return other instanceof Header header
        && key.equals(header.key)
        && Arrays.equals(value, header.value);
  }

  @Override
  public int hashCode() {
    return 31 * key.hashCode() + Arrays.hashCode(value);
  }

  @Override
  public String toString() {
    return key + "=" + (value == null ? "null" : new String(value, StandardCharsets.UTF_8));
  }
}
