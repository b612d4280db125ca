package io.floe.simulation.raft;

import io.floe.consensus.BrokenInvariant;
import io.floe.consensus.raft.core.DurableState;
import io.floe.consensus.raft.core.Entry;
import io.floe.consensus.raft.core.MemberId;
import io.floe.consensus.raft.core.Membership;
import io.floe.consensus.raft.core.Payload;
import io.floe.consensus.raft.core.RaftCore;
import io.floe.consensus.raft.core.RaftMessage;
import io.floe.consensus.raft.core.RaftRole;
import io.floe.consensus.raft.core.Snapshot;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/// Judges every step of every member, from what a member shows and what its disk holds. Shares
/// nothing with the cores' own checks. The invariants have the numbers of `docs/internals/raft.md`.
final class RaftInvariants {
  /// What an index and a term name together.
  private record Place(long index, long term) {}

  private record Content(long prevTerm, Entry.Kind kind, Payload payload) {}

  /// A committed entry: its term, and that of the leader that committed it first.
  private record Committed(long term, long byTerm) {}

  private final List<SimulatedMember> members;
  private final TreeMap<Long, MemberId> leaders = new TreeMap<>();
  private final Map<Place, Content> contents = new HashMap<>();
  private final TreeMap<Long, Committed> committed = new TreeMap<>();
  private final TreeMap<Long, Entry> applied = new TreeMap<>();

  /// The disks of lives that ended by a wipe, as they were then: what they acked they had.
  private final TreeMap<MemberId, DurableState> ghosts = new TreeMap<>();

  private final Map<SimulatedMember, Seen> seen = new HashMap<>();

  /// A member as it was after its last step.
  private static final class Seen {
    private final TreeMap<Long, Entry> log = new TreeMap<>();
    private long commitIndex;
    private long term;
    private long ledTerm;
    private Membership membership = Membership.NONE;
  }

  RaftInvariants(List<SimulatedMember> members) {
    this.members = members;
  }

  /// The largest index that a leader has committed.
  long committedIndex() {
    return committed.isEmpty() ? 0 : committed.lastKey();
  }

  void wiped(MemberId id, DurableState disk) {
    ghosts.put(id, disk);
  }

  void began(SimulatedMember member, RaftCore core) {
    Seen fresh = new Seen();
    fresh.commitIndex = core.commitIndex();
    fresh.term = core.term();
    fresh.membership = core.membership();
    seen.put(member, fresh);
  }

  void stepped(SimulatedMember member, RaftCore core) {
    Seen before = seen.get(member);
    if (before == null) {
      throw new IllegalStateException(member + " was never seen to begin");
    }
    check(core.term() >= before.term, "R1 term", () -> core + " was in term " + before.term);
    before.term = core.term();
    log(before, core);
    if (core.role() == RaftRole.LEADER && before.ledTerm != core.term()) {
      before.ledTerm = core.term();
      elected(core);
    }
    commit(before, core);
    membership(before, core);
  }

  /// R4 log matching: an index and a term name one entry, and one term of the entry before. By
  /// induction two logs that agree at a place agree on all before it.
  private void log(Seen before, RaftCore core) {
    before.log.tailMap(core.lastIndex(), false).clear();
    for (long index = core.lastIndex(); index > core.baseIndex(); index--) {
      Entry entry = core.entry(index);
      if (entry.equals(before.log.get(index))) {
        break;
      }
      before.log.put(index, entry);
      long prevTerm = index - 1 > core.baseIndex() ? core.entry(index - 1).term() : -1;
      content(core, entry, prevTerm);
    }
  }

  private void content(RaftCore core, Entry entry, long prevTerm) {
    Place place = new Place(entry.index(), entry.term());
    Content known = contents.get(place);
    if (known == null || known.prevTerm() < 0) {
      contents.put(place, new Content(prevTerm, entry.kind(), entry.payload()));
    }
    check(
        known == null
            || (known.kind() == entry.kind()
                && known.payload().equals(entry.payload())
                && (known.prevTerm() < 0 || prevTerm < 0 || known.prevTerm() == prevTerm)),
        "R4 log matching",
        () -> entry + " of " + core + " differs from what was there before");
  }

