package io.floe.consensus.raft.core;

import java.util.ArrayDeque;

/// The requests whose entries a leader appended, each by the index of its own entry: nobody is
/// answered for another one's. Bounded by the bytes of what is not committed.
final class Proposals {
  private record Pending(long index, long token) {}

  private final ArrayDeque<Pending> pending = new ArrayDeque<>();
  private long uncommittedBytes;

  /// Room for one command more. One always fits, so that a large one is not starved.
  boolean hasRoom(int bytes, int bytesMax) {
    return uncommittedBytes == 0 || uncommittedBytes + bytes <= bytesMax;
  }

  void appended(Entry entry) {
    uncommittedBytes += entry.encodedBytesMax();
  }

  void committed(Entry entry) {
    uncommittedBytes -= entry.encodedBytesMax();
  }

  void await(long index, long token) {
    pending.add(new Pending(index, token));
  }

  void answerApplied(long appliedIndex, long term, Outbox outbox) {
    while (!pending.isEmpty() && pending.getFirst().index() <= appliedIndex) {
      Pending done = pending.removeFirst();
      outbox.answer(done.token(), new Outcome.Committed(done.index(), term));
    }
  }

  void answerUnknown(Outbox outbox) {
    while (!pending.isEmpty()) {
      outbox.answer(pending.removeFirst().token(), new Outcome.Unknown());
    }
  }
}
