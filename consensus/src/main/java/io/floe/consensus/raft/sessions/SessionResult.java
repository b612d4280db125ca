package io.floe.consensus.raft.sessions;

import io.floe.consensus.raft.core.Payload;

/// What a [SessionCommand] came to.
public sealed interface SessionResult {

  /// The session is open.
  record Opened(long session) implements SessionResult {}

  /// The command was executed, now or when it was there before.
  ///
  /// @param isDuplicate it was there before; `result` is that of then
  record Done(Payload result, boolean isDuplicate) implements SessionResult {}

  /// Nothing was executed: the session was never opened, or is forgotten. Whether the command was
  /// executed earlier nobody knows any more.
  record Expired() implements SessionResult {}

  /// Nothing was executed: the client said that it has the answer.
  record Stale() implements SessionResult {}

  /// Nothing was executed: the session has too many answers that the client did not confirm.
  record Full() implements SessionResult {}
}