  /// R3 election safety, and leader completeness (Raft paper §5.4.3).
  private void elected(RaftCore core) {
    MemberId other = leaders.putIfAbsent(core.term(), core.self());
    check(
        other == null || other.equals(core.self()),
        "R3 one leader in a term",
        () -> other + " and " + core);
    committed.forEach(
        (index, entry) -> {
          if (entry.byTerm() < core.term() && index > core.baseIndex()) {
            check(
                index <= core.lastIndex() && core.entry(index).term() == entry.term(),
                "R5 leader completeness",
                () -> core + " was elected without committed entry " + index + "@" + entry.term());
          }
        });
  }

  private void commit(Seen before, RaftCore core) {
    check(
        core.commitIndex() >= before.commitIndex,
        "R6 commit index",
        () -> core + " went back from " + before.commitIndex);
    if (core.commitIndex() > Math.max(before.commitIndex, committedIndex())) {
      // What is committed for the first time: by counting, so with an entry of the own term.
      check(
          core.entry(core.commitIndex()).term() == core.term(),
          "R6 commits its own term",
          () -> core.toString());
    }
    for (long index = before.commitIndex + 1; index <= core.commitIndex(); index++) {
      if (index > core.baseIndex()) {
        committed(core, index);
      }
    }
    before.commitIndex = core.commitIndex();
  }

  private void committed(RaftCore core, long index) {
    long term = core.entry(index).term();
    Committed known = committed.get(index);
    if (known != null) {
      check(
          known.term() == term,
          "R5 committed entries stay",
          () -> core + " commits " + index + "@" + term + ", it was committed as " + known);
      return;
    }
    check(
        core.self().equals(leaders.get(core.term())), // It may have left in the same step.
        "R6 commit index",
        () -> core + " commits " + index + " before a leader did");
    committed.put(index, new Committed(term, core.term()));
    long copies =
        core.membership().voters().stream().filter(voter -> has(voter, index, term)).count();
    check(
        copies >= core.membership().quorum(),
        "R9 synced on a quorum",
        () -> core + " commits " + index + "@" + term + ", which is on " + copies + " disks");
  }

  private boolean has(MemberId voter, long index, long term) {
    DurableState disk = diskOf(voter);
    if (disk == null || index > disk.lastIndex()) {
      return false;
    }
    return index <= disk.baseIndex()
        || disk.entries().get((int) (index - disk.baseIndex() - 1)).term() == term;
  }

  /// R12: one voter at a time, one change at a time, nobody promoted who is behind.
  private void membership(Seen before, RaftCore core) {
    if (core.role() != RaftRole.LEADER) {
      before.membership = core.membership();
      return;
    }
    List<Long> pending = new ArrayList<>();
    before
        .log
        .tailMap(committedIndex(), false)
        .forEach(
            (index, entry) -> {
              if (entry.kind() == Entry.Kind.CONFIG) {
                pending.add(index);
              }
            });
    check(
        pending.size() <= 1,
        "R12 one change at a time",
        () -> core + " has uncommitted memberships at " + pending);
    if (!core.membership().equals(before.membership)) {
      changed(before.membership, core);
      before.membership = core.membership();
    }
  }

  private void changed(Membership before, RaftCore core) {
    Membership after = core.membership();
    TreeSet<MemberId> joined = new TreeSet<>(after.voters());
    joined.removeAll(before.voters());
    TreeSet<MemberId> left = new TreeSet<>(before.voters());
    left.removeAll(after.voters());
    check(
        joined.size() + left.size() <= 1, "R12 one voter at a time", () -> core + " had " + before);
    for (MemberId voter : joined) {
      long needed = core.commitIndex() - SimulatedMember.PROMOTION_LAG_MAX;
      check(
          endOf(voter) >= needed,
          "R12 promoted when caught up",
          () -> core + " promotes " + voter + ", which has not all up to " + needed);
    }
  }

  private long endOf(MemberId voter) {
    DurableState disk = diskOf(voter);
    return disk == null ? 0 : disk.lastIndex();
  }

