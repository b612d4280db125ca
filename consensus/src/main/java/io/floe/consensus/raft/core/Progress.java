package io.floe.consensus.raft.core;

import io.floe.consensus.BrokenInvariant;
import java.util.ArrayDeque;
import org.jspecify.annotations.Nullable;

/// What a leader knows of one other member.
///
/// ```
///            ack                 next entry was compacted
///   PROBE ────────▶ REPLICATE ─┐ ┌────────────────────────▶ SNAPSHOT
///     ▲ ◀──────────────────────┴─┘                              │
///     │   reject                         ack at or behind it    │
///     └─────────────────────────────────────────────────────────┘
/// ```
///
/// In PROBE one message at a time looks for the place where the logs agree; in REPLICATE messages
/// are sent ahead of their acks, bounded; in SNAPSHOT chunks are sent.
///
/// Invariant: `matchIndex < nextIndex`. Source: Raft thesis §3.5, §10.2.1 (pipelining).
final class Progress {
  enum State {
    PROBE,
    REPLICATE,
    SNAPSHOT
  }

  private record Flight(long lastIndex, int bytes) {}

  private final ArrayDeque<Flight> flights = new ArrayDeque<>();
  private long flightBytes;
  private State state = State.PROBE;
  private long matchIndex;
  private long nextIndex;
  private @Nullable SnapshotSending sending;

  /// A probe is under way.
  boolean isProbeSent;

  /// The member was heard from since the last check of the quorum.
  boolean isActive;

  /// The member answered a heartbeat and has not acked everything: a message may be lost.
  boolean isPingDue;

  long ackedRound;
  long commitSent;

  Progress(long nextIndex) {
    this.nextIndex = nextIndex;
  }

  State state() {
    return state;
  }

  long matchIndex() {
    return matchIndex;
  }

  long nextIndex() {
    return nextIndex;
  }

  @Nullable SnapshotSending sending() {
    return sending;
  }

  boolean hasRoom(RaftSettings settings) {
    return flights.size() < settings.appendsInFlightMax()
        && flightBytes < settings.appendBytesInFlightMax();
  }

  void sent(long lastIndex, int bytes) {
    flights.add(new Flight(lastIndex, bytes));
    flightBytes += bytes;
    nextIndex = lastIndex + 1;
  }

  /// The member has everything up to `index`.
  ///
  /// @param baseIndex of the leader's log
  void acked(long index, long baseIndex) {
    boolean isNews = index > matchIndex;
    if (isNews) {
      matchIndex = index;
      nextIndex = Math.max(nextIndex, index + 1);
    }
    while (!flights.isEmpty() && flights.getFirst().lastIndex() <= matchIndex) {
      flightBytes -= flights.removeFirst().bytes();
    }
    switch (state) {
      case PROBE -> {
        if (index == matchIndex) {
          become(State.REPLICATE, matchIndex + 1);
        }
      }
      case SNAPSHOT -> {
        // The window may have left the snapshot behind: then the next one follows.
        boolean isInstalled = sending != null && matchIndex >= sending.snapshot.lastIndex();
        if (isInstalled || matchIndex >= baseIndex) {
          become(State.PROBE, matchIndex + 1);
        }
      }
      case REPLICATE -> {}
    }
    check();
  }

  /// Says where the logs may agree, after the member refused entries behind `prevIndex`.
  void rejected(long prevIndex, long conflictTerm, long conflictIndex, RaftLog log) {
    switch (state) {
      case SNAPSHOT -> {}
      case REPLICATE -> {
        if (prevIndex > matchIndex) {
          become(State.PROBE, candidateNext(prevIndex, conflictTerm, conflictIndex, log));
        }
      }
      case PROBE -> {
        if (prevIndex == nextIndex - 1) {
          become(State.PROBE, candidateNext(prevIndex, conflictTerm, conflictIndex, log));
        }
      }
    }
    check();
  }

  /// Skips whole terms (Raft paper §5.3, end): in the member's run of entries of one term only
  /// those can agree that have that term here as well.
  private long candidateNext(long prevIndex, long conflictTerm, long conflictIndex, RaftLog log) {
    long next = Math.min(conflictIndex, prevIndex);
    if (conflictTerm > 0) {
      long last = log.lastIndexWithTermAtMost(conflictTerm, prevIndex - 1, next - 1);
      if (log.matches(last, conflictTerm)) {
        next = last + 1;
      }
    }
    return Math.max(next, matchIndex + 1);
  }

  void beginSnapshot(SnapshotSending snapshotSending) {
    become(State.SNAPSHOT, nextIndex);
    sending = snapshotSending;
  }

  private void become(State to, long next) {
    state = to;
    nextIndex = next;
    flights.clear();
    flightBytes = 0;
    isProbeSent = false;
    sending = null;
  }

  private void check() {
    if (matchIndex >= nextIndex) {
      throw new BrokenInvariant("R10 progress", toString());
    }
  }

  @Override
  public String toString() {
    return state + ", match " + matchIndex + ", next " + nextIndex + ", in flight " + flights;
  }
}
