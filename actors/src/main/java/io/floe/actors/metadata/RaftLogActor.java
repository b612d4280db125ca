package io.floe.actors.metadata;

import io.floe.actors.metadata.MetadataProtocol.LogCommand;
import java.time.Duration;
import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.actor.typed.BackoffSupervisorStrategy;
import org.apache.pekko.actor.typed.SupervisorStrategy;
import org.apache.pekko.persistence.typed.PersistenceId;
import org.apache.pekko.persistence.typed.RecoveryCompleted;
import org.apache.pekko.persistence.typed.RecoveryFailed;
import org.apache.pekko.persistence.typed.javadsl.CommandHandler;
import org.apache.pekko.persistence.typed.javadsl.EventHandler;
import org.apache.pekko.persistence.typed.javadsl.EventSourcedBehavior;
import org.apache.pekko.persistence.typed.javadsl.RetentionCriteria;
import org.apache.pekko.persistence.typed.javadsl.SignalHandler;
import org.slf4j.event.Level;

/// The log of a Raft member as an event-sourced actor: each batch of the core is one event, made
/// durable by the journal before the core hears of it.
///
/// It is apart from [MetadataNode] because it takes nothing while a write is under way, and the
/// member must go on to hear and send heartbeats then.
///
/// After a failed write only a recovery may go on, since nobody knows whether the event is durable:
/// it restarts, reads the journal back and says what is there. A recovery that fails is for good.
final class RaftLogActor extends EventSourcedBehavior<LogCommand, RaftBatch, RaftLogState> {
  /// Batches between two snapshots of the log: what a recovery replays at most.
  private static final int SNAPSHOT_EVERY = 2_000;

  /// On a full disk the pause also keeps the node's log readable.
  private static final BackoffSupervisorStrategy AFTER_A_FAILED_WRITE =
      SupervisorStrategy.restartWithBackoff(Duration.ofMillis(50), Duration.ofSeconds(1), 0)
          .withLogLevel(Level.WARN);

  private final ActorRef<MetadataProtocol> node;

  RaftLogActor(ActorRef<MetadataProtocol> node) {
    super(PersistenceId.ofUniqueId("metadata"), AFTER_A_FAILED_WRITE);
    this.node = node;
  }

  @Override
  public RaftLogState emptyState() {
    return RaftLogState.EMPTY;
  }

  @Override
  public CommandHandler<LogCommand, RaftBatch, RaftLogState> commandHandler() {
    return (state, command) ->
        switch (command) {
          case LogCommand.Write write ->
              Effect()
                  .persist(new RaftBatch(write.events()))
                  .thenRun(() -> node.tell(new MetadataProtocol.LogWritten(write.batchId())));
        };
  }

  @Override
  public EventHandler<RaftLogState, RaftBatch> eventHandler() {
    return RaftLogState::after;
  }

  @Override
  public SignalHandler<RaftLogState> signalHandler() {
    return newSignalHandlerBuilder()
        .onSignal(
            RecoveryCompleted.instance(),
            state -> node.tell(new MetadataProtocol.LogRead(state.durable().copy())))
        .onSignal(
            RecoveryFailed.class,
            (state, failed) -> node.tell(new MetadataProtocol.LogBroken(failed.getFailure())))
        .build();
  }

  @Override
  public RetentionCriteria retentionCriteria() {
    return RetentionCriteria.snapshotEvery(SNAPSHOT_EVERY, 2).withDeleteEventsOnSnapshot();
  }
}
