package io.floe.consensus.raft.core;

import io.floe.consensus.BrokenInvariant;
import java.util.ArrayList;
import java.util.List;

/// The log in memory: a snapshot and a window of entries behind `baseIndex`, which may begin before
/// the snapshot's end. Ahead of the disk: [#durableIndex()] says up to where it is on it.
///
/// Invariants: `baseIndex <= snapshot.lastIndex <= lastIndex`; indexes dense; terms never fall.
///
/// Source: Raft paper §5.3, §7; Raft thesis §5.1.
final class RaftLog {
  private final List<Entry> entries;
  private Snapshot snapshot;
  private long baseIndex;
  private long baseTerm;
  private long durableIndex;

  /// Last index of the batch that is being written, lowered when a truncation makes it untrue.
  private long writingIndex;

  RaftLog(DurableState durable) {
    entries = new ArrayList<>(durable.entries());
    snapshot = durable.snapshot();
    baseIndex = durable.baseIndex();
    baseTerm = durable.baseTerm();
    durableIndex = lastIndex();
    writingIndex = durableIndex;
    check(
        baseIndex <= snapshot.lastIndex() && snapshot.lastIndex() <= lastIndex(),
        "window does not cover the snapshot");
  }

  long baseIndex() {
    return baseIndex;
  }

  long lastIndex() {
    return baseIndex + entries.size();
  }

  long lastTerm() {
    return entries.isEmpty() ? baseTerm : entries.getLast().term();
  }

  Snapshot snapshot() {
    return snapshot;
  }

  /// Everything up to here is on disk as it is here.
  long durableIndex() {
    return durableIndex;
  }

  /// Whether the term of the entry is known.
  boolean hasTerm(long index) {
    return index >= baseIndex && index <= lastIndex();
  }

  long term(long index) {
    check(hasTerm(index), "no term of " + index);
    return index == baseIndex ? baseTerm : entry(index).term();
  }

  boolean matches(long index, long term) {
    return hasTerm(index) && term(index) == term;
  }

  Entry entry(long index) {
    check(index > baseIndex && index <= lastIndex(), "no entry " + index);
    return entries.get((int) (index - baseIndex - 1));
  }

  /// The entries `from` to `to`, both included.
  List<Entry> entries(long from, long to) {
    check(from > baseIndex && to <= lastIndex(), "no entries " + from + " to " + to);
    return List.copyOf(entries.subList((int) (from - baseIndex - 1), (int) (to - baseIndex)));
  }

  /// As many entries from an index on as fit a message; at least one when there is one.
  List<Entry> entriesThatFit(long from, int bytesMax) {
    long bytes = 0;
    long to = from - 1;
    while (to < lastIndex()) {
      bytes += entry(to + 1).encodedBytesMax();
      if (bytes > bytesMax && to >= from) {
        break;
      }
      to++;
    }
    return entries(from, to);
  }

  /// The first index known of the run of entries with the term of `index`.
  long firstIndexOfTermAt(long index) {
    long term = term(index);
    long first = index;
    while (first - 1 > baseIndex && term(first - 1) == term) {
      first--;
    }
    return first;
  }

  /// The last index at or before `index`, and not before `floor`, whose term is at most `term`;
  /// `floor` when there is none.
  long lastIndexWithTermAtMost(long term, long index, long floor) {
    long at = Math.min(index, lastIndex());
    while (at > floor && at > baseIndex && term(at) > term) {
      at--;
    }
    return Math.max(at, floor);
  }

  void append(Entry entry) {
    check(
        entry.index() == lastIndex() + 1 && entry.term() >= lastTerm(),
        "entry " + entry + " does not follow");
    entries.add(entry);
  }

  void truncateAfter(long index) {
    check(index >= snapshot.lastIndex(), "truncation after " + index);
    entries.subList((int) (index - baseIndex), entries.size()).clear();
    durableIndex = Math.min(durableIndex, index);
    writingIndex = Math.min(writingIndex, index);
  }

  void install(Snapshot newer) {
    check(newer.lastIndex() > snapshot.lastIndex(), "older " + newer);
    entries.clear();
    snapshot = newer;
    baseIndex = newer.lastIndex();
    baseTerm = newer.lastTerm();
    durableIndex = 0;
    writingIndex = 0;
  }

  /// Takes the node's own snapshot and forgets entries up to `newBase`.
  void compact(Snapshot newer, long newBase) {
    check(
        newer.lastIndex() > snapshot.lastIndex() && matches(newer.lastIndex(), newer.lastTerm()),
        "own " + newer);
    check(newBase >= baseIndex && newBase <= newer.lastIndex(), "compaction to " + newBase);
    snapshot = newer;
    long newBaseTerm = term(newBase);
    entries.subList(0, (int) (newBase - baseIndex)).clear();
    baseIndex = newBase;
    baseTerm = newBaseTerm;
  }

  /// Where the window would begin with a tail of at most so much before `index`.
  long baseForTail(long index, int entriesMax, int bytesMax) {
    long base = index;
    long bytes = 0;
    while (base > baseIndex && index - base < entriesMax) {
      bytes += entry(base).encodedBytesMax();
      if (bytes > bytesMax) {
        break;
      }
      base--;
    }
    return base;
  }

  void writeBegins() {
    writingIndex = lastIndex();
  }

  void writeEnded() {
    durableIndex = Math.max(durableIndex, writingIndex);
  }

  private void check(boolean holds, String detail) {
    if (!holds) {
      throw new BrokenInvariant("R8 log window", detail + " in " + this);
    }
  }

  @Override
  public String toString() {
    return "log ("
        + baseIndex
        + "@"
        + baseTerm
        + ", "
        + lastIndex()
        + "@"
        + lastTerm()
        + "], durable to "
        + durableIndex
        + ", "
        + snapshot;
  }
}
