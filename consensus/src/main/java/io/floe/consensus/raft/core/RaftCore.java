package io.floe.consensus.raft.core;

import java.util.List;
import java.util.Objects;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/// One member of a Raft group: elections with pre-vote and check-quorum, replication, read index,
/// transfer, snapshots, membership one member at a time, observers.
///
/// The host feeds events to [#step] and carries the effects out in their order (see [RaftEffect]).
/// Memory runs ahead of the disk: a step never waits. What a disk must hold first (votes, acks, the
/// leader's own match index, applied entries) is held back until [RaftEvent.Persisted]; everything
/// else (heartbeats and their acks, a leader's entries) goes at once, so a slow disk costs nobody
/// the office.
///
/// What it holds to, always checked where it is cheap (`BrokenInvariant`), and by the simulator
/// after every step: R1 terms never fall · R2 one vote in a term · R3 one leader in a term · R4 log
/// matching · R5 committed entries stay · R6 the commit index never goes back · R7 a snapshot
/// covers only what was applied · R8 the window is dense · R9 one batch is written at a time · R10
/// what a leader knows of a member is below what it sends next.
///
/// Begin: `new RaftCore(…, durable state as read, …)`, carry out [#start()], then step. When a
/// persist fails: [RaftEvent.Stop], read the log again, a new core.
///
/// Units: indexes and terms count from 1; time is in ticks. Thread-safety: none. Errors:
/// [io.floe.consensus.BrokenInvariant] when an event cannot be true; the node must stop. Source:
/// Raft paper, Raft thesis; `docs/internals/raft.md`.
public final class RaftCore {
  private final RaftState state;
  private final RaftTrace trace;
  private final Draws draws;
  private final ForwardedReads forwardedReads;
  private final TreeSet<MemberId> votes = new TreeSet<>();
  private RaftRole role = RaftRole.FOLLOWER;
  private @Nullable MemberId leader;
  private @Nullable Leadership leadership;
  private @Nullable SnapshotAssembly assembly;

  /// A transfer that this node gave its office up for and whose new leader it does not know yet.
  private @Nullable Transfer leaving;

  private int electionElapsed;
  private int electionTimeout;
  private boolean isStopped;
  private RaftEffect.@Nullable LeadershipChanged announced;

  /// Begins a member where its disk ended.
  ///
  /// @param durable what was read from disk; copied
  /// @param seed for timeouts and names; another one for every life of a node
  public RaftCore(
      GroupId group,
      MemberId self,
      RaftSettings settings,
      DurableState durable,
      long seed,
      RaftTrace trace) {
    this(group, self, settings, durable, seed, trace, SafetyRules.RAFT);
  }

  /// The same with other rules: only for simulators that plant bugs.
  public RaftCore(
      GroupId group,
      MemberId self,
      RaftSettings settings,
      DurableState durable,
      long seed,
      RaftTrace trace,
      SafetyRules rules) {
    state = new RaftState(group, self, settings, rules, durable);
    this.trace = trace;
    draws = new Draws(seed);
    forwardedReads = new ForwardedReads(draws);
    drawElectionTimeout();
  }

  /// The first effects: the snapshot to restore, the membership and the role.
  public List<RaftEffect> start() {
    state.outbox.add(new RaftEffect.Restore(state.log.snapshot()));
    state.announceMembership();
    return finish();
  }

  /// Takes one event and says what is to be done, in order.
  public List<RaftEffect> step(RaftEvent event) {
    return step(List.of(event));
  }

  /// Takes events that came together: what they cause is sent in fewer, larger messages.
  public List<RaftEffect> step(List<? extends RaftEvent> events) {
    for (RaftEvent event : events) {
      if (isStopped) {
        refuseStopped(event);
      } else {
        handle(event);
      }
    }
    return finish();
  }

