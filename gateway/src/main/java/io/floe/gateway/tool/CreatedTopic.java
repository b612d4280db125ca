package io.floe.gateway.tool;

import java.util.UUID;

/// What came of the creation of a topic.
///
/// @param replicas copies of each partition that there are: fewer than were asked for when there
///   are fewer nodes
public record CreatedTopic(UUID id, int partitions, int replicas) {}
