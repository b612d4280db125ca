package io.floe.simulation.raft;

import io.floe.consensus.raft.core.Entry;
import io.floe.consensus.raft.core.MemberId;
import io.floe.consensus.raft.core.SafetyRules;
import org.jspecify.annotations.Nullable;

/// Raft's rules without one of them.
final class BuggyRules extends SafetyRules {
  private final RaftBug bug;

  BuggyRules(RaftBug bug) {
    this.bug = bug;
  }

  @Override
  protected boolean mayVoteFor(MemberId candidate, @Nullable MemberId votedFor) {
    return bug == RaftBug.TWO_VOTES_IN_A_TERM || super.mayVoteFor(candidate, votedFor);
  }

  @Override
  protected boolean isUpToDate(long lastIndex, long lastTerm, long ownLastIndex, long ownLastTerm) {
    return bug == RaftBug.VOTES_FOR_A_LOG_THAT_IS_BEHIND
        || super.isUpToDate(lastIndex, lastTerm, ownLastIndex, ownLastTerm);
  }

  @Override
  protected boolean mayCommitByCounting(long entryTerm, long currentTerm) {
    return bug == RaftBug.COMMITS_AN_OLDER_TERM_BY_COUNTING
        || super.mayCommitByCounting(entryTerm, currentTerm);
  }

  @Override
  protected boolean isConflict(Entry own, Entry leaders) {
    return bug == RaftBug.LATE_MESSAGE_CUTS_OFF_COMMITTED_ENTRIES || super.isConflict(own, leaders);
  }

  @Override
  protected boolean mayTruncateAfter(long prevIndex, long commitIndex) {
    return bug == RaftBug.LATE_MESSAGE_CUTS_OFF_COMMITTED_ENTRIES
        || super.mayTruncateAfter(prevIndex, commitIndex);
  }

  @Override
  protected long matchIndex(long messageEndIndex, long lastIndex) {
    return bug == RaftBug.ACKS_MORE_THAN_IT_HAS
        ? messageEndIndex + 1
        : super.matchIndex(messageEndIndex, lastIndex);
  }

  @Override
  protected boolean isReadConfirmed(int acks, int quorum) {
    return bug == RaftBug.READ_WITHOUT_QUORUM || super.isReadConfirmed(acks, quorum);
  }

  @Override
  protected boolean mayServeReads(boolean hasCommittedInTerm) {
    return bug == RaftBug.READ_BEFORE_A_COMMIT_IN_THE_TERM
        || super.mayServeReads(hasCommittedInTerm);
  }

  @Override
  protected boolean mayChangeMembership(boolean isChangePending, boolean hasCommittedInTerm) {
    return bug == RaftBug.CHANGES_MEMBERSHIP_WHILE_ONE_IS_PENDING
        || super.mayChangeMembership(isChangePending, hasCommittedInTerm);
  }

  @Override
  protected boolean isCaughtUp(boolean isReplicating, long lagEntries, long lagEntriesMax) {
    return bug == RaftBug.PROMOTES_WHO_IS_BEHIND
        || super.isCaughtUp(isReplicating, lagEntries, lagEntriesMax);
  }
}
