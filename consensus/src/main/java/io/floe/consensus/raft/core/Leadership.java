package io.floe.consensus.raft.core;

import java.util.Arrays;
import java.util.List;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/// One tenure of a leader: from the election to the step down, in one term. What it knows of others
/// and what it owes to those who asked ends with it.
///
/// Source: Raft paper §5.3, §5.4.2; Raft thesis §3.10, §4, §6.2, §6.4.
final class Leadership {
  private final RaftState state;
  private final TreeMap<MemberId, Progress> peers = new TreeMap<>();
  private final Proposals proposals = new Proposals();
  private final ReadIndex reads = new ReadIndex();
  private final long firstIndexOfTerm;
  private long round;
  private int heartbeatElapsed;
  private int quorumCheckElapsed;
  private @Nullable Transfer transfer;

  Leadership(RaftState state) {
    this.state = state;
    for (long i = state.commitIndex() + 1; i <= state.log.lastIndex(); i++) {
      proposals.appended(state.log.entry(i));
    }
    firstIndexOfTerm = state.log.lastIndex() + 1;
    followMembership();
    append(Entry.Kind.NOOP, Payload.EMPTY);
    heartbeat();
  }

  // ---- what is asked of it

  void propose(long token, Payload command) {
    RaftSettings settings = state.settings;
    if (transfer != null) {
      refuse(token, Outcome.Reason.TRANSFERRING);
    } else if (command.sizeBytes() > settings.commandBytesMax()) {
      refuse(token, Outcome.Reason.TOO_LARGE);
    } else if (!proposals.hasRoom(
        command.sizeBytes() + RaftCodec.ENTRY_OVERHEAD_BYTES_MAX, settings.uncommittedBytesMax())) {
      refuse(token, Outcome.Reason.BUSY);
    } else {
      proposals.await(append(Entry.Kind.COMMAND, command), token);
    }
  }

  void changeMembership(long token, MembershipChange change) {
    Outcome.Reason refusal = refusalOf(change);
    if (refusal != null) {
      refuse(token, refusal);
      return;
    }
    Membership next = state.membership().after(change);
    proposals.await(append(Entry.Kind.CONFIG, RaftCodec.encodeMembership(next)), token);
    followMembership();
  }

  private Outcome.@Nullable Reason refusalOf(MembershipChange change) {
    if (transfer != null) {
      return Outcome.Reason.TRANSFERRING;
    }
    boolean isPending = state.memberships.currentIndex() > state.commitIndex();
    if (!state.rules.mayChangeMembership(isPending, hasCommittedInTerm())) {
      return Outcome.Reason.CHANGE_PENDING;
    }
    Outcome.Reason refusal = state.membership().refusalOf(change);
    if (refusal == null && change instanceof MembershipChange.Promote promote) {
      Progress progress = peers.get(promote.member());
      if (progress == null || !isCaughtUp(progress)) {
        return Outcome.Reason.NOT_CAUGHT_UP;
      }
    }
    return refusal;
  }

  private boolean isCaughtUp(Progress progress) {
    return state.rules.isCaughtUp(
        progress.state() == Progress.State.REPLICATE && progress.isActive,
        state.commitIndex() - progress.matchIndex(),
        state.settings.promotionLagEntriesMax());
  }

  void read(ReadIndex.Asker asker) {
    reads.add(asker);
  }

  int openReads() {
    return reads.size();
  }

  void transferTo(long token, MemberId target) {
    if (transfer != null) {
      refuse(token, Outcome.Reason.TRANSFERRING);
    } else if (target.equals(state.self)) {
      state.outbox.answer(token, new Outcome.Transferred(target));
    } else if (!state.membership().isVoter(target)) {
      refuse(token, Outcome.Reason.NOT_A_MEMBER);
    } else {
      transfer = new Transfer(token, target);
    }
  }

  private void refuse(long token, Outcome.Reason reason) {
    state.outbox.refuse(token, reason, state.self);
  }

  // ---- what others say

  @Nullable Progress heardFrom(MemberId member) {
    Progress progress = peers.get(member);
    if (progress != null) {
      progress.isActive = true;
    }
    return progress;
  }

  void acked(Progress progress, long matchIndex) {
    state.check(
        matchIndex <= state.log.lastIndex(),
        "R4 log matching",
        "an ack of " + matchIndex + ", which the leader does not have");
    progress.acked(matchIndex, state.log.baseIndex());
  }

  void rejected(Progress progress, RaftMessage.AppendReject reject) {
    progress.rejected(reject.prevIndex(), reject.conflictTerm(), reject.conflictIndex(), state.log);
  }

