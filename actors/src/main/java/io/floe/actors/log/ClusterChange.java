package io.floe.actors.log;

/// What an operator may change about the group that keeps the metadata.
public enum ClusterChange {
  /// An observer that has caught up becomes a voter.
  ADD_VOTER,
  /// The node leaves the cluster for good. Refused while it holds a segment.
  REMOVE_NODE,
  /// The node, a voter, becomes the leader.
  TRANSFER_LEADERSHIP
}
