package io.floe.simulation.raft;

import io.floe.consensus.raft.core.DurableState;
import io.floe.consensus.raft.core.Entry;
import io.floe.consensus.raft.core.GroupId;
import io.floe.consensus.raft.core.MemberId;
import io.floe.consensus.raft.core.Membership;
import io.floe.consensus.raft.core.MembershipChange;
import io.floe.consensus.raft.core.Outcome;
import io.floe.consensus.raft.core.Payload;
import io.floe.consensus.raft.core.RaftCore;
import io.floe.consensus.raft.core.RaftEffect;
import io.floe.consensus.raft.core.RaftEvent;
import io.floe.consensus.raft.core.RaftMessage;
import io.floe.consensus.raft.core.RaftRole;
import io.floe.consensus.raft.core.RaftSettings;
import io.floe.consensus.raft.core.RaftTrace;
import io.floe.consensus.raft.core.SafetyRules;
import io.floe.consensus.raft.sessions.SessionCommand;
import io.floe.consensus.raft.sessions.SessionResult;
import io.floe.model.NodeId;
import io.floe.model.StoreIncarnation;
import io.floe.simulation.World;
import java.util.ArrayList;
import java.util.List;
import java.util.TreeMap;
import java.util.UUID;
import java.util.function.BiConsumer;
import org.jspecify.annotations.Nullable;

/// The host of a core at one site: a process with a journal, a state machine and a clock, which is
/// killed, paused, wiped and started again.
final class SimulatedMember {
  static final GroupId GROUP = new GroupId(new UUID(3, 14));
  static final int PROMOTION_LAG_MAX = 5;
  private static final int TAIL_ENTRIES = 6;
  private static final RaftSettings SETTINGS =
      new RaftSettings(
          10, 2, 80, 3, 1_000, 60, 350, 3, 60, 1 << 20, 3, TAIL_ENTRIES, 10_000, PROMOTION_LAG_MAX);
  private static final long TICK_NANOS = 15 * World.MILLISECOND;
  private static final int SNAPSHOT_EVERY = 15;

  private final World<RaftFault> world;
  private final SimulatedNetwork network;
  private final RaftInvariants invariants;
  private final RaftTraceWriter trace;
  private final @Nullable RaftBug bug;
  private final SafetyRules rules;
  private final int site;
  private final List<Runnable> missed = new ArrayList<>();
  private final TreeMap<Long, Answer> answers = new TreeMap<>();
  private final TreeMap<Long, SessionResult> results = new TreeMap<>();
  final SimulatedJournal journal;
  private KeyValueMachine machine;
  private MemberId id;
  private @Nullable RaftCore core;
  private boolean isUp;
  private boolean isPaused;
  private boolean isSnapshotting;
  private long life;
  private long token;
  private long tickNanos = TICK_NANOS;
  private long appliedIndex;
  private long snapshotIndex;
  private long membershipIndex;
  private @Nullable SessionResult latestResult;

  private interface Answer {
    void come(Outcome outcome);
  }

  SimulatedMember(
      World<RaftFault> world,
      SimulatedNetwork network,
      RaftInvariants invariants,
      RaftTraceWriter trace,
      int site,
      @Nullable RaftBug bug) {
    this.world = world;
    this.network = network;
    this.invariants = invariants;
    this.trace = trace;
    this.site = site;
    this.bug = bug;
    rules = bug == null ? SafetyRules.RAFT : new BuggyRules(bug);
    journal = new SimulatedJournal(world, bug);
    machine = new KeyValueMachine(bug);
    id = new MemberId(new NodeId(site + 1), new StoreIncarnation(1));
  }

  MemberId id() {
    return id;
  }

  @Nullable RaftCore core() {
    return core;
  }

  boolean isUp() {
    return isUp && !isPaused && core != null;
  }

  boolean isLeader() {
    return isUp() && core != null && core.role() == RaftRole.LEADER;
  }

  Payload stateBytes() {
    return machine.snapshot();
  }

  // ---- the process

  void start() {
    if (isUp) {
      return;
    }
    isUp = true;
    isPaused = false;
    life++;
    world.tell(() -> this + " starts");
    beginCore();
    scheduleTick(life);
  }

  private void beginCore() {
    DurableState durable = journal.recover();
    machine = new KeyValueMachine(bug);
    results.clear();
    isSnapshotting = false;
    membershipIndex = 0;
    RaftCore fresh =
        new RaftCore(
            GROUP, id, SETTINGS, durable, world.below(Integer.MAX_VALUE), this::traced, rules);
    core = fresh;
    trace.restarted(fresh);
    invariants.began(this, fresh);
    invariants.stepped(this, fresh);
    carryOut(fresh.start());
  }

  /// Ends at once; requests are never answered.
  void kill() {
    if (!isUp) {
      return;
    }
    world.count(RaftFault.KILL);
    world.tell(() -> this + " is killed");
    isUp = false;
    isPaused = false;
    life++;
    missed.clear();
    answers.clear();
    core = null;
    journal.crash();
  }

