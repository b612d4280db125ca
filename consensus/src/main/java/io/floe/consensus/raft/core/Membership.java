package io.floe.consensus.raft.core;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// Who belongs to the group. Voters elect and count; observers only replicate. A node id is there
/// once, with one incarnation.
///
/// Source: Raft thesis §4.1, §4.2.1 (non-voting members).
///
/// @param voters in order
/// @param observers in order
public record Membership(List<MemberId> voters, List<MemberId> observers) {
  /// Of a node that knows no group yet.
  public static final Membership NONE = new Membership(List.of(), List.of());

  public Membership {
    voters = voters.stream().sorted().toList();
    observers = observers.stream().sorted().toList();
    List<MemberId> all = new ArrayList<>(voters);
    all.addAll(observers);
    if (all.stream().map(MemberId::node).distinct().count() != all.size()) {
      throw new IllegalArgumentException("a node is there twice: " + all);
    }
  }

  /// The first membership of a group.
  public static Membership ofVoters(List<MemberId> voters) {
    return new Membership(voters, List.of());
  }

  public boolean isVoter(MemberId member) {
    return voters.contains(member);
  }

  public boolean isMember(MemberId member) {
    return voters.contains(member) || observers.contains(member);
  }

  /// Votes that decide: any two sets of so many have a voter in common.
  public int quorum() {
    return voters.size() / 2 + 1;
  }

  /// All, voters first.
  public List<MemberId> members() {
    List<MemberId> all = new ArrayList<>(voters);
    all.addAll(observers);
    return all;
  }

  /// The member with this node's id, in whatever incarnation.
  @Nullable MemberId withNodeOf(MemberId member) {
    for (MemberId known : members()) {
      if (known.node().equals(member.node())) {
        return known;
      }
    }
    return null;
  }

  /// The membership after a change, or why it cannot be.
  Outcome.@Nullable Reason refusalOf(MembershipChange change) {
    MemberId member = change.member();
    return switch (change) {
      case MembershipChange.AddObserver add -> {
        MemberId known = withNodeOf(member);
        if (known == null) {
          yield null;
        }
        yield known.equals(member)
            ? Outcome.Reason.ALREADY_MEMBER
            : Outcome.Reason.OTHER_INCARNATION;
      }
      case MembershipChange.Promote promote -> {
        if (isVoter(member)) {
          yield Outcome.Reason.ALREADY_MEMBER;
        }
        yield isMember(member) ? null : Outcome.Reason.NOT_A_MEMBER;
      }
      case MembershipChange.Remove remove -> {
        if (!isMember(member)) {
          yield Outcome.Reason.NOT_A_MEMBER;
        }
        yield isVoter(member) && voters.size() == 1 ? Outcome.Reason.LAST_VOTER : null;
      }
    };
  }

  Membership after(MembershipChange change) {
    MemberId member = change.member();
    List<MemberId> newVoters = new ArrayList<>(voters);
    List<MemberId> newObservers = new ArrayList<>(observers);
    newVoters.remove(member);
    newObservers.remove(member);
    switch (change) {
      case MembershipChange.AddObserver add -> newObservers.add(member);
      case MembershipChange.Promote promote -> newVoters.add(member);
      case MembershipChange.Remove remove -> {}
    }
    return new Membership(newVoters, newObservers);
  }
}
