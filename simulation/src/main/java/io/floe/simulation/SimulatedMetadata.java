package io.floe.simulation;

import io.floe.consensus.metadata.core.Decision;
import io.floe.consensus.metadata.core.MetadataCommand;
import io.floe.consensus.metadata.core.MetadataEvent;
import io.floe.consensus.metadata.core.MetadataInvariants;
import io.floe.consensus.metadata.core.MetadataMachine;
import io.floe.consensus.metadata.core.MetadataState;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/// The metadata group as its users see it: it applies commands in one order, some late, some never,
/// and not every answer arrives. It outlives every node.
final class SimulatedMetadata {
  private static final long DELAY_NANOS_MAX = 2 * World.MILLISECOND;
  private static final long TIMEOUT_NANOS = 20 * World.MILLISECOND;
  private static final long LATE_NANOS_MAX = 200 * World.MILLISECOND;

  private final World<Fault> world;
  private final History history;
  private MetadataState state = MetadataState.EMPTY;

  SimulatedMetadata(World<Fault> world, History history) {
    this.world = world;
    this.history = history;
  }

  MetadataState state() {
    return state;
  }

  /// Proposes a command.
  ///
  /// @param onOutcome called once, with null when the answer did not come
  void submit(MetadataCommand command, Consumer<@Nullable Decision> onOutcome) {
    if (world.strikes(20)) {
      world.count(Fault.METADATA_COMMAND_LOST);
      world.after(TIMEOUT_NANOS, () -> onOutcome.accept(null));
    } else if (world.strikes(20)) {
      world.count(Fault.METADATA_COMMAND_LATE);
      world.soon(LATE_NANOS_MAX, () -> run(command));
      world.after(TIMEOUT_NANOS, () -> onOutcome.accept(null));
    } else {
      world.soon(DELAY_NANOS_MAX, () -> answer(run(command), onOutcome));
    }
  }

  private void answer(Decision decision, Consumer<@Nullable Decision> onOutcome) {
    if (world.strikes(15)) {
      world.count(Fault.METADATA_REPLY_LOST);
      world.after(TIMEOUT_NANOS, () -> onOutcome.accept(null));
    } else {
      world.soon(DELAY_NANOS_MAX, () -> onOutcome.accept(decision));
    }
  }

  /// Decides and applies, at once.
  Decision run(MetadataCommand command) {
    Decision decision = MetadataMachine.decide(state, command);
    world.tell(() -> "metadata: " + command + " → " + decision);
    if (decision instanceof Decision.Accepted accepted) {
      for (MetadataEvent event : accepted.events()) {
        MetadataState before = state;
        state = MetadataMachine.apply(before, event);
        MetadataInvariants.checkState(state);
        MetadataInvariants.checkStep(before, state);
        history.metadataChanged(event, state);
      }
    }
    return decision;
  }
}