  private void handle(RaftEvent event) {
    switch (event) {
      case RaftEvent.Tick e -> tick();
      case RaftEvent.Received e -> receive(e.message());
      case RaftEvent.Persisted e -> persisted(e.batchId());
      case RaftEvent.Propose e -> propose(e.token(), e.command());
      case RaftEvent.Read e -> read(e.token());
      case RaftEvent.ChangeMembership e -> changeMembership(e.token(), e.change());
      case RaftEvent.TransferLeadership e -> transferLeadership(e.token(), e.target());
      case RaftEvent.SnapshotTaken e -> snapshotTaken(e.index(), e.data());
      case RaftEvent.Stop e -> stop();
    }
  }

  // ---- requests

  private void propose(long token, Payload command) {
    if (leadership == null) {
      refuseNotLeader(token);
    } else {
      long before = lastIndex();
      leadership.propose(token, command);
      traceAppend(before, RaftTrace.Action.CLIENT_REQUEST, "");
    }
  }

  private void changeMembership(long token, MembershipChange change) {
    if (leadership == null) {
      refuseNotLeader(token);
    } else {
      long before = lastIndex();
      leadership.changeMembership(token, change);
      traceAppend(before, RaftTrace.Action.CHANGE_MEMBERSHIP, change.toString());
    }
  }

  private void transferLeadership(long token, MemberId target) {
    if (leadership == null) {
      refuseNotLeader(token);
    } else {
      trace(RaftTrace.Action.TRANSFER, "to " + target);
      leadership.transferTo(token, target);
    }
  }

  private void read(long token) {
    if (openReads() >= state.settings.readsMax()) {
      state.outbox.refuse(token, Outcome.Reason.BUSY, leader);
    } else if (leadership != null) {
      leadership.read(new ReadIndex.Asker.Own(token));
    } else if (leader != null) {
      forwardedReads.ask(token, leader, state);
    } else {
      refuseNotLeader(token);
    }
  }

  private int openReads() {
    return forwardedReads.size() + (leadership == null ? 0 : leadership.openReads());
  }

  private void refuseNotLeader(long token) {
    state.outbox.refuse(token, Outcome.Reason.NOT_LEADER, leader);
  }

  private void refuseStopped(RaftEvent event) {
    switch (event) {
      case RaftEvent.Propose e -> refuseStopped(e.token());
      case RaftEvent.Read e -> refuseStopped(e.token());
      case RaftEvent.ChangeMembership e -> refuseStopped(e.token());
      case RaftEvent.TransferLeadership e -> refuseStopped(e.token());
      case RaftEvent.Tick e -> {}
      case RaftEvent.Received e -> {}
      case RaftEvent.Persisted e -> {}
      case RaftEvent.SnapshotTaken e -> {}
      case RaftEvent.Stop e -> {}
    }
  }

  private void refuseStopped(long token) {
    state.outbox.refuse(token, Outcome.Reason.STOPPED, leader);
  }

  private void snapshotTaken(long index, Payload data) {
    if (index <= state.log.snapshot().lastIndex()) {
      return; // A leader's snapshot overtook it.
    }
    state.check(
        index <= state.appliedIndex(), "R7 snapshot", "of " + index + ", which was not applied");
    RaftSettings settings = state.settings;
    long base = state.log.baseForTail(index, settings.tailEntriesMax(), settings.tailBytesMax());
    if (leadership != null) {
      // Bounded all the same: one that is too slow is sent the next snapshot.
      long tailMax = 10L * settings.tailEntriesMax();
      long needed = Math.max(leadership.neededBase(), index - tailMax);
      base = Math.max(state.log.baseIndex(), Math.min(base, needed));
    }
    Snapshot snapshot =
        new Snapshot(index, state.log.term(index), state.memberships.at(index), data);
    state.compact(snapshot, base);
    trace(RaftTrace.Action.COMPACT, "to " + base + ", " + snapshot);
  }

