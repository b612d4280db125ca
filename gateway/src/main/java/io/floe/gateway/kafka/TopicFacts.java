package io.floe.gateway.kafka;

import io.floe.consensus.metadata.core.PartitionRecord;
import io.floe.consensus.metadata.core.SegmentRecord;
import io.floe.consensus.metadata.core.SegmentState;
import io.floe.consensus.metadata.core.TopicRecord;
import java.util.ArrayList;
import java.util.List;

/// What the metadata knows of a topic and Kafka's protocol has no field for. Shown as read-only
/// configs of the topic, so that every admin client can see it.
///
/// @param name of the config; `floe.` sets it apart from what can be set
public record TopicFacts(String name, String value, String describe) {
  /// How many copies the topic was created with. Its partitions may have fewer: as many as there
  /// are nodes.
  public static final String REPLICAS_WISHED = "floe.replicas.wished";

  /// Segments with acknowledged records that cannot be read, separated by `;`.
  public static final String DAMAGED_SEGMENTS = "floe.damaged.segments";

  static List<TopicFacts> of(TopicRecord topic) {
    return List.of(
        new TopicFacts(
            REPLICAS_WISHED,
            Integer.toString(topic.replicationFactor()),
            "Copies of each partition that were asked for when the topic was created; the"
                + " partitions themselves say how many there are."),
        new TopicFacts(
            DAMAGED_SEGMENTS,
            String.join("; ", damaged(topic)),
            "Segments in which acknowledged records cannot be read on any copy. Reads there fail,"
                + " all others are served; `floe inspect segment` says which offsets."));
  }

  private static List<String> damaged(TopicRecord topic) {
    List<String> damaged = new ArrayList<>();
    for (PartitionRecord partition : topic.partitions()) {
      for (SegmentRecord segment : partition.chain()) {
        if (segment.state() instanceof SegmentState.Sealed sealed && sealed.damaged()) {
          damaged.add(
              "partition "
                  + partition.index()
                  + " segment "
                  + segment.id()
                  + " within offsets "
                  + segment.baseOffset()
                  + " to "
                  + (sealed.endOffset() - 1));
        }
      }
    }
    return damaged;
  }
}
