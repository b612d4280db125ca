package io.floe.consensus.raft.sessions;

import io.floe.consensus.raft.core.MalformedRaft;
import io.floe.consensus.raft.core.Payload;
import io.floe.consensus.raft.core.RaftReader;
import io.floe.consensus.raft.core.RaftWriter;

/// A command of the log, as the state machine's host proposes it.
///
/// ```
/// open     version(1)=1 type(1)=1
/// execute  version(1)=1 type(1)=2 session(v) sequence(v) answeredBelow(v) length(v) command
/// (v): 7 bits a byte, lowest first
/// ```
public sealed interface SessionCommand {

  /// Opens a session: its id is the index of this entry. A doubled one opens two; the one that
  /// nobody uses is forgotten.
  record Open() implements SessionCommand {}

  /// A command of a session.
  ///
  /// @param sequence names the command within its session; the same for each time that it is sent,
  ///   never used for another one
  /// @param answeredBelow the client has the answers to all smaller sequences, or does not want
  ///   them: they are forgotten, and what comes late of them is not executed
  record Execute(long session, long sequence, long answeredBelow, Payload command)
      implements SessionCommand {
    public Execute {
      if (sequence < answeredBelow || answeredBelow < 0) {
        throw new IllegalArgumentException(
            "sequence " + sequence + ", answered below " + answeredBelow);
      }
    }
  }

  /// The payload of the log entry.
  default Payload encode() {
    RaftWriter out = new RaftWriter(40).u8(1);
    switch (this) {
      case Open open -> out.u8(1);
      case Execute execute ->
          out.u8(2)
              .var(execute.session())
              .var(execute.sequence())
              .var(execute.answeredBelow())
              .bytes(execute.command());
    }
    return Payload.of(out.toBytes());
  }

  /// Reads what [#encode()] wrote.
  ///
  /// Errors: [MalformedRaft] for anything else.
  static SessionCommand decode(Payload payload) {
    RaftReader in = new RaftReader(payload.bytes());
    int version = in.u8();
    int type = in.u8();
    if (version != 1 || type < 1 || type > 2) {
      throw new MalformedRaft("session command of version " + version + ", type " + type);
    }
    try {
      SessionCommand command =
          type == 1 ? new Open() : new Execute(in.var(), in.var(), in.var(), in.bytes());
      in.end();
      return command;
    } catch (IllegalArgumentException impossible) {
      throw new MalformedRaft("session command: " + impossible.getMessage(), impossible);
    }
  }
}