  private @Nullable DurableState diskOf(MemberId voter) {
    for (SimulatedMember member : members) {
      if (member.id().equals(voter)) {
        return member.journal.synced();
      }
    }
    return ghosts.get(voter);
  }

  /// R9 persisted before sent.
  void sends(SimulatedMember sender, RaftMessage message) {
    DurableState disk = sender.journal.synced();
    long term = message.header().term();
    switch (message) {
      case RaftMessage.Vote vote -> {
        if (vote.isGranted() && !vote.isPreVote()) {
          checkVote(disk, term, message.header().to(), message);
        }
      }
      case RaftMessage.RequestVote request -> {
        if (!request.isPreVote()) {
          checkVote(disk, term, sender.id(), message);
        }
      }
      case RaftMessage.AppendAck ack ->
          check(
              disk.lastIndex() >= ack.matchIndex(),
              "R9 persisted before sent",
              () -> message + " with " + disk);
      default -> {}
    }
  }

  private void checkVote(DurableState disk, long term, MemberId candidate, RaftMessage message) {
    check(
        disk.term() > term || (disk.term() == term && candidate.equals(disk.votedFor())),
        "R9 persisted before sent",
        () -> message + " with " + disk);
  }

  /// R7: what is applied is the same everywhere, dense, and committed.
  void applies(SimulatedMember member, long appliedIndex, Entry entry) {
    check(
        entry.index() == appliedIndex + 1,
        "R7 state machine safety",
        () -> member + " applies " + entry + " after " + appliedIndex);
    Entry known = applied.putIfAbsent(entry.index(), entry);
    check(
        known == null || known.equals(entry),
        "R7 state machine safety",
        () -> member + " applies " + entry + ", another one " + known);
    check(
        entry.index() <= committedIndex(),
        "R7 state machine safety",
        () -> member + " applies " + entry + ", which nobody committed");
  }

  void restored(SimulatedMember member, Snapshot snapshot) {
    check(
        snapshot.lastIndex() <= committedIndex(),
        "R7 state machine safety",
        () -> member + " restores " + snapshot + ", which was not committed");
  }

  /// R13: a read shows everything that was committed when it began.
  void reads(SimulatedMember member, long committedBefore, long readIndex, long appliedIndex) {
    check(
        readIndex >= committedBefore && appliedIndex >= readIndex,
        "R13 no stale read",
        () ->
            member
                + " reads at "
                + readIndex
                + ", applied "
                + appliedIndex
                + ", committed before was "
                + committedBefore);
  }

  /// The logs of all, compared with each other, and not by way of what was seen before.
  void compareAll() {
    List<RaftCore> cores = new ArrayList<>();
    for (SimulatedMember member : members) {
      RaftCore core = member.core();
      if (core != null) {
        cores.add(core);
      }
    }
    for (RaftCore a : cores) {
      for (RaftCore b : cores) {
        if (a != b) {
          compare(a, b);
        }
      }
    }
  }

  private void compare(RaftCore a, RaftCore b) {
    long from = Math.max(a.baseIndex(), b.baseIndex()) + 1;
    long to = Math.min(a.lastIndex(), b.lastIndex());
    boolean hasAgreed = false;
    for (long index = to; index >= from; index--) {
      boolean agrees = a.entry(index).equals(b.entry(index));
      boolean isSamePlace = a.entry(index).term() == b.entry(index).term();
      long at = index;
      check(
          agrees || (!hasAgreed && !isSamePlace),
          "R4 log matching",
          () -> a + " and " + b + " differ at " + at);
      hasAgreed |= agrees;
      check(
          agrees || index > Math.min(a.commitIndex(), b.commitIndex()),
          "R7 state machine safety",
          () -> a + " and " + b + " committed different entries at " + at);
    }
  }

  interface Detail {
    String text();
  }

  static void check(boolean holds, String invariant, Detail detail) {
    if (!holds) {
      throw new BrokenInvariant(invariant, detail.text());
    }
  }

  void fail(String invariant, @Nullable String detail) {
    throw new BrokenInvariant(invariant, String.valueOf(detail));
  }
}
