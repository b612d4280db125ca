package io.floe.consensus.metadata.core;

import io.floe.model.SegmentId;
import java.util.ArrayList;
import java.util.List;

/// Where the first segments of new partitions go: writers round robin over the registered nodes in
/// id order, each followed by the next nodes in the circle as its other copies. A function of the
/// state alone; the circle goes on from topic to topic, since segment ids do.
final class Placement {
  private final List<NodeRecord> nodes;

  Placement(MetadataState state) {
    nodes = List.copyOf(state.nodes());
  }

  /// Opens the first segments of `count` new partitions of a topic.
  List<SegmentRecord> firstSegments(MetadataState state, TopicRecord topic, int count) {
    int copies = Math.min(topic.replicationFactor(), nodes.size());
    int ackQuorum = topic.ackQuorum(nodes.size());
    List<SegmentRecord> segments = new ArrayList<>(count);
    for (int i = 0; i < count; i++) {
      long id = state.nextSegmentId() + i;
      int first = (int) ((id - 1) % nodes.size());
      List<ReplicaId> replicas = new ArrayList<>(copies);
      for (int copy = 0; copy < copies; copy++) {
        replicas.add(nodes.get((first + copy) % nodes.size()).replica());
      }
      segments.add(
          new SegmentRecord(
              new SegmentId(id),
              state.nextEpoch() + i,
              0,
              nodes.get(first).writer(),
              replicas,
              ackQuorum,
              new SegmentState.Open()));
    }
    return segments;
  }
}
