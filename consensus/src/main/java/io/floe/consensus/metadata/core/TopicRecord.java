package io.floe.consensus.metadata.core;

import io.floe.model.TopicId;
import org.pcollections.PSortedMap;
import org.pcollections.PVector;

/// A topic.
///
/// @param configs only what was set, by Kafka's names, in name order; defaults are not here
/// @param partitions by index, dense
/// @param version number of the last metadata entry that changed the topic or one of its settings
///   (segments do not count)
public record TopicRecord(
    TopicId id,
    String name,
    int replicationFactor,
    PSortedMap<String, String> configs,
    PVector<PartitionRecord> partitions,
    long version) {}