  private void stop() {
    if (leadership != null) {
      Transfer open = leadership.end(Outcome.Reason.STOPPED, null);
      if (open != null) {
        open.failed(Outcome.Reason.STOPPED, null, state.outbox);
      }
      leadership = null;
    }
    if (leaving != null) {
      leaving.failed(Outcome.Reason.STOPPED, null, state.outbox);
      leaving = null;
    }
    forwardedReads.stop(state);
    role = RaftRole.FOLLOWER;
    leader = null;
    isStopped = true;
  }

  // ---- time

  private void tick() {
    electionElapsed++;
    forwardedReads.tick(state);
    if (leaving != null && leaving.tick(2 * state.settings.electionTicks())) {
      leaving.failed(Outcome.Reason.TIMED_OUT, leader, state.outbox);
      leaving = null;
    }
    if (leadership != null) {
      String loss = leadership.tick();
      if (loss != null) {
        becomeFollower(state.term(), null, loss);
      }
    } else if (electionElapsed >= electionTimeout && mayCampaign()) {
      becomePreCandidate();
    }
  }

  private boolean mayCampaign() {
    return state.membership().isVoter(state.self);
  }

  private void drawElectionTimeout() {
    electionElapsed = 0;
    electionTimeout = state.settings.electionTicks() + draws.below(state.settings.electionTicks());
  }

  /// Voters do not listen to candidates while they hear from a leader (Raft thesis §4.2.3). A
  /// leader hears from itself; it knows by its check of the quorum when it is none any more.
  private boolean hearsFromLeader() {
    return leader != null
        && (leadership != null || electionElapsed < state.settings.electionTicks());
  }

  // ---- roles

  private void become(
      RaftRole to, @Nullable MemberId newLeader, RaftTrace.Action action, String reason) {
    role = to;
    leader = newLeader;
    if (leaving != null && newLeader != null) {
      leaving.succeeded(newLeader, state.outbox);
      leaving = null;
    }
    forwardedReads.leaderIs(newLeader, state);
    trace(action, reason);
  }

  private void becomeFollower(long term, @Nullable MemberId newLeader, String reason) {
    if (term > state.term()) {
      state.enterTerm(term);
    }
    if (leadership != null) {
      leaving = leadership.end(Outcome.Reason.NOT_LEADER, newLeader);
      leadership = null;
    }
    drawElectionTimeout();
    become(RaftRole.FOLLOWER, newLeader, RaftTrace.Action.BECOME_FOLLOWER, reason);
  }

  /// Asks who would vote, without a new term: a member that was cut off, or removed, does not
  /// disturb a leader (Raft thesis §9.6).
  private void becomePreCandidate() {
    drawElectionTimeout();
    become(RaftRole.PRE_CANDIDATE, null, RaftTrace.Action.BECOME_PRE_CANDIDATE, "timeout");
    votes.clear();
    votes.add(state.self);
    if (hasQuorumOfVotes()) {
      becomeCandidate(false, "alone");
      return;
    }
    for (MemberId voter : otherVoters()) {
      state.outbox.send(requestVote(voter, true, false));
    }
  }

  private void becomeCandidate(boolean isTransfer, String reason) {
    drawElectionTimeout();
    state.enterTerm(state.term() + 1);
    state.voteFor(state.self);
    become(RaftRole.CANDIDATE, null, RaftTrace.Action.BECOME_CANDIDATE, reason);
    votes.clear();
    state.outbox.whenDurable(new Outbox.Dependent.OwnVote(state.term()));
    for (MemberId voter : otherVoters()) {
      state.outbox.sendWhenDurable(requestVote(voter, false, isTransfer));
    }
  }

  private void becomeLeader() {
    drawElectionTimeout();
    assembly = null;
    // The leadership is there before anyone looks: the trace shows a leader with its first entry.
    leadership = new Leadership(state);
    become(RaftRole.LEADER, state.self, RaftTrace.Action.BECOME_LEADER, "votes of " + votes);
  }

  private List<MemberId> otherVoters() {
    return state.membership().voters().stream().filter(m -> !m.equals(state.self)).toList();
  }

