package io.floe.gateway.tool;

import org.jspecify.annotations.Nullable;

/// A header of a record. Names may repeat.
///
/// Ownership: the bytes are not copied; do not change them.
public final class RemoteHeader {
  private final String name;
  private final byte @Nullable [] value;

  public RemoteHeader(String name, byte @Nullable [] value) {
    this.name = name;
    this.value = value;
  }

  public String name() {
    return name;
  }

  public byte @Nullable [] value() {
    return value;
  }
}
