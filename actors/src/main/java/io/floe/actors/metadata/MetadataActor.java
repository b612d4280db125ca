package io.floe.actors.metadata;

import io.floe.actors.log.MetadataReply;
import io.floe.actors.metadata.MetadataProtocol.Notice;
import io.floe.actors.metadata.MetadataProtocol.Outcome;
import io.floe.actors.metadata.MetadataProtocol.Submit;
import io.floe.consensus.metadata.core.Decision;
import io.floe.consensus.metadata.core.MetadataEvent;
import io.floe.consensus.metadata.core.MetadataMachine;
import io.floe.consensus.metadata.core.MetadataState;
import io.floe.consensus.metadata.core.Refusal;
import java.time.Duration;
import java.util.List;
import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.actor.typed.BackoffSupervisorStrategy;
import org.apache.pekko.actor.typed.Behavior;
import org.apache.pekko.actor.typed.BehaviorInterceptor;
import org.apache.pekko.actor.typed.SupervisorStrategy;
import org.apache.pekko.actor.typed.TypedActorContext;
import org.apache.pekko.actor.typed.javadsl.Behaviors;
import org.apache.pekko.persistence.typed.PersistenceId;
import org.apache.pekko.persistence.typed.RecoveryCompleted;
import org.apache.pekko.persistence.typed.RecoveryFailed;
import org.apache.pekko.persistence.typed.javadsl.CommandHandler;
import org.apache.pekko.persistence.typed.javadsl.Effect;
import org.apache.pekko.persistence.typed.javadsl.EventHandler;
import org.apache.pekko.persistence.typed.javadsl.EventSourcedBehavior;
import org.apache.pekko.persistence.typed.javadsl.RetentionCriteria;
import org.apache.pekko.persistence.typed.javadsl.SignalHandler;
import org.jspecify.annotations.Nullable;
import org.slf4j.event.Level;

/// The metadata log of a cluster of one: the pure state machine decides, the journal makes its
/// events durable, then they are applied and told.
///
/// The state machine knows nothing of this actor, so that a replicated log can take its place.
///
/// After a failed write only a recovery may go on, since nobody knows whether the event is durable:
///
/// - The journal lives and does not have the entry, as on a full disk: the proposer gets
///   `NOT_STORED`, commands that came meanwhile are taken up, the node goes on.
/// - The journal has the entry: the node missed it, so this actor fails and the node with it.
/// - The recovery fails, as after a failed sync: likewise.
public final class MetadataActor
    extends EventSourcedBehavior<MetadataProtocol, MetadataEvent, MetadataState> {
  /// Entries between two snapshots. A recovery replays at most so many entries, and a snapshot of
  /// 10,000 topics is not written all the time.
  private static final int SNAPSHOT_EVERY = 1_000;

  /// Commands wait while it restarts; on a full disk the pause also keeps the log readable.
  private static final BackoffSupervisorStrategy AFTER_A_FAILED_WRITE =
      SupervisorStrategy.restartWithBackoff(Duration.ofMillis(50), Duration.ofSeconds(1), 0)
          .withLogLevel(Level.WARN);

  private static final Refusal NOT_STORED =
      new Refusal(
          Refusal.Reason.NOT_STORED,
          "the metadata log could not store the change, so nothing changed; most often the disk of"
              + " the data directory is full: make room and try again, the node's log has the"
              + " cause");

  private final ActorRef<MetadataProtocol> self;
  private final ActorRef<Notice> node;

  // These outlive a restart after a failed write.
  private @Nullable Submit inFlight;
  private boolean isNodeTold;
  private long toldVersion;

  private MetadataActor(ActorRef<MetadataProtocol> self, ActorRef<Notice> node) {
    super(PersistenceId.ofUniqueId("metadata"), AFTER_A_FAILED_WRITE);
    this.self = self;
    this.node = node;
  }

  /// Ends the actor from outside of the part that restarts.
  private static final class EndWhenBroken
      extends BehaviorInterceptor<MetadataProtocol, MetadataProtocol> {
    EndWhenBroken() {
      super(MetadataProtocol.class);
    }

    @Override
    public Behavior<MetadataProtocol> aroundReceive(
        TypedActorContext<MetadataProtocol> context,
        MetadataProtocol message,
        ReceiveTarget<MetadataProtocol> target) {
      if (message instanceof MetadataProtocol.Broken broken) {
        throw new IllegalStateException(
            "the journal of the metadata log failed: " + broken.cause().getMessage(),
            broken.cause());
      }
      return target.apply(context, message);
    }
  }

  /// The behavior.
  ///
  /// @param node hears of the recovery and of every entry
  public static Behavior<MetadataProtocol> create(ActorRef<Notice> node) {
    return Behaviors.setup(
        context ->
            Behaviors.intercept(EndWhenBroken::new, new MetadataActor(context.getSelf(), node)));
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
          case MetadataProtocol.Broken broken -> Effect().unhandled();
        };
  }

  private Effect<MetadataEvent, MetadataState> submit(MetadataState state, Submit submit) {
    return switch (MetadataMachine.decide(state, submit.command())) {
      case Decision.Refused refused ->
          Effect()
              .reply(
                  submit.replyTo(),
                  new Outcome(new MetadataReply.Refused(refused.refusal()), List.of()));
      case Decision.Accepted accepted -> {
        inFlight = submit;
        yield Effect()
            .persist(accepted.events())
            .thenRun(applied -> onStored(applied, accepted.events(), submit));
      }
    };
  }

  private void onStored(MetadataState applied, List<MetadataEvent> events, Submit submit) {
    inFlight = null;
    toldVersion = applied.version();
    node.tell(
        new Notice.Applied(
            applied,
            new Outcome(new MetadataReply.Applied(applied.version()), events),
            submit.replyTo()));
  }

  private void onRecovered(MetadataState state) {
    if (!isNodeTold) {
      isNodeTold = true;
      toldVersion = state.version();
      node.tell(new Notice.Recovered(state));
      return;
    }
    if (state.version() != toldVersion) {
      self.tell(
          new MetadataProtocol.Broken(
              new IllegalStateException(
                  "entry "
                      + state.version()
                      + " is stored although its write was reported as failed")));
      return;
    }
    Submit refused = inFlight;
    inFlight = null;
    if (refused != null) {
      refused.replyTo().tell(new Outcome(new MetadataReply.Refused(NOT_STORED), List.of()));
    }
  }

  @Override
  public EventHandler<MetadataState, MetadataEvent> eventHandler() {
    return MetadataMachine::apply;
  }

  @Override
  public SignalHandler<MetadataState> signalHandler() {
    return newSignalHandlerBuilder()
        .onSignal(RecoveryCompleted.instance(), this::onRecovered)
        .onSignal(
            RecoveryFailed.class,
            (state, failed) -> self.tell(new MetadataProtocol.Broken(failed.getFailure())))
        .build();
  }

  @Override
  public RetentionCriteria retentionCriteria() {
    return RetentionCriteria.snapshotEvery(SNAPSHOT_EVERY, 2).withDeleteEventsOnSnapshot();
  }
}
