package io.floe.consensus.raft.core;

import org.jspecify.annotations.Nullable;

/// The office on its way to another voter (Raft thesis §3.10). While it runs no proposal is taken;
/// after an election timeout without a new leader it is given up.
final class Transfer {
  private final long token;
  private final MemberId target;
  private int ticks;
  private boolean isTimeoutSent;

  Transfer(long token, MemberId target) {
    this.token = token;
    this.target = target;
  }

  MemberId target() {
    return target;
  }

  /// Counts a tick; true when it took too long.
  boolean tick(int ticksMax) {
    return ++ticks > ticksMax;
  }

  void sendTimeoutWhenCaughtUp(RaftState state, @Nullable Progress progress) {
    if (!isTimeoutSent && progress != null && progress.matchIndex() == state.log.lastIndex()) {
      isTimeoutSent = true;
      state.outbox.send(new RaftMessage.TimeoutNow(state.headerTo(target)));
    }
  }

  void succeeded(MemberId leader, Outbox outbox) {
    outbox.answer(token, new Outcome.Transferred(leader));
  }

  void failed(Outcome.Reason reason, @Nullable MemberId leader, Outbox outbox) {
    outbox.refuse(token, reason, leader);
  }
}
