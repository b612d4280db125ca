package io.floe.consensus.metadata.replica;

import io.floe.consensus.BrokenInvariant;
import io.floe.consensus.metadata.core.CommandCodec;
import io.floe.consensus.metadata.core.CommandResult;
import io.floe.consensus.metadata.core.Decision;
import io.floe.consensus.metadata.core.MalformedMetadata;
import io.floe.consensus.metadata.core.MetadataEvent;
import io.floe.consensus.metadata.core.MetadataMachine;
import io.floe.consensus.metadata.core.MetadataSnapshot;
import io.floe.consensus.metadata.core.MetadataState;
import io.floe.consensus.raft.core.Entry;
import io.floe.consensus.raft.core.MalformedRaft;
import io.floe.consensus.raft.core.Payload;
import io.floe.consensus.raft.core.RaftReader;
import io.floe.consensus.raft.core.RaftWriter;
import io.floe.consensus.raft.core.Snapshot;
import io.floe.consensus.raft.sessions.SessionCommand;
import io.floe.consensus.raft.sessions.SessionResult;
import io.floe.consensus.raft.sessions.SessionTable;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// The metadata as a function of the replicated log: every member applies the same entries in the
/// same order and has the same state, sessions and answers.
///
/// An entry holds a *command*, judged when it is applied, against the state at its place of the log
/// ([MetadataMachine#decide]). So a command that no longer fits is refused, by every member alike.
///
/// ```
/// snapshot  version(1)=1 length(v) sessions count(v) { length(v) chunk of MetadataSnapshot }…
/// (v): as in RaftCodec
/// ```
///
/// Thread-safety: none. Errors: a command of the log that cannot be read is a [BrokenInvariant]: a
/// newer program wrote it, and a member that skips it is no copy of the others any more.
public final class ReplicatedMetadata {
  /// Sessions kept: one for each life of a node, and the tools'.
  static final int SESSIONS_MAX = 1_000;

  /// Commands of a session that were applied and whose answer its owner did not confirm.
  public static final int ANSWERS_MAX = 10_000;

  private static final int VERSION = 1;
  private static final int HEAD_BYTES = 8;

  private final SessionTable sessions = new SessionTable(SESSIONS_MAX, ANSWERS_MAX);
  private MetadataState state = MetadataState.EMPTY;
  private long appliedIndex;

  /// What an entry did.
  ///
  /// @param command what was in it; null for entries that only hold a place
  /// @param result of the command; null likewise
  /// @param events what changed
  public record Applied(
      long index,
      @Nullable SessionCommand command,
      @Nullable SessionResult result,
      List<MetadataEvent> events) {
    public Applied {
      events = List.copyOf(events);
    }
  }

  public MetadataState state() {
    return state;
  }

  /// Of the last entry that was applied or that a snapshot covers.
  public long appliedIndex() {
    return appliedIndex;
  }

  /// Applies the next entry.
  public Applied apply(Entry entry) {
    if (entry.index() != appliedIndex + 1) {
      throw new BrokenInvariant("replicated metadata", "entry " + entry + " after " + appliedIndex);
    }
    appliedIndex = entry.index();
    if (entry.kind() != Entry.Kind.COMMAND) {
      return new Applied(entry.index(), null, null, List.of());
    }
    try {
      SessionCommand command = SessionCommand.decode(entry.payload());
      Execution execution = new Execution();
      SessionResult result = sessions.apply(entry.index(), command, execution::run);
      return new Applied(entry.index(), command, result, execution.events);
    } catch (RuntimeException unreadable) {
      throw new BrokenInvariant(
          "replicated metadata",
          "entry " + entry + " cannot be applied by this version: " + unreadable);
    }
  }

  private final class Execution {
    private List<MetadataEvent> events = List.of();

    Payload run(Payload command) {
      CommandResult result =
          switch (MetadataMachine.decide(state, CommandCodec.decode(command.bytes()))) {
            case Decision.Refused refused -> new CommandResult.Refused(refused.refusal());
            case Decision.Accepted accepted -> {
              events = accepted.events();
              for (MetadataEvent event : events) {
                state = MetadataMachine.apply(state, event);
              }
              yield new CommandResult.Applied(state.version());
            }
          };
      return Payload.of(CommandCodec.encodeResult(result));
    }
  }

  /// What a snapshot of this moment is made of; [Frozen#encode()] may run on another thread.
  public Frozen freeze() {
    return new Frozen(appliedIndex, sessions.encode(), state);
  }

  /// The state machine at a place of the log.
  public record Frozen(long index, Payload sessions, MetadataState state) {
    public Payload encode() {
      List<Payload> chunks = new ArrayList<>();
      MetadataSnapshot.write(state, chunk -> chunks.add(Payload.of(chunk)));
      int sizeBytes = 2 * HEAD_BYTES + sessions.sizeBytes();
      for (Payload chunk : chunks) {
        sizeBytes += HEAD_BYTES + chunk.sizeBytes();
      }
      RaftWriter out = new RaftWriter(sizeBytes).u8(VERSION).bytes(sessions).var(chunks.size());
      chunks.forEach(out::bytes);
      return Payload.of(out.toBytes());
    }
  }

  /// Becomes what a snapshot says; [Snapshot#NONE] is an empty one.
  public void restore(Snapshot snapshot) {
    appliedIndex = snapshot.lastIndex();
    if (snapshot.data().sizeBytes() == 0) {
      sessions.restore(new SessionTable(SESSIONS_MAX, ANSWERS_MAX).encode());
      state = MetadataState.EMPTY;
      return;
    }
    try {
      read(new RaftReader(snapshot.data().bytes()));
    } catch (MalformedRaft | MalformedMetadata malformed) {
      throw new BrokenInvariant(
          "replicated metadata", "a snapshot cannot be read: " + malformed.getMessage());
    }
  }

  private void read(RaftReader in) {
    int version = in.u8();
    if (version != VERSION) {
      throw new BrokenInvariant(
          "replicated metadata", "snapshot of version " + version + ", this program knows 1");
    }
    sessions.restore(in.bytes());
    MetadataSnapshot.Assembler assembler = new MetadataSnapshot.Assembler();
    int count = in.varInt();
    for (int i = 0; i < count; i++) {
      assembler.add(in.bytes().bytes());
    }
    in.end();
    state = assembler.done();
  }
}
