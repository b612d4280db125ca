package io.floe.consensus.raft.core;

import java.util.ArrayList;
import java.util.List;

/// The memberships that the log holds. The latest one counts, committed or not; a truncation brings
/// the one before back (Raft thesis §4.1).
final class MembershipLog {
  private record At(long index, Membership membership) {}

  /// Never empty; the first one is the snapshot's.
  private final List<At> memberships = new ArrayList<>();

  MembershipLog(RaftLog log) {
    reset(log.snapshot());
    for (long index = log.snapshot().lastIndex() + 1; index <= log.lastIndex(); index++) {
      append(log.entry(index));
    }
  }

  void reset(Snapshot snapshot) {
    memberships.clear();
    memberships.add(new At(snapshot.lastIndex(), snapshot.membership()));
  }

  void append(Entry entry) {
    if (entry.kind() == Entry.Kind.CONFIG) {
      memberships.add(new At(entry.index(), RaftCodec.decodeMembership(entry.payload())));
    }
  }

  void truncateAfter(long index) {
    while (memberships.size() > 1 && memberships.getLast().index() > index) {
      memberships.removeLast();
    }
  }

  /// Forgets what a snapshot covers.
  void compactTo(Snapshot snapshot) {
    memberships.removeIf(at -> at.index() <= snapshot.lastIndex());
    memberships.addFirst(new At(snapshot.lastIndex(), snapshot.membership()));
  }

  Membership current() {
    return memberships.getLast().membership();
  }

  /// Of the entry, or of the snapshot, that has the current one.
  long currentIndex() {
    return memberships.getLast().index();
  }

  /// The one that held when the log ended at `index`, which no snapshot covers.
  Membership at(long index) {
    Membership found = memberships.getFirst().membership();
    for (At at : memberships) {
      if (at.index() <= index) {
        found = at.membership();
      }
    }
    return found;
  }
}
