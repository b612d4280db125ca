package io.floe.consensus.metadata.core;

import io.floe.model.NodeId;
import io.floe.model.ProcessIncarnation;
import io.floe.model.StoreIncarnation;
import org.jspecify.annotations.Nullable;

/// A registered node.
///
/// @param kafkaHost where its Kafka listener is reached
/// @param rack failure domain, or null
public record NodeRecord(
    NodeId id,
    StoreIncarnation store,
    ProcessIncarnation process,
    String kafkaHost,
    int kafkaPort,
    @Nullable String rack) {}
