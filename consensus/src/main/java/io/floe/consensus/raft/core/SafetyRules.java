package io.floe.consensus.raft.core;

import org.jspecify.annotations.Nullable;

/// The rules on which safety rests, each in one place. Nobody but a simulator that plants bugs
/// overrides one: it shows that its checkers would notice the rule's absence.
///
/// Thread-safety: immutable.
public class SafetyRules {
  /// Raft.
  public static final SafetyRules RAFT = new SafetyRules();

  protected SafetyRules() {}

  /// A member votes once in a term, but may repeat its vote (Raft paper §5.2).
  ///
  /// @param votedFor in the term in question
  protected boolean mayVoteFor(MemberId candidate, @Nullable MemberId votedFor) {
    return votedFor == null || votedFor.equals(candidate);
  }

  /// Only a candidate whose log is at least as far as the voter's (Raft paper §5.4.1).
  protected boolean isUpToDate(long lastIndex, long lastTerm, long ownLastIndex, long ownLastTerm) {
    return lastTerm > ownLastTerm || (lastTerm == ownLastTerm && lastIndex >= ownLastIndex);
  }

  /// Counting replicas commits entries of the leader's own term only; with them all before (Raft
  /// paper §5.4.2).
  protected boolean mayCommitByCounting(long entryTerm, long currentTerm) {
    return entryTerm == currentTerm;
  }

  /// An entry that is there stays unless the leader's differs (Raft paper §5.3: a late message must
  /// not cut off what came after it).
  protected boolean isConflict(Entry own, Entry leaders) {
    return own.term() != leaders.term();
  }

  /// Committed entries are never cut off.
  protected boolean mayTruncateAfter(long prevIndex, long commitIndex) {
    return prevIndex >= commitIndex;
  }

  /// What a follower acks: the end of what the message proves, not of its log, whose rest may
  /// differ from the leader's.
  protected long matchIndex(long messageEndIndex, long lastIndex) {
    return messageEndIndex;
  }

  /// A read is confirmed by a quorum that heard, after it began, from this leader (Raft thesis
  /// §6.4).
  protected boolean isReadConfirmed(int acks, int quorum) {
    return acks >= quorum;
  }

  /// A leader knows what is committed only when an entry of its own term is (Raft thesis §6.4).
  protected boolean mayServeReads(boolean hasCommittedInTerm) {
    return hasCommittedInTerm;
  }

  /// One change at a time, and none before an entry of the term is committed (Raft thesis §4.1 and
  /// its erratum: *bug in single-server membership changes*, raft-dev 2015).
  protected boolean mayChangeMembership(boolean isChangePending, boolean hasCommittedInTerm) {
    return !isChangePending && hasCommittedInTerm;
  }

  /// An observer that is far behind, or silent, would cost the group its quorum (Raft thesis
  /// §4.2.1).
  protected boolean isCaughtUp(boolean isReplicating, long lagEntries, long lagEntriesMax) {
    return isReplicating && lagEntries <= lagEntriesMax;
  }

  /// A message is for the member that it names, not for another life of its node.
  protected boolean isAddressedTo(MemberId to, MemberId self) {
    return to.equals(self);
  }
}