  private boolean hasQuorumOfVotes() {
    int count = 0;
    for (MemberId voter : state.membership().voters()) {
      if (votes.contains(voter)) {
        count++;
      }
    }
    return count >= state.membership().quorum();
  }

  private RaftMessage.RequestVote requestVote(
      MemberId voter, boolean isPreVote, boolean isTransfer) {
    RaftMessage.Header header = state.headerTo(voter);
    if (isPreVote) {
      header =
          new RaftMessage.Header(header.group(), header.from(), header.to(), header.term() + 1);
    }
    return new RaftMessage.RequestVote(
        header, isPreVote, isTransfer, state.log.lastIndex(), state.log.lastTerm());
  }

  // ---- the disk

  private void persisted(long batchId) {
    List<Outbox.Dependent> released = state.outbox.persisted(batchId);
    state.log.writeEnded();
    for (Outbox.Dependent dependent : released) {
      switch (dependent) {
        case Outbox.Dependent.Message(RaftMessage message) -> {
          // The same batch may have begun a later term and cut off what an ack of the earlier one
          // speaks of.
          if (message.header().term() == state.term() && !isAskedInVain(message)) {
            state.outbox.send(message);
          }
        }
        case Outbox.Dependent.OwnVote(long term) -> ownVote(term);
      }
    }
  }

  /// Who heard from the leader of its term, or gave up, while its vote was being written, asks
  /// nobody to spend a vote on it.
  private boolean isAskedInVain(RaftMessage message) {
    return message instanceof RaftMessage.RequestVote && role != RaftRole.CANDIDATE;
  }

  private void ownVote(long term) {
    if (role == RaftRole.CANDIDATE && term == state.term()) {
      votes.add(state.self);
      if (hasQuorumOfVotes()) {
        becomeLeader();
      }
    }
  }

  // ---- messages

  private void receive(RaftMessage message) {
    RaftMessage.Header header = message.header();
    if (!header.group().equals(state.group)
        || !state.rules.isAddressedTo(header.to(), state.self)
        || header.from().equals(state.self)) {
      return; // Of another cluster, or for another life of this node.
    }
    switch (message) {
      case RaftMessage.RequestVote m -> requestedVote(m);
      case RaftMessage.Vote m -> voted(m);
      case RaftMessage.AppendEntries m -> {
        if (isFromLeader(header)) {
          appendEntries(m);
        }
      }
      case RaftMessage.Heartbeat m -> {
        if (isFromLeader(header)) {
          heartbeat(m);
        }
      }
      case RaftMessage.InstallSnapshot m -> {
        if (isFromLeader(header)) {
          installSnapshot(m);
        }
      }
      case RaftMessage.TimeoutNow m -> timeoutNow(m);
      case RaftMessage.AppendAck m -> {
        Progress progress = progressOf(header);
        if (progress != null && leadership != null) {
          leadership.acked(progress, m.matchIndex());
        }
      }
      case RaftMessage.AppendReject m -> {
        Progress progress = progressOf(header);
        if (progress != null && leadership != null) {
          leadership.rejected(progress, m);
        }
      }
      case RaftMessage.HeartbeatAck m -> {
        Progress progress = progressOf(header);
        if (progress != null && leadership != null) {
          leadership.heartbeatAcked(progress, m.round());
        }
      }
      case RaftMessage.SnapshotProgress m -> {
        Progress progress = progressOf(header);
        if (progress != null && leadership != null) {
          leadership.snapshotProgressed(progress, m);
        }
      }
      case RaftMessage.ReadRequest m -> readRequested(m);
      case RaftMessage.ReadReply m -> forwardedReads.replied(m, state, leader);
    }
  }

