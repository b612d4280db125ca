package io.floe.consensus.raft.core;

/// The part that a member plays in its term.
///
/// ```
///             election timeout            pre-votes of a quorum         votes of a quorum
///   FOLLOWER ─────────────────▶ PRE_CANDIDATE ─────────────▶ CANDIDATE ─────────────▶ LEADER
///      │  TimeoutNow ──────────────────────────────────────────▲                        │
///      ◀── a leader or a higher term is heard of; a leader also: no quorum was heard from ──┘
/// ```
public enum RaftRole {
  FOLLOWER,
  PRE_CANDIDATE,
  CANDIDATE,
  LEADER
}
