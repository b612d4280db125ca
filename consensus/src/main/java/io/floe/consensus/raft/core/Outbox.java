package io.floe.consensus.raft.core;

import io.floe.consensus.BrokenInvariant;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// The effects of a step, and what waits for the disk. One batch is written at a time; the next one
/// gathers meanwhile. What depends on the disk waits for the youngest batch there was when it came
/// up, so it leaves in the order in which it came up, and never before what it promises is durable.
final class Outbox {
  private final ArrayDeque<Waiting> waiting = new ArrayDeque<>();
  private List<RaftEffect> effects = new ArrayList<>();
  private List<DurableEvent> gathered = new ArrayList<>();
  private long gatheredPrevIndex;
  private List<Entry> gatheredEntries = new ArrayList<>();
  private long batchId;
  private boolean isWriting;

  /// Something that waits for the disk.
  sealed interface Dependent {
    record Message(RaftMessage message) implements Dependent {}

    record OwnVote(long term) implements Dependent {}
  }

  private record Waiting(long batchId, Dependent dependent) {}

  void add(RaftEffect effect) {
    effects.add(effect);
  }

  void send(RaftMessage message) {
    effects.add(new RaftEffect.Send(message));
  }

  void answer(long token, Outcome outcome) {
    effects.add(new RaftEffect.Answered(token, outcome));
  }

  void refuse(long token, Outcome.Reason reason, @Nullable MemberId leader) {
    answer(token, new Outcome.Refused(reason, leader));
  }

  void persist(DurableEvent event) {
    if (event instanceof DurableEvent.Appended appended) {
      gather(appended);
      return;
    }
    closeEntries();
    if (event instanceof DurableEvent.HardState
        && !gathered.isEmpty()
        && gathered.getLast() instanceof DurableEvent.HardState) {
      gathered.removeLast(); // One write: the later one is the truth.
    }
    gathered.add(event);
  }

  private void gather(DurableEvent.Appended appended) {
    if (gatheredEntries.isEmpty()
        || appended.prevIndex() != gatheredPrevIndex + gatheredEntries.size()) {
      closeEntries();
      gatheredPrevIndex = appended.prevIndex();
    }
    gatheredEntries.addAll(appended.entries());
  }

  private void closeEntries() {
    if (!gatheredEntries.isEmpty()) {
      gathered.add(new DurableEvent.Appended(gatheredPrevIndex, gatheredEntries));
      gatheredEntries = new ArrayList<>();
    }
  }

  private boolean hasGathered() {
    return !gathered.isEmpty() || !gatheredEntries.isEmpty();
  }

  /// Whether something is not durable yet.
  boolean isBehind() {
    return isWriting || hasGathered();
  }

  /// Sends when everything that was to be persisted before is durable.
  void sendWhenDurable(RaftMessage message) {
    if (!isBehind()) {
      send(message);
      return;
    }
    Waiting added = new Waiting(youngestBatch(), new Dependent.Message(message));
    if (!waiting.isEmpty() && isReplacedBy(waiting.getLast(), added)) {
      waiting.removeLast();
    }
    waiting.add(added);
  }

  void whenDurable(Dependent dependent) {
    waiting.add(new Waiting(youngestBatch(), dependent));
  }

  private long youngestBatch() {
    return hasGathered() ? batchId + 1 : batchId;
  }

  /// Acks are cumulative: a slow disk must not let them pile up.
  private static boolean isReplacedBy(Waiting older, Waiting newer) {
    return older.batchId() == newer.batchId()
        && older.dependent() instanceof Dependent.Message(RaftMessage.AppendAck before)
        && newer.dependent() instanceof Dependent.Message(RaftMessage.AppendAck after)
        && before.header().equals(after.header())
        && before.matchIndex() <= after.matchIndex();
  }

  /// A batch is durable: returns what waited for it, in order.
  List<Dependent> persisted(long id) {
    if (!isWriting || id != batchId) {
      throw new BrokenInvariant(
          "R9 one batch at a time", "batch " + id + " is durable, " + batchId + " was written");
    }
    isWriting = false;
    List<Dependent> released = new ArrayList<>();
    while (!waiting.isEmpty() && waiting.getFirst().batchId() <= id) {
      released.add(waiting.removeFirst().dependent());
    }
    return released;
  }

  /// Ends a step: begins the next write when none is under way, and hands the effects out.
  List<RaftEffect> drain(RaftLog log) {
    if (!isWriting && hasGathered()) {
      closeEntries();
      effects.add(new RaftEffect.Persist(++batchId, gathered));
      gathered = new ArrayList<>();
      isWriting = true;
      log.writeBegins();
    }
    return drain();
  }

  /// Hands the effects out and begins nothing.
  List<RaftEffect> drain() {
    List<RaftEffect> drained = effects;
    effects = new ArrayList<>();
    return drained;
  }
}
