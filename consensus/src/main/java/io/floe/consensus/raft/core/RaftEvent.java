package io.floe.consensus.raft.core;

/// What happens to a [RaftCore]. A `token` names a request in its [RaftEffect.Answered]: chosen by
/// the host, unique among those not answered yet.
public sealed interface RaftEvent {

  /// One [RaftSettings] tick of time went by. After a pause send one, not one for each that was
  /// missed.
  record Tick() implements RaftEvent {}

  /// A message came.
  record Received(RaftMessage message) implements RaftEvent {}

  /// The batch of a [RaftEffect.Persist] is durable. (When a persist fails, nobody knows: give the
  /// core a [Stop], read the log again and begin a new core.)
  record Persisted(long batchId) implements RaftEvent {}

  /// A command for the log.
  record Propose(long token, Payload command) implements RaftEvent {}

  /// A linearizable read: answered with the index that must be, and is, applied (Raft thesis §6.4).
  record Read(long token) implements RaftEvent {}

  record ChangeMembership(long token, MembershipChange change) implements RaftEvent {}

  /// Hands the office to a voter (Raft thesis §3.10).
  record TransferLeadership(long token, MemberId target) implements RaftEvent {}

  /// The host took a snapshot of the state machine as it was after applying `index`. Ignored when a
  /// later one is there.
  record SnapshotTaken(long index, Payload data) implements RaftEvent {}

  /// The core is given up: every open request is answered; nothing may follow.
  record Stop() implements RaftEvent {}
}
