package io.floe.consensus.raft.core;

import io.floe.consensus.BrokenInvariant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// What is on disk, as a function of the [DurableEvent]s: the term, the vote, the latest snapshot,
/// and the entries behind `baseIndex`. The host's log keeps one (and may store it as its own
/// snapshot, [RaftCodec#encodeState]); a [RaftCore] begins from one.
///
/// Thread-safety: none. Errors: [BrokenInvariant] for events that cannot follow each other: the log
/// was damaged.
public final class DurableState {
  private long term;
  private @Nullable MemberId votedFor;
  private Snapshot snapshot = Snapshot.NONE;
  private long baseIndex;
  private long baseTerm;
  private final List<Entry> entries = new ArrayList<>();

  /// Of a node that was never a member of anything.
  public DurableState() {}

  DurableState(
      long term,
      @Nullable MemberId votedFor,
      Snapshot snapshot,
      long baseIndex,
      long baseTerm,
      List<Entry> entries) {
    this.term = term;
    this.votedFor = votedFor;
    this.snapshot = snapshot;
    this.baseIndex = baseIndex;
    this.baseTerm = baseTerm;
    this.entries.addAll(entries);
  }

  /// What each founder of a group persists before its core begins: the founding membership as entry
  /// 1 of term 1. Founders of one group must name the same membership; there is no vote in term 1.
  public static List<DurableEvent> founding(Membership membership) {
    Entry first = new Entry(1, 1, Entry.Kind.CONFIG, RaftCodec.encodeMembership(membership));
    return List.of(
        new DurableEvent.HardState(1, null), new DurableEvent.Appended(0, List.of(first)));
  }

  /// A copy that shares the entries.
  public DurableState copy() {
    return new DurableState(term, votedFor, snapshot, baseIndex, baseTerm, entries);
  }

  public void apply(DurableEvent event) {
    switch (event) {
      case DurableEvent.HardState e -> {
        check(e.term() >= term, "term goes back to " + e.term());
        term = e.term();
        votedFor = e.votedFor();
      }
      case DurableEvent.Appended e -> append(e);
      case DurableEvent.SnapshotInstalled e -> {
        check(e.snapshot().lastIndex() > snapshot.lastIndex(), "older " + e.snapshot());
        snapshot = e.snapshot();
        baseIndex = snapshot.lastIndex();
        baseTerm = snapshot.lastTerm();
        entries.clear();
      }
      case DurableEvent.Compacted e -> compact(e);
    }
  }

  private void append(DurableEvent.Appended event) {
    check(
        event.prevIndex() >= snapshot.lastIndex() && event.prevIndex() <= lastIndex(),
        "entries after " + event.prevIndex());
    entries.subList((int) (event.prevIndex() - baseIndex), entries.size()).clear();
    for (Entry entry : event.entries()) {
      check(entry.index() == lastIndex() + 1, "entry " + entry);
      entries.add(entry);
    }
  }

  private void compact(DurableEvent.Compacted event) {
    long newBase = event.baseIndex();
    check(
        event.snapshot().lastIndex() > snapshot.lastIndex()
            && event.snapshot().lastIndex() <= lastIndex(),
        "own " + event.snapshot());
    check(
        newBase >= baseIndex && newBase <= event.snapshot().lastIndex(),
        "compaction to " + newBase);
    snapshot = event.snapshot();
    if (newBase > baseIndex) {
      int dropped = (int) (newBase - baseIndex);
      baseTerm = entries.get(dropped - 1).term();
      entries.subList(0, dropped).clear();
      baseIndex = newBase;
    }
  }

  private void check(boolean holds, String detail) {
    if (!holds) {
      throw new BrokenInvariant("durable log", detail + " cannot follow " + this);
    }
  }

  /// The latest term that the node saw; 0 for a node that saw none.
  public long term() {
    return term;
  }

  public @Nullable MemberId votedFor() {
    return votedFor;
  }

  /// The latest snapshot, or [Snapshot#NONE].
  public Snapshot snapshot() {
    return snapshot;
  }

  /// Index of the entry before the first one of [#entries()].
  public long baseIndex() {
    return baseIndex;
  }

  public long baseTerm() {
    return baseTerm;
  }

  public List<Entry> entries() {
    return Collections.unmodifiableList(entries);
  }

  public long lastIndex() {
    return baseIndex + entries.size();
  }

  @Override
  public String toString() {
    return "term "
        + term
        + ", vote for "
        + votedFor
        + ", "
        + snapshot
        + ", log ("
        + baseIndex
        + "@"
        + baseTerm
        + ", "
        + lastIndex()
        + "]";
  }
}
