package io.floe.simulation.raft;

import io.floe.consensus.raft.core.MemberId;
import io.floe.consensus.raft.core.Outcome;
import io.floe.consensus.raft.sessions.SessionCommand;
import io.floe.consensus.raft.sessions.SessionResult;
import io.floe.simulation.World;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// A client: one operation after the other, each tried at one member after the other until an
/// answer comes. Commands keep their sequence, so that they take effect once.
final class SimulatedClient {
  private static final int KEYS = 3;
  private static final long LINK_NANOS_MAX = 3 * World.MILLISECOND;
  private static final long PATIENCE_NANOS_MAX = 300 * World.MILLISECOND;
  private static final long REST_NANOS_MAX = 10 * World.MILLISECOND;

  private final World<RaftFault> world;
  private final List<SimulatedMember> members;
  private final RaftHistory history;
  private final int id;
  private long session;
  private long sequence;
  private int hint;
  private int attempt;
  private boolean isStopped;
  private @Nullable Current current;
  private int completed;

  /// The operation under way.
  private record Current(Operation asked, boolean isOpen, long sequence) {}

  SimulatedClient(
      World<RaftFault> world, List<SimulatedMember> members, RaftHistory history, int id) {
    this.world = world;
    this.members = members;
    this.history = history;
    this.id = id;
    hint = world.below(members.size());
    rest();
  }

  boolean isIdle() {
    return isStopped && current == null;
  }

  int completed() {
    return completed;
  }

  /// Begins nothing new; what is under way comes to its end.
  void stop() {
    isStopped = true;
  }

  /// One more operation than it wanted.
  void writeOnce() {
    if (current != null) {
      throw new IllegalStateException(this + " is busy");
    }
    begin(session == 0 ? open() : command(Operation.Action.ADD));
  }

  private void rest() {
    world.soon(
        REST_NANOS_MAX,
        () -> {
          if (!isStopped && current == null) {
            next();
          }
        });
  }

  private void next() {
    if (session == 0 || world.strikes(60)) {
      begin(open());
      return;
    }
    begin(
        switch (world.below(10)) {
          case 0, 1, 2, 3 -> read();
          case 4, 5 -> command(Operation.Action.PUT);
          case 6, 7, 8 -> command(Operation.Action.ADD);
          default -> command(Operation.Action.COMPARE_AND_SET);
        });
  }

  private void begin(Current operation) {
    current = operation;
    attempt = 0;
    tryIt();
  }

  private Current open() {
    return new Current(operation(Operation.Action.PUT, 0, 0), true, 0);
  }

  private Current read() {
    return new Current(operation(Operation.Action.READ, 0, 0), false, 0);
  }

  private Current command(Operation.Action action) {
    long argument = 1L + world.below(1_000_000);
    long expected = action == Operation.Action.COMPARE_AND_SET ? history.someValue() : 0;
    return new Current(operation(action, argument, expected), false, ++sequence);
  }

  private Operation operation(Operation.Action action, long argument, long expected) {
    int key = world.below(KEYS);
    return new Operation(key, action, argument, expected, null, history.now(), Operation.NEVER);
  }

  private void tryIt() {
    Current trying = current;
    if (trying == null) {
      return;
    }
    int thisAttempt = ++attempt;
    SimulatedMember member = members.get(hint);
    if (!world.strikes(40)) {
      world.soon(LINK_NANOS_MAX, () -> send(trying, member));
    }
    world.after(
        PATIENCE_NANOS_MAX / 3 + (long) (world.below(100) / 100.0 * PATIENCE_NANOS_MAX),
        () -> {
          if (isStill(trying) && attempt == thisAttempt) {
            hint = world.below(members.size());
            tryIt();
          }
        });
  }

  /// Answers may come late: to an operation that is over.
  @SuppressWarnings("ReferenceEquality")
  private boolean isStill(@Nullable Current trying) {
    return trying != null && current == trying;
  }

  private void send(Current trying, SimulatedMember member) {
    Operation asked = trying.asked();
    if (asked.action() == Operation.Action.READ) {
      member.read(
          asked.key(), (outcome, value) -> reply(() -> readAnswered(trying, outcome, value)));
      return;
    }
    SessionCommand command =
        trying.isOpen()
            ? new SessionCommand.Open()
            : new SessionCommand.Execute(
                session,
                trying.sequence(),
                trying.sequence(),
                KeyValueMachine.command(
                    asked.action(), asked.key(), asked.argument(), asked.expected()));
    member.propose(
        command, (outcome, result) -> reply(() -> commandAnswered(trying, outcome, result)));
  }

  private void reply(Runnable answer) {
    if (!world.strikes(40)) {
      world.soon(LINK_NANOS_MAX, answer);
    }
  }

  private void readAnswered(Current trying, Outcome outcome, @Nullable Long value) {
    if (!isStill(trying)) {
      return;
    }
    if (value == null) {
      world.count(RaftFault.READ_REFUSED);
      later(outcome);
      return;
    }
    complete(trying, value);
  }

  private void commandAnswered(Current trying, Outcome outcome, @Nullable SessionResult result) {
    if (outcome instanceof Outcome.Unknown) {
      world.count(RaftFault.COMMAND_UNKNOWN);
    } else if (outcome instanceof Outcome.Refused(Outcome.Reason reason, MemberId leader)
        && reason == Outcome.Reason.BUSY) {
      world.count(RaftFault.COMMAND_BUSY);
    }
    if (!isStill(trying)) {
      return;
    }
    switch (result) {
      case null -> later(outcome);
      case SessionResult.Opened opened -> {
        RaftInvariants.check(
            trying.isOpen(), "R11 one answer", () -> this + " hears another one's answer");
        session = opened.session();
        sequence = 0;
        current = null;
        rest();
      }
      case SessionResult.Done done -> {
        RaftInvariants.check(
            !trying.isOpen(), "R11 one answer", () -> this + " hears another one's answer");
        complete(trying, KeyValueMachine.number(done.result()));
      }
      case SessionResult.Expired expired -> {
        // Nobody knows whether an earlier attempt was executed.
        world.count(RaftFault.SESSION_EXPIRED);
        history.add(trying.asked());
        session = 0;
        current = null;
        rest();
      }
      case SessionResult.Stale stale -> throw stranger(trying, stale);
      case SessionResult.Full full -> throw stranger(trying, full);
    }
  }

  private IllegalStateException stranger(Current trying, SessionResult result) {
    return new IllegalStateException(this + " hears " + result + " to " + trying);
  }

  private void complete(Current trying, long result) {
    Operation asked = trying.asked();
    Operation done =
        new Operation(
            asked.key(),
            asked.action(),
            asked.argument(),
            asked.expected(),
            asked.action() == Operation.Action.PUT ? 0 : result,
            asked.invoked(),
            history.now());
    history.add(done);
    world.tell(() -> this + ": " + done);
    completed++;
    current = null;
    rest();
  }

  private void later(Outcome outcome) {
    MemberId leader = outcome instanceof Outcome.Refused refused ? refused.leader() : null;
    hint = leader == null ? world.below(members.size()) : leader.node().value() - 1;
    Current trying = current;
    int thisAttempt = attempt;
    world.soon(
        REST_NANOS_MAX,
        () -> {
          if (isStill(trying) && attempt == thisAttempt) {
            tryIt();
          }
        });
  }

  @Override
  public String toString() {
    return "client " + id;
  }
}
