package io.floe.actors.metadata;

import io.floe.actors.log.MetadataReply;
import io.floe.actors.metadata.MetadataProtocol.Notice;
import io.floe.actors.metadata.MetadataProtocol.Outcome;
import io.floe.actors.metadata.MetadataProtocol.Submit;
import io.floe.consensus.metadata.core.Decision;
import io.floe.consensus.metadata.core.MetadataEvent;
import io.floe.consensus.metadata.core.MetadataMachine;
import io.floe.consensus.metadata.core.MetadataState;
import java.util.List;
import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.actor.typed.Behavior;
import org.apache.pekko.persistence.typed.PersistenceId;
import org.apache.pekko.persistence.typed.RecoveryCompleted;
import org.apache.pekko.persistence.typed.javadsl.CommandHandler;
import org.apache.pekko.persistence.typed.javadsl.Effect;
import org.apache.pekko.persistence.typed.javadsl.EventHandler;
import org.apache.pekko.persistence.typed.javadsl.EventSourcedBehavior;
import org.apache.pekko.persistence.typed.javadsl.RetentionCriteria;
import org.apache.pekko.persistence.typed.javadsl.SignalHandler;

/// The metadata log of a cluster of one: the pure state machine decides, the journal makes its
/// events durable, then they are applied and told.
///
/// The state machine knows nothing of this actor, so that a replicated log can take its place. A
/// failed write stops the actor: whether the event is durable is not known, so only a new recovery
/// may go on.
public final class MetadataActor
    extends EventSourcedBehavior<MetadataProtocol, MetadataEvent, MetadataState> {
  /// Entries between two snapshots. A recovery replays at most so many entries, and a snapshot of
  /// 10,000 topics is not written all the time.
  private static final int SNAPSHOT_EVERY = 1_000;

  private final ActorRef<Notice> node;

  private MetadataActor(ActorRef<Notice> node) {
    super(PersistenceId.ofUniqueId("metadata"));
    this.node = node;
  }

  /// The behavior.
  ///
  /// @param node hears of the recovery and of every entry
  public static Behavior<MetadataProtocol> create(ActorRef<Notice> node) {
    return new MetadataActor(node);
  }

  @Override
  public MetadataState emptyState() {
    return MetadataState.EMPTY;
  }

  @Override
  public CommandHandler<MetadataProtocol, MetadataEvent, MetadataState> commandHandler() {
    return (state, command) ->
        switch (command) {
          case Submit submit -> submit(state, submit);
        };
  }

  private Effect<MetadataEvent, MetadataState> submit(MetadataState state, Submit submit) {
    return switch (MetadataMachine.decide(state, submit.command())) {
      case Decision.Refused refused ->
          Effect()
              .reply(
                  submit.replyTo(),
                  new Outcome(new MetadataReply.Refused(refused.refusal()), List.of()));
      case Decision.Accepted accepted ->
          Effect()
              .persist(accepted.events())
              .thenRun(
                  applied ->
                      node.tell(
                          new Notice.Applied(
                              applied,
                              new Outcome(
                                  new MetadataReply.Applied(applied.version()), accepted.events()),
                              submit.replyTo())));
    };
  }

  @Override
  public EventHandler<MetadataState, MetadataEvent> eventHandler() {
    return MetadataMachine::apply;
  }

  @Override
  public SignalHandler<MetadataState> signalHandler() {
    return newSignalHandlerBuilder()
        .onSignal(RecoveryCompleted.instance(), state -> node.tell(new Notice.Recovered(state)))
        .build();
  }

  @Override
  public RetentionCriteria retentionCriteria() {
    return RetentionCriteria.snapshotEvery(SNAPSHOT_EVERY, 2).withDeleteEventsOnSnapshot();
  }
}
