package io.floe.examples.journal;

import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.actor.typed.Behavior;
import org.apache.pekko.persistence.typed.PersistenceId;
import org.apache.pekko.persistence.typed.javadsl.CommandHandler;
import org.apache.pekko.persistence.typed.javadsl.EventHandler;
import org.apache.pekko.persistence.typed.javadsl.EventSourcedBehavior;
import org.apache.pekko.persistence.typed.javadsl.RetentionCriteria;

/// A counter that remembers: each addition is an event, the sum is the state.
///
/// It answers only after the event is durable. Every ten events it saves a snapshot and deletes the
/// events before it.
final class CounterBehavior extends EventSourcedBehavior<CounterBehavior.Command, Long, Long> {

  /// What the counter understands.
  sealed interface Command {}

  /// Add and tell the new sum.
  record Add(long amount, ActorRef<Long> replyTo) implements Command {}

  /// Tell the sum.
  record Get(ActorRef<Long> replyTo) implements Command {}

  private CounterBehavior(String name) {
    super(PersistenceId.of("counter", name));
  }

  static Behavior<Command> create(String name) {
    return new CounterBehavior(name);
  }

  @Override
  public Long emptyState() {
    return 0L;
  }

  @Override
  public CommandHandler<Command, Long, Long> commandHandler() {
    return (state, command) ->
        switch (command) {
          case Add add -> Effect().persist(add.amount()).thenReply(add.replyTo(), sum -> sum);
          case Get get -> Effect().reply(get.replyTo(), state);
        };
  }

  @Override
  public EventHandler<Long, Long> eventHandler() {
    return (state, amount) -> state + amount;
  }

  @Override
  public RetentionCriteria retentionCriteria() {
    return RetentionCriteria.snapshotEvery(10, 2).withDeleteEventsOnSnapshot();
  }
}
