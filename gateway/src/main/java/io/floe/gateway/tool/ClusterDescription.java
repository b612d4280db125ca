package io.floe.gateway.tool;

import java.util.List;

/// The nodes of a cluster and their part in the group that keeps the metadata.
///
/// @param leader node id, or -1 while none is known
/// @param nodes by id
public record ClusterDescription(
    String clusterId, int leader, long term, long commitIndex, List<ClusterNode> nodes) {
  public ClusterDescription {
    nodes = List.copyOf(nodes);
  }

  /// One node.
  ///
  /// @param kafka `host:port`, or empty when no client can reach it now
  /// @param lastIndex of its metadata log, or -1 when nobody knows
  public record ClusterNode(int id, boolean isVoter, String kafka, long lastIndex) {}
}
