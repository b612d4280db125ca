package io.floe.consensus.raft.core;

import io.floe.consensus.BrokenInvariant;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// What a member has in every role: term and vote, log, commit and applied index, and the way out.
/// All changes of the log go through it, so that memory, memberships and disk see the same ones.
final class RaftState {
  final GroupId group;
  final MemberId self;
  final RaftSettings settings;
  final SafetyRules rules;
  final Outbox outbox = new Outbox();
  final RaftLog log;
  final MembershipLog memberships;
  private long term;
  private @Nullable MemberId votedFor;
  private long commitIndex;
  private long appliedIndex;
  private boolean isRestorePending;

  RaftState(
      GroupId group,
      MemberId self,
      RaftSettings settings,
      SafetyRules rules,
      DurableState durable) {
    this.group = group;
    this.self = self;
    this.settings = settings;
    this.rules = rules;
    log = new RaftLog(durable);
    memberships = new MembershipLog(log);
    term = durable.term();
    votedFor = durable.votedFor();
    commitIndex = log.snapshot().lastIndex();
    appliedIndex = commitIndex;
    check(term >= log.lastTerm(), "R1 term", "term " + term + " is behind the log");
  }

  long term() {
    return term;
  }

  @Nullable MemberId votedFor() {
    return votedFor;
  }

  long commitIndex() {
    return commitIndex;
  }

  long appliedIndex() {
    return appliedIndex;
  }

  Membership membership() {
    return memberships.current();
  }

  RaftMessage.Header headerTo(MemberId to) {
    return new RaftMessage.Header(group, self, to, term);
  }

  void enterTerm(long newTerm) {
    check(newTerm > term, "R1 term", "term goes back to " + newTerm);
    term = newTerm;
    votedFor = null;
    outbox.persist(new DurableEvent.HardState(term, null));
  }

  void voteFor(MemberId candidate) {
    check(
        rules.mayVoteFor(candidate, votedFor),
        "R2 one vote in a term",
        "voted for " + votedFor + ", now for " + candidate);
    if (!candidate.equals(votedFor)) {
      votedFor = candidate;
      outbox.persist(new DurableEvent.HardState(term, candidate));
    }
  }

  void append(List<Entry> entries) {
    if (entries.isEmpty()) {
      return;
    }
    outbox.persist(new DurableEvent.Appended(log.lastIndex(), entries));
    for (Entry entry : entries) {
      log.append(entry);
      memberships.append(entry);
      if (entry.kind() == Entry.Kind.CONFIG) {
        announceMembership();
      }
    }
  }

  /// Cuts off what conflicts. Nothing is persisted: the append that follows says where it begins.
  void truncateAfter(long index) {
    check(
        rules.mayTruncateAfter(index, commitIndex),
        "R5 committed entries stay",
        "truncation after " + index);
    long before = memberships.currentIndex();
    log.truncateAfter(index);
    memberships.truncateAfter(index);
    if (memberships.currentIndex() != before) {
      announceMembership();
    }
  }

  void install(Snapshot snapshot) {
    check(
        snapshot.lastIndex() > commitIndex,
        "R5 committed entries stay",
        "installs " + snapshot + " over committed entries");
    outbox.persist(new DurableEvent.SnapshotInstalled(snapshot));
    log.install(snapshot);
    memberships.reset(snapshot);
    announceMembership();
    commitIndex = snapshot.lastIndex();
    isRestorePending = true;
  }

  void compact(Snapshot snapshot, long newBase) {
    outbox.persist(new DurableEvent.Compacted(snapshot, newBase));
    log.compact(snapshot, newBase);
    memberships.compactTo(snapshot);
  }

  void announceMembership() {
    outbox.add(new RaftEffect.MembershipChanged(membership(), memberships.currentIndex()));
  }

  boolean commitTo(long index) {
    if (index <= commitIndex) {
      return false;
    }
    check(
        index <= log.lastIndex(),
        "R6 commit index",
        "committed " + index + " is beyond the log: was it damaged?");
    commitIndex = index;
    return true;
  }

  /// Hands out what is committed and durable.
  ///
  /// @return whether something was
  boolean applyCommitted() {
    long before = appliedIndex;
    if (isRestorePending) {
      Snapshot snapshot = log.snapshot();
      if (log.durableIndex() < snapshot.lastIndex()) {
        return false;
      }
      isRestorePending = false;
      appliedIndex = snapshot.lastIndex();
      outbox.add(new RaftEffect.Restore(snapshot));
    }
    long to = Math.min(commitIndex, log.durableIndex());
    if (to > appliedIndex) {
      outbox.add(new RaftEffect.Apply(log.entries(appliedIndex + 1, to)));
      appliedIndex = to;
    }
    return appliedIndex != before;
  }

  void checkCheap() {
    check(
        appliedIndex <= commitIndex && commitIndex <= log.lastIndex(),
        "R6 commit index",
        "applied, committed and last index are out of order");
    check(
        isRestorePending || log.snapshot().lastIndex() <= appliedIndex,
        "R7 snapshot",
        "a snapshot of what was not applied");
    check(log.lastTerm() <= term, "R1 term", "an entry of a later term");
  }

  void check(boolean holds, String invariant, String detail) {
    if (!holds) {
      throw new BrokenInvariant(invariant, detail + ": " + this);
    }
  }

  @Override
  public String toString() {
    return "member "
        + self
        + ", term "
        + term
        + ", voted for "
        + votedFor
        + ", committed "
        + commitIndex
        + ", applied "
        + appliedIndex
        + ", "
        + log
        + ", "
        + membership();
  }
}
