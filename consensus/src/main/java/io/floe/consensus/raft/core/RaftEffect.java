package io.floe.consensus.raft.core;

import java.util.List;
import org.jspecify.annotations.Nullable;

/// What a [RaftCore] wants done. The host carries the effects out in the order of the list, each
/// *begun* (a persist) or *done* (all others) before the next.
///
/// What depends on a disk comes as an effect only after the [RaftEvent.Persisted] that it waits
/// for, so a host that keeps the order cannot send a vote or an ack too early.
public sealed interface RaftEffect {

  /// Make these durable, in one atomic write, and say so by [RaftEvent.Persisted]. Never two at a
  /// time: what comes meanwhile gathers in the next batch.
  record Persist(long batchId, List<DurableEvent> events) implements RaftEffect {
    public Persist {
      events = List.copyOf(events);
    }
  }

  /// Send, now. May be lost.
  record Send(RaftMessage message) implements RaftEffect {}

  /// The state machine becomes this snapshot; [Snapshot#NONE] is an empty one. Durable.
  record Restore(Snapshot snapshot) implements RaftEffect {}

  /// Apply these, which are committed and durable here; dense, without gap after the last [Restore]
  /// or `Apply`. Entries that are no commands only move the applied index.
  record Apply(List<Entry> entries) implements RaftEffect {
    public Apply {
      entries = List.copyOf(entries);
    }
  }

  /// The one answer to a request.
  record Answered(long token, Outcome outcome) implements RaftEffect {}

  /// The role, the term or the known leader is another one.
  ///
  /// @param leader null while none is known
  record LeadershipChanged(RaftRole role, long term, @Nullable MemberId leader)
      implements RaftEffect {}

  /// Another membership holds, committed or not: by a new entry, a truncation or a snapshot.
  ///
  /// @param index of its entry, or of the snapshot that has it
  record MembershipChanged(Membership membership, long index) implements RaftEffect {}
}
