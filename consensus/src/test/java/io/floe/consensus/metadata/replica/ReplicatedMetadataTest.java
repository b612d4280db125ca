package io.floe.consensus.metadata.replica;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.floe.consensus.BrokenInvariant;
import io.floe.consensus.metadata.core.CommandCodec;
import io.floe.consensus.metadata.core.CommandResult;
import io.floe.consensus.metadata.core.MetadataCommand;
import io.floe.consensus.metadata.core.NodeRecord;
import io.floe.consensus.metadata.core.Refusal;
import io.floe.consensus.raft.core.Entry;
import io.floe.consensus.raft.core.Membership;
import io.floe.consensus.raft.core.Payload;
import io.floe.consensus.raft.core.Snapshot;
import io.floe.consensus.raft.sessions.SessionCommand;
import io.floe.consensus.raft.sessions.SessionResult;
import io.floe.model.NodeId;
import io.floe.model.ProcessIncarnation;
import io.floe.model.StoreIncarnation;
import org.junit.jupiter.api.Test;

final class ReplicatedMetadataTest {
  private static final long SESSION = 1;

  private final ReplicatedMetadata metadata = new ReplicatedMetadata();

  private static Entry entry(long index, SessionCommand command) {
    return new Entry(index, 1, Entry.Kind.COMMAND, command.encode());
  }

  private static SessionCommand execute(long sequence, MetadataCommand command) {
    return new SessionCommand.Execute(
        SESSION, sequence, 0, Payload.of(CommandCodec.encode(command)));
  }

  private static CommandResult result(ReplicatedMetadata.Applied applied) {
    if (applied.result() instanceof SessionResult.Done done) {
      return CommandCodec.decodeResult(done.result().bytes());
    }
    throw new AssertionError(applied);
  }

  private static MetadataCommand register() {
    return new MetadataCommand.RegisterNode(
        new NodeRecord(
            new NodeId(1), new StoreIncarnation(1), new ProcessIncarnation(1), "h", 1, null));
  }

  private static final MetadataCommand ALLOCATE =
      new MetadataCommand.AllocateProducerIds(new NodeId(1), 10);

  private void begin() {
    metadata.apply(entry(1, new SessionCommand.Open()));
    metadata.apply(entry(2, execute(0, new MetadataCommand.FoundCluster("c"))));
    metadata.apply(entry(3, execute(1, register())));
  }

  @Test
  void executesACommandOnceHoweverOftenItIsInTheLog() {
    begin();
    ReplicatedMetadata.Applied first = metadata.apply(entry(4, execute(2, ALLOCATE)));
    ReplicatedMetadata.Applied second = metadata.apply(entry(5, execute(2, ALLOCATE)));
    assertThat(metadata.state().nextProducerId()).isEqualTo(10);
    assertThat(first.events()).hasSize(1);
    assertThat(second.events()).isEmpty();
    assertThat(result(second)).isEqualTo(result(first));
  }

  @Test
  void refusesWhatNoLongerFitsAndGoesOn() {
    begin();
    ReplicatedMetadata.Applied refused =
        metadata.apply(entry(4, execute(2, new MetadataCommand.FoundCluster("other"))));
    assertThat(result(refused))
        .isInstanceOfSatisfying(
            CommandResult.Refused.class,
            it -> assertThat(it.refusal().reason()).isEqualTo(Refusal.Reason.CONFLICT));
    assertThat(metadata.state().clusterId()).isEqualTo("c");
    metadata.apply(entry(5, execute(3, ALLOCATE)));
    assertThat(metadata.state().nextProducerId()).isEqualTo(10);
  }

  @Test
  void aSnapshotHasTheStateAndTheSessions() {
    begin();
    metadata.apply(entry(4, execute(2, ALLOCATE)));
    Payload data = metadata.freeze().encode();
    ReplicatedMetadata restored = new ReplicatedMetadata();
    restored.restore(new Snapshot(4, 1, Membership.NONE, data));
    assertThat(restored.appliedIndex()).isEqualTo(4);
    assertThat(restored.state().version()).isEqualTo(metadata.state().version());
    // The repetition comes after the snapshot.
    ReplicatedMetadata.Applied again = restored.apply(entry(5, execute(2, ALLOCATE)));
    assertThat(again.events()).isEmpty();
    assertThat(restored.state().nextProducerId()).isEqualTo(10);
    restored.restore(Snapshot.NONE);
    assertThat(restored.state().isFounded()).isFalse();
    assertThat(restored.apply(entry(1, new SessionCommand.Open())).result())
        .isEqualTo(new SessionResult.Opened(1));
  }

  @Test
  void stopsAtWhatItCannotReadOrThatIsOutOfTurn() {
    begin();
    Entry unreadable = new Entry(4, 1, Entry.Kind.COMMAND, Payload.of(new byte[] {9, 9}));
    assertThatThrownBy(() -> metadata.apply(unreadable)).isInstanceOf(BrokenInvariant.class);
    assertThatThrownBy(() -> metadata.apply(entry(9, new SessionCommand.Open())))
        .isInstanceOf(BrokenInvariant.class);
    byte[] cut = metadata.freeze().encode().bytes();
    Payload shorter = Payload.of(java.util.Arrays.copyOf(cut, cut.length - 3));
    assertThatThrownBy(
            () -> new ReplicatedMetadata().restore(new Snapshot(4, 1, Membership.NONE, shorter)))
        .isInstanceOf(BrokenInvariant.class);
  }
}
