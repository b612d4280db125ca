package io.floe.consensus.raft.sessions;

import io.floe.consensus.BrokenInvariant;
import io.floe.consensus.raft.core.MalformedRaft;
import io.floe.consensus.raft.core.Payload;
import io.floe.consensus.raft.core.RaftReader;
import io.floe.consensus.raft.core.RaftWriter;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.UnaryOperator;

/// The sessions of all clients, as a function of the log: which commands were executed, and what
/// they answered. Part of the state machine, and of its snapshot; the same on every member.
///
/// A session may have several commands under way. It keeps the answer to each until the client
/// confirms it (`answeredBelow`), at most `answersMax`. There are at most `sessionsMax` sessions;
/// the one whose last use lies furthest back *in the log* goes first, so that no clock is asked. A
/// command of a forgotten session is refused, not executed a second time.
///
/// ```
/// version(1)=1 count(v) { id(v) lastUsed(v) answeredBelow(v) count(v) { sequence(v) length(v) result }… }…
/// ```
///
/// Thread-safety: none. Source: Raft thesis §6.3.
public final class SessionTable {
  private static final int VERSION = 1;

  private final int sessionsMax;
  private final int answersMax;
  private final TreeMap<Long, Session> sessions = new TreeMap<>();

  /// Session ids by the index of their last use. No two are used by one entry.
  private final TreeMap<Long, Long> byLastUse = new TreeMap<>();

  private static final class Session {
    private final TreeMap<Long, Payload> answers = new TreeMap<>();
    private long lastUsed;
    private long answeredBelow;

    private Session(long lastUsed) {
      this.lastUsed = lastUsed;
    }
  }

  /// An empty table. All members of a group must have the same bounds.
  public SessionTable(int sessionsMax, int answersMax) {
    if (sessionsMax < 1 || answersMax < 1) {
      throw new IllegalArgumentException(sessionsMax + " sessions of " + answersMax + " answers");
    }
    this.sessionsMax = sessionsMax;
    this.answersMax = answersMax;
  }

  public int size() {
    return sessions.size();
  }

  /// Executes a command at its place in the log, unless it was executed before.
  ///
  /// @param index of the log entry; larger than every one before
  /// @param machine executes a command and says its result; called at most once
  public SessionResult apply(long index, SessionCommand command, UnaryOperator<Payload> machine) {
    if (!byLastUse.isEmpty() && index <= byLastUse.lastKey()) {
      throw new BrokenInvariant(
          "session table", "entry " + index + " after " + byLastUse.lastKey());
    }
    return switch (command) {
      case SessionCommand.Open open -> open(index);
      case SessionCommand.Execute execute -> execute(index, execute, machine);
    };
  }

  private SessionResult open(long index) {
    if (sessions.size() == sessionsMax) {
      sessions.remove(byLastUse.pollFirstEntry().getValue());
    }
    sessions.put(index, new Session(index));
    byLastUse.put(index, index);
    return new SessionResult.Opened(index);
  }

  private SessionResult execute(
      long index, SessionCommand.Execute command, UnaryOperator<Payload> machine) {
    Session session = sessions.get(command.session());
    if (session == null) {
      return new SessionResult.Expired();
    }
    byLastUse.remove(session.lastUsed);
    byLastUse.put(index, command.session());
    session.lastUsed = index;
    if (command.answeredBelow() > session.answeredBelow) {
      session.answeredBelow = command.answeredBelow();
      session.answers.headMap(session.answeredBelow).clear();
    }
    if (command.sequence() < session.answeredBelow) {
      return new SessionResult.Stale();
    }
    Payload before = session.answers.get(command.sequence());
    if (before != null) {
      return new SessionResult.Done(before, true);
    }
    if (session.answers.size() == answersMax) {
      return new SessionResult.Full();
    }
    Payload result = machine.apply(command.command());
    session.answers.put(command.sequence(), result);
    return new SessionResult.Done(result, false);
  }

  /// The stored form. Equal tables have equal bytes.
  public Payload encode() {
    RaftWriter out = new RaftWriter(1_024).u8(VERSION).var(sessions.size());
    for (Map.Entry<Long, Session> entry : sessions.entrySet()) {
      Session session = entry.getValue();
      out.var(entry.getKey()).var(session.lastUsed).var(session.answeredBelow);
      out.var(session.answers.size());
      session.answers.forEach((sequence, result) -> out.var(sequence).bytes(result));
    }
    return Payload.of(out.toBytes());
  }

  /// Becomes what [#encode()] wrote. With smaller bounds than the writer's the surplus goes by the
  /// same rule.
  ///
  /// Errors: [MalformedRaft] for anything else; the table is then empty.
  public void restore(Payload encoded) {
    sessions.clear();
    byLastUse.clear();
    try {
      read(new RaftReader(encoded.bytes()));
    } catch (MalformedRaft malformed) {
      sessions.clear();
      byLastUse.clear();
      throw malformed;
    }
    while (sessions.size() > sessionsMax) {
      sessions.remove(byLastUse.pollFirstEntry().getValue());
    }
  }

  private void read(RaftReader in) {
    int version = in.u8();
    if (version != VERSION) {
      throw new MalformedRaft("session table of version " + version);
    }
    int count = in.varInt();
    for (int i = 0; i < count; i++) {
      long id = in.var();
      Session session = new Session(in.var());
      session.answeredBelow = in.var();
      int answers = in.varInt();
      for (int j = 0; j < answers; j++) {
        session.answers.put(in.var(), in.bytes());
      }
      if (sessions.put(id, session) != null || byLastUse.put(session.lastUsed, id) != null) {
        throw new MalformedRaft("session " + id + " is there twice");
      }
    }
    in.end();
  }
}
