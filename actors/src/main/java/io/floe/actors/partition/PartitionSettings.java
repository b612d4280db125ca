package io.floe.actors.partition;

import io.floe.consensus.metadata.core.TopicConfig;
import io.floe.consensus.metadata.core.TopicConfigs;
import io.floe.consensus.metadata.core.TopicRecord;
import java.time.Duration;

/// What a topic's configuration means for the writer of one of its partitions.
///
/// @param segmentBytes a segment is rolled when it holds so many bytes
/// @param segmentAge a segment with records is rolled when it is that old
record PartitionSettings(long segmentBytes, Duration segmentAge) {
  PartitionSettings {
    if (segmentBytes < 1 || segmentAge.isNegative() || segmentAge.isZero()) {
      throw new IllegalArgumentException(
          "segment bytes " + segmentBytes + ", segment age " + segmentAge);
    }
  }

  static PartitionSettings of(TopicRecord topic) {
    return new PartitionSettings(
        number(topic, TopicConfigs.SEGMENT_BYTES),
        Duration.ofMillis(number(topic, TopicConfigs.SEGMENT_MS)));
  }

  private static long number(TopicRecord topic, TopicConfig config) {
    return Long.parseLong(topic.configs().getOrDefault(config.name(), config.defaultValue()));
  }
}