  void heartbeatAcked(Progress progress, long ackedRound) {
    progress.ackedRound = Math.max(progress.ackedRound, Math.min(ackedRound, round));
    progress.isProbeSent = false;
    progress.isPingDue = progress.matchIndex() < state.log.lastIndex();
  }

  void snapshotProgressed(Progress progress, RaftMessage.SnapshotProgress message) {
    SnapshotSending sending = progress.sending();
    if (sending != null && sending.snapshot.lastIndex() == message.lastIndex()) {
      sending.progressed(message.nextOffset());
    }
  }

  // ---- time

  /// Counts a tick; says why the office is lost, or null.
  @Nullable String tick() {
    RaftSettings settings = state.settings;
    if (++quorumCheckElapsed >= settings.electionTicks()) {
      quorumCheckElapsed = 0;
      if (!hasQuorumContact()) {
        return "heard from no quorum";
      }
    }
    if (transfer != null && transfer.tick(settings.electionTicks())) {
      transfer.failed(Outcome.Reason.TIMED_OUT, state.self, state.outbox);
      transfer = null;
    }
    for (Progress progress : peers.values()) {
      SnapshotSending sending = progress.sending();
      if (sending != null) {
        sending.tick(settings.resendTicks());
      }
    }
    if (++heartbeatElapsed >= settings.heartbeatTicks()) {
      heartbeat();
    }
    return null;
  }

  /// Raft thesis §6.2: a leader that hears from no quorum gives its clients free.
  private boolean hasQuorumContact() {
    int heard = 0;
    for (MemberId voter : state.membership().voters()) {
      Progress progress = peers.get(voter);
      if (voter.equals(state.self) || (progress != null && progress.isActive)) {
        heard++;
      }
    }
    peers.values().forEach(progress -> progress.isActive = false);
    return heard >= state.membership().quorum();
  }

  private void heartbeat() {
    heartbeatElapsed = 0;
    peers.forEach(
        (member, progress) ->
            state.outbox.send(
                new RaftMessage.Heartbeat(
                    state.headerTo(member),
                    Math.min(progress.matchIndex(), state.commitIndex()),
                    round)));
  }

  // ---- the end of each step

  /// Commits, sends and confirms what has become possible.
  boolean advance() {
    boolean hasAdvanced = advanceCommitIndex();
    advanceReads();
    peers.forEach(this::replicate);
    if (transfer != null) {
      transfer.sendTimeoutWhenCaughtUp(state, peers.get(transfer.target()));
    }
    return hasAdvanced;
  }

  /// The largest index that a quorum of voters has durably; own term only (Raft paper §5.4.2).
  private boolean advanceCommitIndex() {
    List<MemberId> voters = state.membership().voters();
    long[] matches = new long[voters.size()];
    for (int i = 0; i < matches.length; i++) {
      MemberId voter = voters.get(i);
      Progress progress = peers.get(voter);
      if (voter.equals(state.self)) {
        matches[i] = state.log.durableIndex();
      } else if (progress != null) {
        matches[i] = progress.matchIndex();
      }
    }
    Arrays.sort(matches);
    long onQuorum = matches[matches.length - state.membership().quorum()];
    long before = state.commitIndex();
    if (onQuorum <= before
        || !state.rules.mayCommitByCounting(state.log.term(onQuorum), state.term())) {
      return false;
    }
    state.commitTo(onQuorum);
    for (long i = before + 1; i <= onQuorum; i++) {
      proposals.committed(state.log.entry(i));
    }
    return true;
  }

  private void advanceReads() {
    while (state.rules.mayServeReads(hasCommittedInTerm())) {
      if (reads.isRoundDue()) {
        round++;
        reads.beginRound(state.commitIndex());
        heartbeat();
      }
      if (!reads.isInRound() || !isRoundConfirmed()) {
        return;
      }
      reads.confirmRound(state);
    }
  }

  private boolean isRoundConfirmed() {
    int acks = 0;
    for (MemberId voter : state.membership().voters()) {
      Progress progress = peers.get(voter);
      if (voter.equals(state.self) || (progress != null && progress.ackedRound >= round)) {
        acks++;
      }
    }
    return state.rules.isReadConfirmed(acks, state.membership().quorum());
  }

  private boolean hasCommittedInTerm() {
    return state.commitIndex() >= firstIndexOfTerm;
  }

