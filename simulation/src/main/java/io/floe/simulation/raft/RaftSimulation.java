package io.floe.simulation.raft;

import io.floe.consensus.BrokenInvariant;
import io.floe.consensus.raft.core.DurableState;
import io.floe.consensus.raft.core.MemberId;
import io.floe.consensus.raft.core.Membership;
import io.floe.consensus.raft.core.Payload;
import io.floe.consensus.raft.core.RaftCore;
import io.floe.simulation.World;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/// One run: five sites of which three, or all, found a group, clients that read and write
/// registers, an operator, and faults as the seed draws them. Then the faults end, and the group
/// must agree and answer; then all that clients saw is judged.
///
/// Errors: [BrokenInvariant] when a checker, or a core itself, finds a promise broken.
public final class RaftSimulation {
  private static final int SITES = 5;
  private static final int CLIENTS = 6;
  private static final int CALM_STEPS_MAX = 60_000;
  private static final int COMPARE_EVERY = 250;

  private final Plan plan;
  private final World<RaftFault> world;
  private final SimulatedNetwork network;
  private final List<SimulatedMember> members = new ArrayList<>();
  private final List<SimulatedClient> clients = new ArrayList<>();
  private final RaftHistory history;
  private final RaftInvariants invariants;
  private final RaftTraceWriter trace;
  private final SimulatedOperator operator;

  /// How rare faults are in this run: some groups get work done, others hardly elect a leader.
  private final int mildness;

  /// What to run.
  ///
  /// @param seed decides everything that is drawn
  /// @param steps how many things happen before the calm
  /// @param bug a mistake to make, or null
  public record Plan(long seed, int steps, @Nullable RaftBug bug) {
    public Plan with(RaftBug planted) {
      return new Plan(seed, steps, planted);
    }
  }

  /// What a run went through.
  ///
  /// @param operations that clients completed
  /// @param committed index of the last committed entry
  public record Report(long steps, int operations, long committed, Map<RaftFault, Long> faults) {}

  private RaftSimulation(
      Plan plan, @Nullable Consumer<String> story, @Nullable Consumer<String> traceLines) {
    this.plan = plan;
    trace = new RaftTraceWriter(traceLines);
    world = new World<>(plan.seed(), RaftFault.class, story);
    network = new SimulatedNetwork(world, SITES);
    invariants = new RaftInvariants(members);
    history = new RaftHistory(world);
    operator = new SimulatedOperator(world, members);
    mildness = 1 + world.below(4);
  }

  /// Runs a plan to its end.
  ///
  /// @param story hears each line of what happens, or null
  public static Report run(Plan plan, @Nullable Consumer<String> story) {
    return run(plan, story, null);
  }

  /// The same, with a trace that can be checked against the TLA+ specification.
  ///
  /// @param traceLines hears each line of the trace (`spec/README.md`), or null
  public static Report run(
      Plan plan, @Nullable Consumer<String> story, @Nullable Consumer<String> traceLines) {
    return new RaftSimulation(plan, story, traceLines).run();
  }

  private Report run() {
    found();
    while (world.steps() < plan.steps()) {
      step();
      disturb();
    }
    heal();
    settle();
    writeOnceMore();
    invariants.compareAll();
    history.check();
    return new Report(world.steps(), history.size(), invariants.committedIndex(), world.faults());
  }

  private void found() {
    for (int site = 0; site < SITES; site++) {
      SimulatedMember member =
          new SimulatedMember(world, network, invariants, trace, site, plan.bug());
      members.add(member);
      network.connect(member);
    }
    int count = world.below(2) == 0 ? 3 : SITES;
    List<MemberId> founders = members.stream().limit(count).map(SimulatedMember::id).toList();
    trace.founded(founders);
    for (SimulatedMember member : members.subList(0, count)) {
      member.journal.format(DurableState.founding(Membership.ofVoters(founders)));
    }
    members.forEach(SimulatedMember::start);
    for (int id = 1; id <= CLIENTS; id++) {
      clients.add(new SimulatedClient(world, members, history, id));
    }
  }

