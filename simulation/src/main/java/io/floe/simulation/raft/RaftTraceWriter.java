package io.floe.simulation.raft;

import io.floe.consensus.raft.core.MemberId;
import io.floe.consensus.raft.core.Membership;
import io.floe.consensus.raft.core.RaftCore;
import io.floe.consensus.raft.core.RaftRole;
import io.floe.consensus.raft.core.RaftTrace;
import java.util.List;
import java.util.function.Consumer;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/// Writes what the members of one group do as the NDJSON trace of `spec/README.md`, in the order in
/// which it happens: one line for each action of a core, and for what only its host sees. No name
/// in it needs escaping.
///
/// Thread-safety: none. Source: "Validating Traces of Distributed Programs Against TLA+
/// Specifications" (Cirstea, Kuppe, Loillier, Merz).
final class RaftTraceWriter {
  private final @Nullable Consumer<String> sink;
  private long lastLine;

  /// @param sink hears each line, without its end; null when nobody wants a trace
  RaftTraceWriter(@Nullable Consumer<String> sink) {
    this.sink = sink;
  }

  /// The first line.
  void founded(List<MemberId> founders) {
    write("{\"format\":\"floe-raft-trace/1\",\"founders\":" + array(founders) + "}");
  }

  /// Number of the last line: all that a write holds that begins now.
  long lastLine() {
    return lastLine;
  }

  /// A core tells of an action.
  void happened(RaftTrace.Action action, RaftCore core) {
    String more = "";
    if (sink != null && action == RaftTrace.Action.CHANGE_MEMBERSHIP) {
      Membership membership = core.membership();
      more =
          ",\"voters\":"
              + array(membership.voters())
              + ",\"observers\":"
              + array(membership.observers());
    }
    line(action.name(), core, more);
  }

  /// A write ended well; before the core hears of it.
  ///
  /// @param upTo the [#lastLine()] when it began
  void persisted(RaftCore core, long upTo) {
    line("PERSISTED", core, ",\"upTo\":" + upTo);
  }

  /// A core begins with what the disk holds, the first one too.
  void restarted(RaftCore core) {
    line("RESTART", core, "");
  }

  /// A node has an empty store.
  ///
  /// @param successor who it is from now on
  void wiped(MemberId successor) {
    write(state("WIPE", successor, RaftRole.FOLLOWER, 0, null, 0, 0, 0, 0) + "}");
  }

  /// @param token unique among the reads of a node
  void askedRead(RaftCore core, long token) {
    line("ASK_READ", core, read(core, token));
  }

  /// @param index that was applied when the state was read
  void servedRead(RaftCore core, long token, long index) {
    line("SERVE_READ", core, read(core, token) + ",\"index\":" + index);
  }

  private static String read(RaftCore core, long token) {
    return ",\"read\":\"" + core.self().node() + "." + token + "\"";
  }

  private void line(String action, RaftCore core, String more) {
    if (sink == null) {
      return;
    }
    long lastIndex = core.lastIndex();
    long snapshot = core.snapshot().lastIndex();
    long lastTerm =
        lastIndex == snapshot ? core.snapshot().lastTerm() : core.entry(lastIndex).term();
    write(
        state(
                action,
                core.self(),
                core.role(),
                core.term(),
                core.votedFor(),
                lastIndex,
                lastTerm,
                core.commitIndex(),
                snapshot)
            + more
            + "}");
  }

  private String state(
      String action,
      MemberId member,
      RaftRole role,
      long term,
      @Nullable MemberId vote,
      long lastIndex,
      long lastTerm,
      long commit,
      long snapshot) {
    return "{\"seq\":"
        + (lastLine + 1)
        + ",\"node\":\""
        + member
        + "\",\"action\":\""
        + action
        + "\",\"role\":\""
        + role
        + "\",\"term\":"
        + term
        + ",\"vote\":"
        + (vote == null ? "null" : "\"" + vote + "\"")
        + ",\"lastIndex\":"
        + lastIndex
        + ",\"lastTerm\":"
        + lastTerm
        + ",\"commit\":"
        + commit
        + ",\"snapshot\":"
        + snapshot;
  }

  private static String array(List<MemberId> members) {
    return members.stream()
        .map(member -> "\"" + member + "\"")
        .collect(Collectors.joining(",", "[", "]"));
  }

  private void write(String line) {
    if (sink != null) {
      lastLine++;
      sink.accept(line);
    }
  }
}
