package io.floe.consensus.raft.core;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.floe.consensus.BrokenInvariant;
import java.util.List;
import org.junit.jupiter.api.Test;

class DurableStateTest {
  private final DurableState state = new DurableState();

  private static Entry entry(long index, long term) {
    return new Entry(index, term, Entry.Kind.COMMAND, TestGroup.bytes(index + "@" + term));
  }

  @Test
  void anAppendCutsOffWhatWasBehindItsPlace() {
    state.apply(new DurableEvent.Appended(0, List.of(entry(1, 1), entry(2, 1), entry(3, 1))));
    state.apply(new DurableEvent.Appended(1, List.of(entry(2, 2))));
    assertThat(state.entries()).containsExactly(entry(1, 1), entry(2, 2));
  }

  @Test
  void anInstalledSnapshotReplacesTheLog() {
    state.apply(new DurableEvent.Appended(0, List.of(entry(1, 1), entry(2, 1))));
    Snapshot snapshot = new Snapshot(5, 2, Membership.NONE, Payload.EMPTY);
    state.apply(new DurableEvent.SnapshotInstalled(snapshot));
    state.apply(new DurableEvent.Appended(5, List.of(entry(6, 2))));
    assertThat(state.baseIndex()).isEqualTo(5);
    assertThat(state.lastIndex()).isEqualTo(6);
  }

  @Test
  void refusesEventsThatCannotFollow() {
    state.apply(new DurableEvent.HardState(3, null));
    assertBroken(new DurableEvent.HardState(2, null));
    assertBroken(new DurableEvent.Appended(1, List.of(entry(2, 1))));
    assertBroken(new DurableEvent.Appended(0, List.of(entry(1, 1), entry(3, 1))));
    state.apply(new DurableEvent.Appended(0, List.of(entry(1, 1), entry(2, 1))));
    Snapshot snapshot = new Snapshot(2, 1, Membership.NONE, Payload.EMPTY);
    assertBroken(new DurableEvent.Compacted(snapshot, 3));
    state.apply(new DurableEvent.Compacted(snapshot, 1));
    assertBroken(new DurableEvent.Compacted(snapshot, 2));
    assertBroken(new DurableEvent.SnapshotInstalled(snapshot));
    assertBroken(new DurableEvent.Appended(1, List.of(entry(2, 2))));
  }

  private void assertBroken(DurableEvent event) {
    assertThatThrownBy(() -> state.copy().apply(event)).isInstanceOf(BrokenInvariant.class);
  }
}
