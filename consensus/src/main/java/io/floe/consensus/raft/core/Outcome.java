package io.floe.consensus.raft.core;

import org.jspecify.annotations.Nullable;

/// What became of a request.
public sealed interface Outcome {

  /// A proposal or a change of membership is committed and, on this node, applied.
  ///
  /// @param index of its entry, and of no other one's
  record Committed(long index, long term) implements Outcome {}

  /// Everything up to `index` is applied on this node; what it shows now is not stale.
  record ReadAt(long index) implements Outcome {}

  /// The office went to `leader`.
  record Transferred(MemberId leader) implements Outcome {}

  /// Nothing was done, and nothing will be.
  ///
  /// @param leader whom to ask instead, when it is known
  record Refused(Reason reason, @Nullable MemberId leader) implements Outcome {}

  /// The entry is in a log and may be committed or not: the office was lost.
  record Unknown() implements Outcome {}

  /// Why a request was refused.
  enum Reason {
    NOT_LEADER,
    /// Too much is in flight. Later.
    BUSY,
    /// The office is being handed over. Later, to the next leader.
    TRANSFERRING,
    /// The command is larger than [RaftSettings#commandBytesMax()].
    TOO_LARGE,
    /// A membership is not committed yet, or no entry of this term is. Later.
    CHANGE_PENDING,
    NOT_CAUGHT_UP,
    NOT_A_MEMBER,
    ALREADY_MEMBER,
    /// The node is a member in another incarnation: remove that one first.
    OTHER_INCARNATION,
    LAST_VOTER,
    /// The leader did not answer, or the target did not take over, in an election timeout.
    TIMED_OUT,
    STOPPED
  }
}
