package io.floe.gateway.tool;

import java.util.Set;

/// What is consumed.
///
/// @param partitions which partitions, empty for all
/// @param count after how many records to stop, -1 for never
/// @param isUntilEnd whether to stop at what was the end of each partition when consuming began
public record ConsumeOptions(
    String topic, Set<Integer> partitions, Start from, long count, boolean isUntilEnd) {
  public ConsumeOptions {
    partitions = Set.copyOf(partitions);
    if (count < -1) {
      throw new RemoteException("count " + count + " is negative", RemoteException.Kind.INVALID);
    }
  }

  /// Where to begin, in each partition.
  public sealed interface Start {
    /// The first record that is kept.
    record Earliest() implements Start {}

    /// Only what is produced from now on.
    record Latest() implements Start {}

    /// The record with this offset.
    record Offset(long offset) implements Start {}

    /// The first record with this timestamp (milliseconds since the epoch) or a later one; the end
    /// when there is none.
    record Timestamp(long timestamp) implements Start {}
  }

  /// All partitions from the first record, without end.
  public static ConsumeOptions earliest(String topic) {
    return new ConsumeOptions(topic, Set.of(), new Start.Earliest(), -1, false);
  }

  public ConsumeOptions withPartitions(Set<Integer> newPartitions) {
    return new ConsumeOptions(topic, newPartitions, from, count, isUntilEnd);
  }

  public ConsumeOptions withFrom(Start newFrom) {
    return new ConsumeOptions(topic, partitions, newFrom, count, isUntilEnd);
  }

  public ConsumeOptions withCount(long newCount) {
    return new ConsumeOptions(topic, partitions, from, newCount, isUntilEnd);
  }

  public ConsumeOptions withUntilEnd(boolean newUntilEnd) {
    return new ConsumeOptions(topic, partitions, from, count, newUntilEnd);
  }
}
