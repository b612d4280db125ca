package io.floe.consensus.metadata.core;

import io.floe.model.NodeId;
import io.floe.model.StoreIncarnation;

/// One copy's holder: a node with one life of its store. A wiped store has another incarnation and
/// is another replica.
public record ReplicaId(NodeId node, StoreIncarnation incarnation) {}
