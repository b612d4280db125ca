package io.floe.simulation.raft;

import io.floe.consensus.raft.core.MemberId;
import io.floe.consensus.raft.core.Membership;
import io.floe.consensus.raft.core.MembershipChange;
import io.floe.consensus.raft.core.Outcome;
import io.floe.consensus.raft.core.RaftCore;
import io.floe.simulation.World;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// Changes memberships, hands the office over, and replaces disks. Never does what would cost the
/// group its quorum for good; everything else it does at bad times.
final class SimulatedOperator {
  private static final int VOTERS_MIN = 2;
  private static final int VOTERS_MAX = 5;

  private final World<RaftFault> world;
  private final List<SimulatedMember> members;

  SimulatedOperator(World<RaftFault> world, List<SimulatedMember> members) {
    this.world = world;
    this.members = members;
  }

  void act() {
    List<SimulatedMember> leaders = members.stream().filter(SimulatedMember::isLeader).toList();
    if (leaders.isEmpty()) {
      return;
    }
    SimulatedMember leader = leaders.get(world.below(leaders.size()));
    Membership membership = leader.membership();
    if (world.below(5) == 0) {
      MemberId target = membership.voters().get(world.below(membership.voters().size()));
      leader.transfer(target, outcome -> transferred(target, leader.id(), outcome));
      return;
    }
    MembershipChange change = draw(membership);
    if (change != null) {
      world.tell(() -> "operator: asks " + leader + " for " + change);
      leader.change(change, this::changed);
    }
  }

  private void transferred(MemberId target, MemberId old, Outcome outcome) {
    world.tell(() -> "operator: transfer to " + target + ": " + outcome);
    if (outcome instanceof Outcome.Transferred(MemberId leader)) {
      if (!leader.equals(old)) {
        world.count(RaftFault.TRANSFERRED);
      }
    } else {
      world.count(RaftFault.TRANSFER_FAILED);
    }
  }

  private void changed(MembershipChange change, Outcome outcome) {
    world.tell(() -> "operator: " + change + ": " + outcome);
    if (outcome instanceof Outcome.Committed) {
      switch (change) {
        case MembershipChange.AddObserver add -> {
          world.count(RaftFault.OBSERVER_ADDED);
          if (add.member().incarnation().value() > 1) {
            world.count(RaftFault.NEW_INCARNATION_ADDED);
          }
        }
        case MembershipChange.Promote promote -> world.count(RaftFault.PROMOTED);
        case MembershipChange.Remove remove -> world.count(RaftFault.REMOVED);
      }
    } else if (outcome instanceof Outcome.Refused refused) {
      if (refused.reason() == Outcome.Reason.CHANGE_PENDING) {
        world.count(RaftFault.CHANGE_REFUSED_PENDING);
      } else if (refused.reason() == Outcome.Reason.NOT_CAUGHT_UP) {
        world.count(RaftFault.CHANGE_REFUSED_NOT_CAUGHT_UP);
      }
    }
  }

  private @Nullable MembershipChange draw(Membership membership) {
    List<MemberId> dead = membership.members().stream().filter(member -> !isAlive(member)).toList();
    if (!dead.isEmpty() && world.below(4) > 0) {
      return new MembershipChange.Remove(dead.getFirst());
    }
    List<MembershipChange> possible = new ArrayList<>();
    for (MemberId observer : membership.observers()) {
      if (membership.voters().size() < VOTERS_MAX && isAlive(observer)) {
        possible.add(new MembershipChange.Promote(observer));
      }
      possible.add(new MembershipChange.Remove(observer));
    }
    for (SimulatedMember member : members) {
      if (!membership.isMember(member.id())) {
        possible.add(new MembershipChange.AddObserver(member.id()));
      }
    }
    for (MemberId voter : membership.voters()) {
      if (keepsQuorumWithout(membership, voter)) {
        possible.add(new MembershipChange.Remove(voter));
      }
    }
    return possible.isEmpty() ? null : possible.get(world.below(possible.size()));
  }

  private boolean isAlive(MemberId member) {
    return members.stream().anyMatch(site -> site.id().equals(member));
  }

  private boolean keepsQuorumWithout(Membership membership, MemberId voter) {
    List<MemberId> rest = membership.voters().stream().filter(v -> !v.equals(voter)).toList();
    return rest.size() >= VOTERS_MIN
        && rest.stream().filter(this::isAlive).count() >= Membership.ofVoters(rest).quorum();
  }

  /// Replaces the disk of a member, when the group is quiet and keeps its quorum.
  void wipeOne() {
    SimulatedMember victim = members.get(world.below(members.size()));
    Membership agreed = null;
    for (SimulatedMember member : members) {
      RaftCore core = member.core();
      if (!member.isUp() || core == null) {
        return;
      }
      if (member.membership().members().isEmpty()) {
        continue; // Empty and waiting.
      }
      if (agreed == null) {
        agreed = core.membership();
      }
      if (!core.isMembershipCommitted()) {
        return;
      }
      // A member that was removed may not know; what it knows must be harmless as well.
      if (!survives(core.membership(), victim.id())) {
        return;
      }
    }
    if (agreed == null) {
      return;
    }
    victim.wipe();
    world.soon(100 * World.MILLISECOND, victim::start);
  }

  private boolean survives(Membership membership, MemberId victim) {
    long left = membership.voters().stream().filter(v -> isAlive(v) && !v.equals(victim)).count();
    return left >= membership.quorum();
  }
}