  private void replicate(MemberId member, Progress progress) {
    if (progress.state() != Progress.State.SNAPSHOT
        && !state.log.hasTerm(progress.nextIndex() - 1)) {
      progress.beginSnapshot(new SnapshotSending(state.log.snapshot()));
    }
    switch (progress.state()) {
      case PROBE -> {
        if (!progress.isProbeSent) {
          sendEntries(member, progress);
          progress.isProbeSent = true;
        }
      }
      case REPLICATE -> pipeline(member, progress);
      case SNAPSHOT -> sendChunk(member, progress);
    }
    progress.isPingDue = false;
  }

  private void pipeline(MemberId member, Progress progress) {
    boolean hasSent = false;
    while (progress.nextIndex() <= state.log.lastIndex() && progress.hasRoom(state.settings)) {
      sendEntries(member, progress);
      hasSent = true;
    }
    // An empty message finds out whether one was lost, and tells the commit index.
    if (!hasSent && (progress.isPingDue || progress.commitSent < state.commitIndex())) {
      send(member, progress, List.of());
    }
  }

  private void sendEntries(MemberId member, Progress progress) {
    List<Entry> entries =
        state.log.entriesThatFit(progress.nextIndex(), state.settings.appendBytesMax());
    send(member, progress, entries);
    if (progress.state() == Progress.State.REPLICATE && !entries.isEmpty()) {
      int bytes = 0;
      for (Entry entry : entries) {
        bytes += entry.encodedBytesMax();
      }
      progress.sent(entries.getLast().index(), bytes);
    }
  }

  private void send(MemberId member, Progress progress, List<Entry> entries) {
    long prevIndex = progress.nextIndex() - 1;
    progress.commitSent = state.commitIndex();
    state.outbox.send(
        new RaftMessage.AppendEntries(
            state.headerTo(member),
            prevIndex,
            state.log.term(prevIndex),
            state.commitIndex(),
            entries));
  }

  private void sendChunk(MemberId member, Progress progress) {
    SnapshotSending sending = progress.sending();
    if (sending != null && sending.isDue() && progress.isActive) {
      state.outbox.send(sending.next(state.headerTo(member), state.settings.chunkBytes()));
    }
  }

  void answerApplied() {
    proposals.answerApplied(state.appliedIndex(), state.term(), state.outbox);
    reads.answerApplied(state);
  }

  /// The index up to where entries must stay for snapshots under way: what follows such a snapshot
  /// would be gone when it arrives, and the next one be sent, and so on.
  long neededBase() {
    long needed = Long.MAX_VALUE;
    for (Progress progress : peers.values()) {
      SnapshotSending sending = progress.sending();
      if (sending != null && progress.isActive) {
        needed = Math.min(needed, sending.snapshot.lastIndex());
      }
    }
    return needed;
  }

  // ---- its end

  /// A leader that removed itself leaves when that is committed (Raft thesis §4.2.2).
  boolean isRemoved() {
    return !state.membership().isVoter(state.self)
        && state.memberships.currentIndex() <= state.appliedIndex();
  }

  /// Lets the voter that has most begin an election at once.
  void handOver() {
    MemberId best = null;
    long bestMatch = -1;
    for (MemberId voter : state.membership().voters()) {
      Progress progress = peers.get(voter);
      if (progress != null && progress.matchIndex() > bestMatch) {
        best = voter;
        bestMatch = progress.matchIndex();
      }
    }
    if (best != null) {
      state.outbox.send(new RaftMessage.TimeoutNow(state.headerTo(best)));
    }
  }

  /// Answers everyone. What is in the log may be committed by the next leader.
  ///
  /// @return the transfer that is still to be answered, if any
  @Nullable Transfer end(Outcome.Reason readReason, @Nullable MemberId leader) {
    proposals.answerUnknown(state.outbox);
    reads.refuseAll(state, readReason, leader);
    return transfer;
  }

  // ---- parts

  private long append(Entry.Kind kind, Payload payload) {
    Entry entry = new Entry(state.log.lastIndex() + 1, state.term(), kind, payload);
    state.append(List.of(entry));
    proposals.appended(entry);
    return entry.index();
  }

  private void followMembership() {
    Membership membership = state.membership();
    peers.keySet().removeIf(member -> !membership.isMember(member));
    for (MemberId member : membership.members()) {
      if (!member.equals(state.self)) {
        peers.computeIfAbsent(member, added -> new Progress(state.log.lastIndex() + 1));
      }
    }
  }

  /// What is known of a member, or null; only to be looked at.
  @Nullable Progress progress(MemberId member) {
    return peers.get(member);
  }
}
