package io.floe.consensus.raft.core;

/// One step of membership: at most one voter more or less, so that the quorums before and after
/// have a voter in common (Raft thesis §4.1).
public sealed interface MembershipChange {
  MemberId member();

  /// The member replicates and does not count.
  record AddObserver(MemberId member) implements MembershipChange {}

  /// An observer that has caught up becomes a voter.
  record Promote(MemberId member) implements MembershipChange {}

  /// The member leaves. A leader that removes itself steps down when that is committed.
  record Remove(MemberId member) implements MembershipChange {}
}