  void wipe() {
    kill();
    world.count(RaftFault.STORE_WIPED);
    invariants.wiped(id, journal.synced().copy());
    journal.wipe();
    if (bug != RaftBug.WIPED_NODE_KEEPS_ITS_INCARNATION) {
      id = new MemberId(id.node(), new StoreIncarnation(id.incarnation().value() + 1));
    }
    trace.wiped(id);
    world.tell(() -> this + " has an empty store");
  }

  void pause(long nanos) {
    if (!isUp || isPaused) {
      return;
    }
    world.count(RaftFault.PAUSE);
    world.tell(() -> this + " is paused");
    isPaused = true;
    long paused = life;
    world.after(
        nanos,
        () -> {
          if (paused == life) {
            resume();
          }
        });
  }

  /// Everything that came meanwhile comes at once, and the clock is ahead.
  void resume() {
    if (!isPaused) {
      return;
    }
    isPaused = false;
    world.tell(() -> this + " goes on, with " + missed.size() + " events");
    jumpClock();
    List<Runnable> burst = new ArrayList<>(missed);
    missed.clear();
    long resumed = life;
    for (Runnable event : burst) {
      if (resumed == life) {
        event.run();
      }
    }
  }

  void jumpClock() {
    world.count(RaftFault.CLOCK_JUMP);
    int ticks = 1 + world.below(15);
    for (int i = 0; i < ticks; i++) {
      step(new RaftEvent.Tick());
    }
  }

  void skewClock() {
    world.count(RaftFault.CLOCK_SKEW);
    tickNanos = TICK_NANOS / 2 + (long) (world.below(100) / 100.0 * 2 * TICK_NANOS);
  }

  void mendClock() {
    tickNanos = TICK_NANOS;
  }

  private void scheduleTick(long scheduledIn) {
    world.after(
        tickNanos,
        () -> {
          if (scheduledIn == life) {
            if (!isPaused) {
              step(new RaftEvent.Tick());
            }
            scheduleTick(scheduledIn);
          }
        });
  }

  // ---- events

  private void whenAwake(Runnable event) {
    if (isPaused) {
      missed.add(event);
    } else if (isUp) {
      event.run();
    }
  }

  void receive(RaftMessage message) {
    whenAwake(() -> step(new RaftEvent.Received(message)));
  }

  private void step(RaftEvent event) {
    RaftCore stepped = core;
    if (stepped == null) {
      return; // Its journal is being read again.
    }
    List<RaftEffect> effects = stepped.step(event);
    invariants.stepped(this, stepped);
    carryOut(effects);
  }

  private void carryOut(List<RaftEffect> effects) {
    for (RaftEffect effect : effects) {
      switch (effect) {
        case RaftEffect.Persist persist -> persist(persist);
        case RaftEffect.Send send -> {
          invariants.sends(this, send.message());
          network.send(site, send.message());
        }
        case RaftEffect.Restore restore -> restore(restore);
        case RaftEffect.Apply apply -> apply.entries().forEach(this::apply);
        case RaftEffect.Answered answered -> answered(answered);
        case RaftEffect.LeadershipChanged changed -> world.tell(() -> this + ": " + changed);
        case RaftEffect.MembershipChanged changed -> {
          if (changed.index() < membershipIndex) {
            world.count(RaftFault.MEMBERSHIP_REVERTED);
          }
          membershipIndex = changed.index();
          world.tell(() -> this + ": " + changed);
        }
      }
    }
    takeSnapshotWhenDue();
  }

  private void persist(RaftEffect.Persist persist) {
    long writtenIn = life;
    RaftCore writer = core;
    long lastLine = trace.lastLine();
    journal.write(
        persist.events(),
        new SimulatedJournal.Outcome() {
          @Override
          public void durable() {
            if (writtenIn == life) {
              whenAwake(
                  () -> {
                    if (writer == core && writer != null) {
                      trace.persisted(writer, lastLine);
                      step(new RaftEvent.Persisted(persist.batchId()));
                    }
                  });
            }
          }

          @Override
          public void failed() {
            if (writtenIn == life) {
              whenAwake(SimulatedMember.this::restartLog);
            }
          }
        });
  }

  /// A persist failed: what was written is known only after the journal was read again.
  private void restartLog() {
    world.tell(() -> this + ": a persist failed, reads its journal again");
    step(new RaftEvent.Stop());
    core = null;
    long restarting = life;
    world.soon(
        60 * World.MILLISECOND,
        () -> {
          if (restarting == life) {
            whenAwake(this::beginCore);
          }
        });
  }

  private void restore(RaftEffect.Restore restore) {
    machine.restore(restore.snapshot().data());
    appliedIndex = restore.snapshot().lastIndex();
    snapshotIndex = appliedIndex;
    invariants.restored(this, restore.snapshot());
  }

  private void apply(Entry entry) {
    invariants.applies(this, appliedIndex, entry);
    appliedIndex = entry.index();
    SessionResult result = machine.apply(entry);
    if (result != null) {
      results.put(entry.index(), result);
      latestResult = result;
      if (result instanceof SessionResult.Done done && done.isDuplicate()) {
        world.count(RaftFault.COMMAND_DUPLICATED);
      }
    }
    results.headMap(entry.index() - 200).clear();
  }

