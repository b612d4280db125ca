package io.floe.actors.metadata;

import org.jspecify.annotations.Nullable;

/// What a node keeps of the cluster that it belongs to. Durable when a method returns; used a few
/// times in the life of a node.
///
/// Thread-safety: one thread at a time. Errors: [java.io.UncheckedIOException].
public interface ClusterIdentity {
  /// The cluster's id, or null of a node that never heard of one.
  @Nullable String clusterId();

  /// Whether the log of this node was begun: if so, an empty log was wiped.
  boolean isJoined();

  /// The node is about to begin its log in that cluster.
  void joining(String clusterId);

  /// The log is begun.
  void joined();
}