  private void step() {
    world.step();
    if (world.steps() % COMPARE_EVERY == 0) {
      invariants.compareAll();
    }
  }

  /// Half of the time the leader: it has most to lose.
  private SimulatedMember anyone() {
    if (world.below(2) == 0) {
      for (SimulatedMember member : members) {
        if (member.isLeader()) {
          return member;
        }
      }
    }
    return members.get(world.below(SITES));
  }

  private boolean strikes(int oneIn) {
    return world.strikes(mildness * oneIn);
  }

  /// Faults at the worst moment: while a leader has entries that only some have.
  private void disturbUncommitted() {
    for (int site = 0; site < SITES; site++) {
      SimulatedMember member = members.get(site);
      RaftCore core = member.core();
      if (core != null
          && member.isLeader()
          && core.lastIndex() > core.commitIndex()
          && strikes(300)) {
        if (world.below(2) == 0) {
          killForAWhile(member);
        } else {
          network.cut(site);
        }
      }
    }
  }

  private void killForAWhile(SimulatedMember victim) {
    victim.kill();
    world.soon(
        150 * World.MILLISECOND,
        () -> {
          world.count(RaftFault.RESTART);
          victim.start();
        });
  }

  private void disturb() {
    disturbUncommitted();
    if (strikes(600)) {
      killForAWhile(anyone());
    }
    if (strikes(600)) {
      network.cut(members.indexOf(anyone()));
    }
    if (strikes(300)) {
      anyone().pause((1 + world.below(600)) * World.MILLISECOND);
    }
    if (strikes(500)) {
      world.count(RaftFault.SLOW_DISK);
      anyone().journal.slowDown((1 + world.below(500)) * World.MILLISECOND);
    }
    if (strikes(700)) {
      SimulatedMember member = anyone();
      if (member.isUp()) {
        member.jumpClock();
      }
    }
    if (strikes(700)) {
      anyone().skewClock();
    }
    if (strikes(40)) {
      operator.act();
    }
    if (strikes(500)) {
      operator.wipeOne();
    }
  }

  private void heal() {
    world.tell(() -> "the faults end");
    world.calmDown();
    network.heal();
    for (SimulatedMember member : members) {
      member.resume();
      member.start();
      member.mendClock();
    }
    clients.forEach(SimulatedClient::stop);
  }

  private void settle() {
    for (int i = 0; !isSettled(); i++) {
      if (i > CALM_STEPS_MAX) {
        throw new BrokenInvariant(
            "R15 progress", "not settled: " + members.stream().map(SimulatedMember::core).toList());
      }
      step();
    }
  }

  /// A new command is committed, and everyone has it.
  private void writeOnceMore() {
    SimulatedClient client = clients.getFirst();
    int before = client.completed();
    while (client.completed() == before) {
      client.writeOnce();
      settle();
    }
  }

  private boolean isSettled() {
    if (!clients.stream().allMatch(SimulatedClient::isIdle)) {
      return false;
    }
    RaftCore leader = null;
    for (SimulatedMember member : members) {
      RaftCore core = member.core();
      if (member.isLeader() && core != null && (leader == null || core.term() > leader.term())) {
        leader = core;
      }
    }
    return leader != null
        && leader.commitIndex() == leader.lastIndex()
        && leader.isMembershipCommitted()
        && allAgree(leader);
  }

  private boolean allAgree(RaftCore leader) {
    Payload state = null;
    for (SimulatedMember member : members) {
      RaftCore core = member.core();
      if (!leader.membership().isMember(member.id())) {
        continue;
      }
      if (core == null
          || !leader.self().equals(core.leader())
          || core.appliedIndex() != leader.commitIndex()) {
        return false;
      }
      Payload bytes = member.stateBytes();
      if (state != null && !state.equals(bytes)) {
        throw new BrokenInvariant("R7 state machine safety", "the members' states differ");
      }
      state = bytes;
    }
    return true;
  }
}
