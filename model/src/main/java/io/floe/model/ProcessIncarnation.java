package io.floe.model;

/// The number of a process's life: increases with every start of a node on one store. A segment has
/// one writer *process*, so a restarted node is another writer.
///
/// @param value 1 for the first start on a store
public record ProcessIncarnation(long value) {
  public ProcessIncarnation {
    if (value < 1) {
      throw new IllegalArgumentException("process incarnation " + value + " is not positive");
    }
  }

  @Override
  public String toString() {
    return Long.toString(value);
  }
}
