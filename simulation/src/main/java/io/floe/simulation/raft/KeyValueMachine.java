package io.floe.simulation.raft;

import io.floe.consensus.raft.core.Entry;
import io.floe.consensus.raft.core.Payload;
import io.floe.consensus.raft.core.RaftReader;
import io.floe.consensus.raft.core.RaftWriter;
import io.floe.consensus.raft.sessions.SessionCommand;
import io.floe.consensus.raft.sessions.SessionResult;
import io.floe.consensus.raft.sessions.SessionTable;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/// The replicated state machine of a simulation: registers with client sessions around them.
final class KeyValueMachine {
  private static final int SESSIONS_MAX = 6;
  private static final int ANSWERS_MAX = 4;

  private final @Nullable RaftBug bug;
  private SessionTable sessions = new SessionTable(SESSIONS_MAX, ANSWERS_MAX);
  private final TreeMap<Integer, Long> registers = new TreeMap<>();

  KeyValueMachine(@Nullable RaftBug bug) {
    this.bug = bug;
  }

  static Payload command(Operation.Action action, int key, long argument, long expected) {
    RaftWriter out = new RaftWriter(24).u8(code(action)).var(key).i64(argument).i64(expected);
    return Payload.of(out.toBytes());
  }

  private static int code(Operation.Action action) {
    return switch (action) {
      case READ -> 0;
      case PUT -> 1;
      case ADD -> 2;
      case COMPARE_AND_SET -> 3;
    };
  }

  long read(int key) {
    return registers.getOrDefault(key, 0L);
  }

  /// What an entry came to; null when it is no command.
  @Nullable SessionResult apply(Entry entry) {
    if (entry.kind() != Entry.Kind.COMMAND) {
      return null;
    }
    SessionCommand command = SessionCommand.decode(entry.payload());
    if (bug == RaftBug.SESSIONS_NOT_CHECKED && command instanceof SessionCommand.Execute execute) {
      return new SessionResult.Done(execute(execute.command()), false);
    }
    return sessions.apply(entry.index(), command, this::execute);
  }

  private Payload execute(Payload command) {
    RaftReader in = new RaftReader(command.bytes());
    int code = in.u8();
    int key = in.varInt();
    long argument = in.i64();
    long expected = in.i64();
    Operation.Action action =
        switch (code) {
          case 1 -> Operation.Action.PUT;
          case 2 -> Operation.Action.ADD;
          case 3 -> Operation.Action.COMPARE_AND_SET;
          default -> throw new IllegalStateException("command of code " + code);
        };
    Operation operation = new Operation(key, action, argument, expected, null, 0, Operation.NEVER);
    long before = read(key);
    registers.put(key, operation.after(before));
    return Payload.of(new RaftWriter(8).i64(operation.answer(before)).toBytes());
  }

  static long number(Payload result) {
    return new RaftReader(result.bytes()).i64();
  }

  /// The whole state; the same bytes for the same state.
  Payload snapshot() {
    TreeMap<Integer, Long> kept = new TreeMap<>(registers);
    if (bug == RaftBug.SNAPSHOT_FORGETS_ENTRIES && !kept.isEmpty()) {
      kept.pollLastEntry();
    }
    RaftWriter out = new RaftWriter(1_024).var(kept.size());
    for (Map.Entry<Integer, Long> register : kept.entrySet()) {
      out.var(register.getKey()).i64(register.getValue());
    }
    SessionTable table =
        bug == RaftBug.SNAPSHOT_FORGETS_SESSIONS
            ? new SessionTable(SESSIONS_MAX, ANSWERS_MAX)
            : sessions;
    return Payload.of(out.bytes(table.encode()).toBytes());
  }

  /// Becomes what [#snapshot()] said; no bytes are the beginning.
  void restore(Payload snapshot) {
    registers.clear();
    sessions = new SessionTable(SESSIONS_MAX, ANSWERS_MAX);
    if (snapshot.sizeBytes() == 0) {
      return;
    }
    RaftReader in = new RaftReader(snapshot.bytes());
    int count = in.varInt();
    for (int i = 0; i < count; i++) {
      registers.put(in.varInt(), in.i64());
    }
    sessions.restore(in.bytes());
    in.end();
  }
}
