package io.floe.gateway.tool;

import java.util.List;
import java.util.SortedMap;
import java.util.UUID;

/// A topic as its node shows it.
///
/// @param partitions by index
/// @param configs only what was set for this topic, by name
/// @param replicasWished copies of each partition that were asked for, -1 when the node does not
///   say
/// @param damagedSegments where acknowledged records cannot be read, in words
public record TopicDescription(
    UUID id,
    String name,
    List<PartitionDescription> partitions,
    SortedMap<String, String> configs,
    int replicasWished,
    List<String> damagedSegments) {
  public TopicDescription {
    partitions = List.copyOf(partitions);
    damagedSegments = List.copyOf(damagedSegments);
  }

  /// One partition.
  ///
  /// @param leader node that writes it, or -1 when none does now
  /// @param epoch tenure number of the last writer that wrote a record, -1 when unknown
  /// @param earliest first offset that is kept
  /// @param latest offset that the next record gets, as readers see it (the high watermark)
  public record PartitionDescription(
      int index,
      int leader,
      int epoch,
      List<Integer> replicas,
      List<Integer> isr,
      long earliest,
      long latest) {
    public PartitionDescription {
      replicas = List.copyOf(replicas);
      isr = List.copyOf(isr);
    }
  }
}
