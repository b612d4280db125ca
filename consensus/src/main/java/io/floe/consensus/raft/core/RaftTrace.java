package io.floe.consensus.raft.core;

/// Hears of every action of a core, in the order in which they happen, within the step. For stories
/// and for traces that are checked against the TLA+ specification.
public interface RaftTrace {
  /// Hears nothing.
  RaftTrace NONE = (action, core, detail) -> {};

  /// An action was taken.
  ///
  /// @param core after the action; only to be looked at
  /// @param detail what the core does not show, such as a reason; often empty
  void happened(Action action, RaftCore core, String detail);

  /// What a core does, in the words of the specification.
  enum Action {
    BECOME_PRE_CANDIDATE,
    BECOME_CANDIDATE,
    BECOME_LEADER,
    BECOME_FOLLOWER,
    GRANT_VOTE,
    CLIENT_REQUEST,
    CHANGE_MEMBERSHIP,
    ACCEPT_ENTRIES,
    TRUNCATE_CONFLICT,
    REJECT_ENTRIES,
    ADVANCE_COMMIT_INDEX,
    APPLY,
    INSTALL_SNAPSHOT,
    COMPACT,
    TRANSFER
  }
}