  private void requestedVote(RaftMessage.RequestVote request) {
    MemberId candidate = request.header().from();
    long term = request.header().term();
    if (!request.isTransfer() && hearsFromLeader()) {
      return;
    }
    if (term < state.term()) {
      answerVote(request, state.term(), false);
      return;
    }
    boolean isUpToDate =
        state.rules.isUpToDate(
            request.lastIndex(), request.lastTerm(), state.log.lastIndex(), state.log.lastTerm());
    if (request.isPreVote()) {
      boolean isGranted = term > state.term() && isUpToDate;
      answerVote(request, isGranted ? term : state.term(), isGranted);
      return;
    }
    if (term > state.term()) {
      becomeFollower(term, null, "candidate " + candidate);
    }
    if (!isUpToDate || leader != null || !state.rules.mayVoteFor(candidate, state.votedFor())) {
      answerVote(request, term, false);
      return;
    }
    state.voteFor(candidate);
    drawElectionTimeout();
    trace(RaftTrace.Action.GRANT_VOTE, "for " + candidate);
    state.outbox.sendWhenDurable(vote(request, term, true));
  }

  private void answerVote(RaftMessage.RequestVote request, long term, boolean isGranted) {
    // A refusal and a pre-vote promise nothing.
    state.outbox.send(vote(request, term, isGranted));
  }

  private RaftMessage.Vote vote(RaftMessage.RequestVote request, long term, boolean isGranted) {
    RaftMessage.Header header =
        new RaftMessage.Header(state.group, state.self, request.header().from(), term);
    return new RaftMessage.Vote(header, request.isPreVote(), isGranted);
  }

  private void voted(RaftMessage.Vote vote) {
    RaftMessage.Header header = vote.header();
    boolean isForPreVote = vote.isPreVote() && vote.isGranted();
    if (header.term() > state.term() && !isForPreVote) {
      if (state.membership().isMember(header.from())) {
        becomeFollower(header.term(), null, "later term of " + header.from());
      }
      return;
    }
    boolean counts =
        vote.isPreVote()
            ? role == RaftRole.PRE_CANDIDATE && header.term() == state.term() + 1
            : role == RaftRole.CANDIDATE && header.term() == state.term();
    if (!vote.isGranted() || !counts) {
      return;
    }
    votes.add(header.from());
    if (!hasQuorumOfVotes()) {
      return;
    }
    if (vote.isPreVote()) {
      becomeCandidate(false, "pre-votes of " + votes);
    } else if (votes.contains(state.self)) {
      becomeLeader();
    }
  }

  /// Whether a leader's message is one of the present leader, whom this node follows from now on.
  private boolean isFromLeader(RaftMessage.Header header) {
    if (header.term() < state.term()) {
      // The old leader hears of the later term, even when this node cannot be elected.
      state.outbox.send(new RaftMessage.HeartbeatAck(state.headerTo(header.from()), 0));
      return false;
    }
    if (header.term() == state.term()) {
      state.check(
          leader == null || leader.equals(header.from()),
          "R3 one leader in a term",
          header.from() + " and " + leader + " lead term " + header.term());
    }
    if (header.term() > state.term() || role != RaftRole.FOLLOWER || leader == null) {
      becomeFollower(header.term(), header.from(), "leader " + header.from());
    }
    electionElapsed = 0;
    return true;
  }

  /// What the leader knows of the sender of an answer; null when it is not for this tenure.
  private @Nullable Progress progressOf(RaftMessage.Header header) {
    if (header.term() > state.term()) {
      if (state.membership().isMember(header.from())) {
        becomeFollower(header.term(), null, "later term of " + header.from());
      }
      return null;
    }
    if (leadership == null || header.term() < state.term()) {
      return null;
    }
    return leadership.heardFrom(header.from());
  }

  private void heartbeat(RaftMessage.Heartbeat message) {
    commitTo(message.commitIndex());
    state.outbox.send(
        new RaftMessage.HeartbeatAck(state.headerTo(message.header().from()), message.round()));
  }

