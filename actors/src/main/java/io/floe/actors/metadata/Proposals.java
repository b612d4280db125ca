package io.floe.actors.metadata;

import io.floe.actors.metadata.MetadataProtocol.Outcome;
import io.floe.consensus.metadata.replica.ReplicatedMetadata;
import io.floe.consensus.raft.core.Entry;
import io.floe.consensus.raft.core.MalformedRaft;
import io.floe.consensus.raft.core.Payload;
import io.floe.consensus.raft.sessions.SessionCommand;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.Iterator;
import java.util.List;
import java.util.Set;
import java.util.TreeMap;
import org.apache.pekko.actor.typed.ActorRef;
import org.jspecify.annotations.Nullable;

/// The commands of this node that were not seen applied yet. Each is sent until this node applies
/// it; the session in the replicated state takes care that it is executed once.
///
/// Time is in nanoseconds of a clock that the caller reads. Thread-safety: none.
final class Proposals {
  /// Below what a session keeps answers for, with room for those that a restart left open.
  static final int OPEN_MAX = ReplicatedMetadata.ANSWERS_MAX / 2;

  private static final long RESEND_NANOS = 1_000_000_000L;

  /// Longer than every asker waits: nobody listens any more.
  private static final long GIVE_UP_NANOS = 60_000_000_000L;

  private static final long NO_SESSION = -1;

  private final TreeMap<Long, Pending> open = new TreeMap<>();
  private long session = NO_SESSION;
  private long nextSequence;

  private static final class Pending {
    final Payload command;
    final ActorRef<Outcome> replyTo;
    final long sinceNanos;
    long sentNanos;
    boolean isSent;

    Pending(Payload command, ActorRef<Outcome> replyTo, long sinceNanos) {
      this.command = command;
      this.replyTo = replyTo;
      this.sinceNanos = sinceNanos;
    }
  }

  boolean isFull() {
    return open.size() >= OPEN_MAX;
  }

  boolean isEmpty() {
    return open.isEmpty();
  }

  boolean hasSession() {
    return session != NO_SESSION;
  }

  long session() {
    return session;
  }

  void opened(long newSession) {
    session = newSession;
  }

  void add(Payload command, ActorRef<Outcome> replyTo, long nowNanos) {
    open.put(nextSequence++, new Pending(command, replyTo, nowNanos));
  }

  /// What is to be sent now: what never was, and what was sent long ago.
  ///
  /// @param isNewLeader whether everything goes to somebody else now
  List<Payload> due(long nowNanos, boolean isNewLeader) {
    if (!hasSession()) {
      return List.of();
    }
    List<Payload> due = new ArrayList<>();
    Iterator<Pending> all = open.values().iterator();
    while (all.hasNext()) {
      if (nowNanos - all.next().sinceNanos > GIVE_UP_NANOS) {
        all.remove();
      }
    }
    long answeredBelow = open.isEmpty() ? nextSequence : open.firstKey();
    open.forEach(
        (sequence, pending) -> {
          if (isNewLeader || !pending.isSent || nowNanos - pending.sentNanos > RESEND_NANOS) {
            pending.isSent = true;
            pending.sentNanos = nowNanos;
            due.add(
                new SessionCommand.Execute(session, sequence, answeredBelow, pending.command)
                    .encode());
          }
        });
    return due;
  }

  /// Takes a command out that was executed. Returns who waits for it, or null.
  @Nullable ActorRef<Outcome> executed(SessionCommand.Execute command) {
    if (command.session() != session) {
      return null;
    }
    Pending pending = open.remove(command.sequence());
    return pending == null ? null : pending.replyTo;
  }

  /// The session is forgotten: whether what was sent in it was executed nobody knows. What was not
  /// sent waits for the next one.
  void expired() {
    session = NO_SESSION;
    open.values().removeIf(pending -> pending.isSent);
  }

  /// Takes out what was sent and is not in the log: of a member that is alone it is nowhere.
  List<ActorRef<Outcome>> lost(List<Entry> log) {
    Set<Long> stored = new HashSet<>();
    for (Entry entry : log) {
      if (entry.kind() == Entry.Kind.COMMAND
          && decode(entry.payload()) instanceof SessionCommand.Execute execute
          && execute.session() == session) {
        stored.add(execute.sequence());
      }
    }
    List<ActorRef<Outcome>> lost = new ArrayList<>();
    open.entrySet()
        .removeIf(
            entry -> {
              boolean isLost = !stored.contains(entry.getKey());
              if (isLost) {
                lost.add(entry.getValue().replyTo);
              }
              return isLost;
            });
    return lost;
  }

  private static @Nullable SessionCommand decode(Payload payload) {
    try {
      return SessionCommand.decode(payload);
    } catch (MalformedRaft unreadable) {
      return null;
    }
  }
}
