package io.floe.consensus.raft.core;

import java.util.List;
import org.jspecify.annotations.Nullable;

/// What becomes durable. The events of one [RaftEffect.Persist] are one atomic write: after a crash
/// all of them are there or none. [DurableState#apply] says what each does.
public sealed interface DurableEvent {

  /// A new term, or a vote in it (Raft paper figure 2, persistent state).
  ///
  /// @param votedFor null while no vote was given in the term
  record HardState(long term, @Nullable MemberId votedFor) implements DurableEvent {}

  /// Entries follow the one at `prevIndex`; whatever was behind it is gone.
  ///
  /// @param entries dense, the first one at `prevIndex + 1`
  record Appended(long prevIndex, List<Entry> entries) implements DurableEvent {
    public Appended {
      entries = List.copyOf(entries);
    }
  }

  /// A leader's snapshot replaces the log.
  record SnapshotInstalled(Snapshot snapshot) implements DurableEvent {}

  /// The node's own snapshot; entries up to `baseIndex` are gone, those between stay for slow
  /// followers.
  ///
  /// @param baseIndex at most the snapshot's last index
  record Compacted(Snapshot snapshot, long baseIndex) implements DurableEvent {}
}