  private void appendEntries(RaftMessage.AppendEntries message) {
    MemberId from = message.header().from();
    List<Entry> entries = message.entries();
    long endIndex = message.prevIndex() + entries.size();
    if (message.prevIndex() < state.commitIndex()) {
      // Committed entries are the leader's as well; only what comes after them is looked at.
      if (endIndex <= state.commitIndex()) {
        ack(from, state.commitIndex());
        return;
      }
      entries = entries.subList((int) (state.commitIndex() - message.prevIndex()), entries.size());
    } else if (!state.log.matches(message.prevIndex(), message.prevTerm())) {
      reject(from, message.prevIndex());
      return;
    }
    accept(entries);
    commitTo(Math.min(message.commitIndex(), endIndex));
    ack(from, state.rules.matchIndex(endIndex, state.log.lastIndex()));
  }

  /// Appends what is new. An entry that is there stays, with all behind it, unless it conflicts: a
  /// late message must not cut off what a later one brought (Raft paper §5.3).
  private void accept(List<Entry> entries) {
    int known = 0;
    while (known < entries.size() && entries.get(known).index() <= state.log.lastIndex()) {
      Entry entry = entries.get(known);
      if (state.rules.isConflict(state.log.entry(entry.index()), entry)) {
        state.truncateAfter(entry.index() - 1);
        trace(RaftTrace.Action.TRUNCATE_CONFLICT, "after " + (entry.index() - 1));
        break;
      }
      known++;
    }
    if (known < entries.size()) {
      state.append(entries.subList(known, entries.size()));
      trace(RaftTrace.Action.ACCEPT_ENTRIES, "");
    }
  }

  private void ack(MemberId to, long matchIndex) {
    state.outbox.sendWhenDurable(new RaftMessage.AppendAck(state.headerTo(to), matchIndex));
  }

  private void reject(MemberId to, long prevIndex) {
    long conflictTerm = 0;
    long conflictIndex = state.log.lastIndex() + 1;
    if (state.log.hasTerm(prevIndex)) {
      conflictTerm = state.log.term(prevIndex);
      // Committed entries agree: there is no need to look before them.
      conflictIndex = Math.max(state.log.firstIndexOfTermAt(prevIndex), state.commitIndex() + 1);
    }
    trace(RaftTrace.Action.REJECT_ENTRIES, "after " + prevIndex);
    state.outbox.send(
        new RaftMessage.AppendReject(state.headerTo(to), prevIndex, conflictTerm, conflictIndex));
  }

  private void commitTo(long index) {
    if (state.commitTo(index)) {
      trace(RaftTrace.Action.ADVANCE_COMMIT_INDEX, "");
    }
  }

  private void installSnapshot(RaftMessage.InstallSnapshot chunk) {
    MemberId from = chunk.header().from();
    if (chunk.lastIndex() <= state.commitIndex()) {
      assembly = null;
      ack(from, state.commitIndex());
      return;
    }
    if (state.log.matches(chunk.lastIndex(), chunk.lastTerm())) {
      // The entries are there; the snapshot only says that they are committed.
      assembly = null;
      commitTo(chunk.lastIndex());
      ack(from, chunk.lastIndex());
      return;
    }
    if (chunk.snapshotBytes() > state.settings.snapshotBytesMax()) {
      return;
    }
    SnapshotAssembly assembling = SnapshotAssembly.of(assembly, chunk);
    assembly = assembling;
    assembling.add(chunk);
    Snapshot snapshot = assembling.isWhole() ? assembling.toSnapshot() : null;
    if (snapshot != null) {
      assembly = null;
      state.install(snapshot);
      trace(RaftTrace.Action.INSTALL_SNAPSHOT, snapshot.toString());
      ack(from, snapshot.lastIndex());
      return;
    }
    if (assembling.isWhole()) {
      assembly = null; // Damaged on the way: from the beginning.
    }
    int wanted = assembling.isWhole() ? 0 : assembling.nextOffset();
    state.outbox.send(
        new RaftMessage.SnapshotProgress(state.headerTo(from), chunk.lastIndex(), wanted));
  }

