package io.floe.consensus.raft.core;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// Reads of a leader that leave no entry (Raft thesis §6.4): the commit index is noted, a round of
/// heartbeats shows that no later leader was there by then, and the read waits until the noted
/// index is applied. All reads that come during a round share the next one.
final class ReadIndex {
  /// A read of this node, or of a follower that asked.
  sealed interface Asker {
    record Own(long token) implements Asker {}

    record Follower(MemberId member, long readId) implements Asker {}
  }

  private record Confirmed(long readIndex, long token) {}

  private List<Asker> gathered = new ArrayList<>();
  private List<Asker> inRound = new ArrayList<>();
  private final ArrayDeque<Confirmed> confirmed = new ArrayDeque<>();
  private long roundIndex;

  int size() {
    return gathered.size() + inRound.size() + confirmed.size();
  }

  void add(Asker asker) {
    gathered.add(asker);
  }

  boolean isRoundDue() {
    return inRound.isEmpty() && !gathered.isEmpty();
  }

  boolean isInRound() {
    return !inRound.isEmpty();
  }

  void beginRound(long commitIndex) {
    inRound = gathered;
    gathered = new ArrayList<>();
    roundIndex = commitIndex;
  }

  /// A quorum answered the round.
  void confirmRound(RaftState state) {
    for (Asker asker : inRound) {
      switch (asker) {
        case Asker.Own own -> confirmed.add(new Confirmed(roundIndex, own.token()));
        case Asker.Follower follower -> reply(follower, roundIndex, state);
      }
    }
    inRound = new ArrayList<>();
  }

  void answerApplied(RaftState state) {
    while (!confirmed.isEmpty() && confirmed.getFirst().readIndex() <= state.appliedIndex()) {
      Confirmed done = confirmed.removeFirst();
      state.outbox.answer(done.token(), new Outcome.ReadAt(done.readIndex()));
    }
  }

  void refuseAll(RaftState state, Outcome.Reason reason, @Nullable MemberId leader) {
    List<Asker> all = new ArrayList<>(inRound);
    all.addAll(gathered);
    inRound = new ArrayList<>();
    gathered = new ArrayList<>();
    for (Asker asker : all) {
      switch (asker) {
        case Asker.Own own -> state.outbox.refuse(own.token(), reason, leader);
        case Asker.Follower follower -> reply(follower, 0, state);
      }
    }
    while (!confirmed.isEmpty()) {
      state.outbox.refuse(confirmed.removeFirst().token(), reason, leader);
    }
  }

  private static void reply(Asker.Follower follower, long readIndex, RaftState state) {
    state.outbox.send(
        new RaftMessage.ReadReply(state.headerTo(follower.member()), follower.readId(), readIndex));
  }
}
