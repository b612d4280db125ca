package io.floe.model;

/// The number of a store's life: drawn at random when its directory is created, so that a wiped or
/// replaced disk is a different store and never votes for what the old one held.
public record StoreIncarnation(long value) {
  @Override
  public String toString() {
    return Long.toHexString(value);
  }
}