  private void timeoutNow(RaftMessage.TimeoutNow message) {
    long term = message.header().term();
    if (term > state.term()) {
      becomeFollower(term, message.header().from(), "leader " + message.header().from());
    }
    if (term == state.term() && role == RaftRole.FOLLOWER && mayCampaign()) {
      becomeCandidate(true, "asked by " + message.header().from());
    }
  }

  private void readRequested(RaftMessage.ReadRequest request) {
    MemberId from = request.header().from();
    if (leadership == null || openReads() >= state.settings.readsMax()) {
      state.outbox.send(new RaftMessage.ReadReply(state.headerTo(from), request.readId(), 0));
    } else {
      leadership.read(new ReadIndex.Asker.Follower(from, request.readId()));
    }
  }

  // ---- the end of a step

  private List<RaftEffect> finish() {
    if (isStopped) {
      return state.outbox.drain();
    }
    if (leadership != null && leadership.advance()) {
      trace(RaftTrace.Action.ADVANCE_COMMIT_INDEX, "");
    }
    announceLeadership();
    if (state.applyCommitted()) {
      trace(RaftTrace.Action.APPLY, "");
    }
    forwardedReads.answerApplied(state);
    if (leadership != null) {
      leadership.answerApplied();
      if (leadership.isRemoved()) {
        leadership.handOver();
        becomeFollower(state.term(), null, "removed");
        announceLeadership();
      }
    }
    state.checkCheap();
    return state.outbox.drain(state.log);
  }

  private void announceLeadership() {
    RaftEffect.LeadershipChanged last = announced;
    if (last == null
        || last.role() != role
        || last.term() != state.term()
        || !Objects.equals(last.leader(), leader)) {
      announced = new RaftEffect.LeadershipChanged(role, state.term(), leader);
      state.outbox.add(announced);
    }
  }

  /// What was refused did not happen.
  private void traceAppend(long lastIndexBefore, RaftTrace.Action action, String detail) {
    if (lastIndex() > lastIndexBefore) {
      trace(action, detail);
    }
  }

  private void trace(RaftTrace.Action action, String detail) {
    trace.happened(action, this, detail);
  }

  // ---- to be looked at

  public MemberId self() {
    return state.self;
  }

  public RaftRole role() {
    return role;
  }

  public long term() {
    return state.term();
  }

  public @Nullable MemberId votedFor() {
    return state.votedFor();
  }

  /// The leader of the term, as far as it is known.
  public @Nullable MemberId leader() {
    return leader;
  }

  public long commitIndex() {
    return state.commitIndex();
  }

  public long appliedIndex() {
    return state.appliedIndex();
  }

  /// The end of the log in memory.
  public long lastIndex() {
    return state.log.lastIndex();
  }

  /// The end of what is known to be on disk.
  public long durableIndex() {
    return state.log.durableIndex();
  }

  /// Index of the entry before the first one in memory.
  public long baseIndex() {
    return state.log.baseIndex();
  }

  /// The latest snapshot, installed or taken.
  public Snapshot snapshot() {
    return state.log.snapshot();
  }

  /// The entry at an index above [#baseIndex()] and up to [#lastIndex()].
  public Entry entry(long index) {
    return state.log.entry(index);
  }

  /// The membership that holds, committed or not.
  public Membership membership() {
    return state.membership();
  }

  /// Whether that membership is committed.
  public boolean isMembershipCommitted() {
    return state.memberships.currentIndex() <= state.commitIndex();
  }

  /// What a leader has heard of another member's log: the index that it acked; -1 on who is no
  /// leader, or for a stranger.
  public long matchIndexOf(MemberId member) {
    Progress progress = leadership == null ? null : leadership.progress(member);
    return progress == null ? -1 : progress.matchIndex();
  }

  @Override
  public String toString() {
    return role + " " + state;
  }
}