  private void takeSnapshotWhenDue() {
    if (core == null || isSnapshotting || appliedIndex - snapshotIndex < SNAPSHOT_EVERY) {
      return;
    }
    isSnapshotting = true;
    long index = appliedIndex;
    Payload data = machine.snapshot();
    RaftCore taker = core;
    world.soon(
        20 * World.MILLISECOND,
        () ->
            whenAwake(
                () -> {
                  if (taker == core) {
                    isSnapshotting = false;
                    world.count(RaftFault.SNAPSHOT_TAKEN);
                    if (appliedIndex > index) {
                      world.count(RaftFault.SNAPSHOT_TAKEN_WHILE_ENTRIES_CAME);
                    }
                    snapshotIndex = Math.max(snapshotIndex, index);
                    step(new RaftEvent.SnapshotTaken(index, data));
                  }
                }));
  }

  private void traced(RaftTrace.Action action, RaftCore of, String detail) {
    trace.happened(action, of);
    world.tell(() -> this + ": " + action + " " + detail);
    switch (action) {
      case TRUNCATE_CONFLICT -> world.count(RaftFault.CONFLICT_TRUNCATED);
      case INSTALL_SNAPSHOT -> world.count(RaftFault.SNAPSHOT_INSTALLED);
      case BECOME_LEADER -> world.count(RaftFault.LEADER_CHANGE);
      case BECOME_FOLLOWER -> {
        if (detail.equals("heard from no quorum")) {
          world.count(RaftFault.LEADER_WITHOUT_QUORUM);
        } else if (detail.equals("removed")) {
          world.count(RaftFault.LEADER_REMOVED_ITSELF);
        }
      }
      case BECOME_PRE_CANDIDATE,
          BECOME_CANDIDATE,
          GRANT_VOTE,
          CLIENT_REQUEST,
          CHANGE_MEMBERSHIP,
          ACCEPT_ENTRIES,
          REJECT_ENTRIES,
          ADVANCE_COMMIT_INDEX,
          APPLY,
          COMPACT,
          TRANSFER -> {}
    }
  }

  // ---- requests

  private void answered(RaftEffect.Answered answered) {
    Answer answer = answers.remove(answered.token());
    if (answer == null) {
      invariants.fail("R11 one answer", this + " answers twice or nobody: " + answered);
    } else {
      answer.come(answered.outcome());
    }
  }

  /// Proposes a command.
  ///
  /// @param reply hears the outcome, and the result when it is committed
  void propose(SessionCommand command, BiConsumer<Outcome, @Nullable SessionResult> reply) {
    whenAwake(
        () -> {
          if (core == null) {
            return;
          }
          long asked = ++token;
          answers.put(
              asked,
              outcome -> {
                SessionResult result = null;
                if (outcome instanceof Outcome.Committed committed) {
                  result =
                      bug == RaftBug.ANSWERS_WITH_ANOTHERS_RESULT
                          ? latestResult
                          : results.get(committed.index());
                }
                reply.accept(outcome, result);
              });
          step(new RaftEvent.Propose(asked, command.encode()));
        });
  }

  /// Reads a register.
  ///
  /// @param reply hears the outcome, and the value when there is one
  void read(int key, BiConsumer<Outcome, @Nullable Long> reply) {
    whenAwake(
        () -> {
          RaftCore asking = core;
          if (asking == null) {
            return;
          }
          if (bug == RaftBug.READ_OF_LOCAL_STATE) {
            reply.accept(new Outcome.ReadAt(appliedIndex), machine.read(key));
            return;
          }
          long asked = ++token;
          long committedBefore = invariants.committedIndex();
          trace.askedRead(asking, asked);
          answers.put(
              asked,
              outcome -> {
                if (outcome instanceof Outcome.ReadAt at) {
                  trace.servedRead(asking, asked, at.index());
                  invariants.reads(this, committedBefore, at.index(), appliedIndex);
                  world.count(isLeader() ? RaftFault.READ_BY_LEADER : RaftFault.READ_BY_OTHER);
                  reply.accept(outcome, machine.read(key));
                } else {
                  reply.accept(outcome, null);
                }
              });
          step(new RaftEvent.Read(asked));
        });
  }

  void change(MembershipChange change, BiConsumer<MembershipChange, Outcome> reply) {
    whenAwake(
        () -> {
          if (core == null) {
            return;
          }
          long asked = ++token;
          answers.put(asked, outcome -> reply.accept(change, outcome));
          step(new RaftEvent.ChangeMembership(asked, change));
        });
  }

  void transfer(MemberId target, java.util.function.Consumer<Outcome> reply) {
    whenAwake(
        () -> {
          if (core == null) {
            return;
          }
          long asked = ++token;
          answers.put(asked, reply::accept);
          step(new RaftEvent.TransferLeadership(asked, target));
        });
  }

  Membership membership() {
    return core == null ? Membership.NONE : core.membership();
  }

  @Override
  public String toString() {
    return "member " + id;
  }
}
