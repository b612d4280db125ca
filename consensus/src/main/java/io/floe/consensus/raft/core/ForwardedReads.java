package io.floe.consensus.raft.core;

import java.util.ArrayDeque;
import java.util.Iterator;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/// Reads of a node that is not the leader: the leader is asked for a read index, and the read waits
/// until that is applied here. The names of the questions begin at random, so that a late answer to
/// an earlier life is not taken for one to this life.
final class ForwardedReads {
  private record Asked(long token, MemberId leader, long atTick) {}

  private record Waiting(long token, long readIndex) {}

  private final TreeMap<Long, Asked> asked = new TreeMap<>();
  private final ArrayDeque<Waiting> waiting = new ArrayDeque<>();
  private long nextId;
  private long tick;

  ForwardedReads(Draws draws) {
    nextId = draws.next() >>> 1;
  }

  int size() {
    return asked.size() + waiting.size();
  }

  void ask(long token, MemberId leader, RaftState state) {
    long readId = ++nextId;
    asked.put(readId, new Asked(token, leader, tick));
    state.outbox.send(new RaftMessage.ReadRequest(state.headerTo(leader), readId));
  }

  void replied(RaftMessage.ReadReply reply, RaftState state, @Nullable MemberId leader) {
    Asked question = asked.get(reply.readId());
    if (question == null || !question.leader().equals(reply.header().from())) {
      return; // Answered before, or given up.
    }
    asked.remove(reply.readId());
    if (reply.readIndex() == 0) {
      state.outbox.refuse(question.token(), Outcome.Reason.NOT_LEADER, leader);
    } else {
      waiting.add(new Waiting(question.token(), reply.readIndex()));
    }
  }

  void tick(RaftState state) {
    tick++;
    Iterator<Asked> open = asked.values().iterator();
    while (open.hasNext()) {
      Asked question = open.next();
      if (tick - question.atTick() > state.settings.electionTicks()) {
        open.remove();
        state.outbox.refuse(question.token(), Outcome.Reason.TIMED_OUT, null);
      }
    }
  }

  /// Gives up the questions to a leader that is none any more.
  void leaderIs(@Nullable MemberId leader, RaftState state) {
    Iterator<Asked> open = asked.values().iterator();
    while (open.hasNext()) {
      Asked question = open.next();
      if (!question.leader().equals(leader)) {
        open.remove();
        state.outbox.refuse(question.token(), Outcome.Reason.NOT_LEADER, leader);
      }
    }
  }

  void answerApplied(RaftState state) {
    int count = waiting.size();
    for (int i = 0; i < count; i++) {
      Waiting read = waiting.removeFirst();
      if (read.readIndex() <= state.appliedIndex()) {
        state.outbox.answer(read.token(), new Outcome.ReadAt(read.readIndex()));
      } else {
        waiting.addLast(read); // Indexes of different leaders need not be in order.
      }
    }
  }

  void stop(RaftState state) {
    asked.values().forEach(question -> refuseStopped(question.token(), state));
    waiting.forEach(read -> refuseStopped(read.token(), state));
    asked.clear();
    waiting.clear();
  }

  private static void refuseStopped(long token, RaftState state) {
    state.outbox.refuse(token, Outcome.Reason.STOPPED, null);
  }
}
