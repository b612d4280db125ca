package io.floe.consensus.metadata.core;

import io.floe.model.NodeId;
import io.floe.model.ProcessIncarnation;

/// The one process that may append to a segment: a node in one of its lives.
public record WriterId(NodeId node, ProcessIncarnation incarnation) {}
