package io.floe.consensus.raft.core;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.floe.consensus.raft.core.TestGroup.TestMember;
import io.floe.model.StoreIncarnation;
import java.util.List;
import org.junit.jupiter.api.Test;

class RaftMembershipTest {
  private final TestGroup group = new TestGroup(3);
  private final MemberId fourth = TestGroup.id(4);

  private static Outcome refused(Outcome.Reason reason, TestMember leader) {
    return new Outcome.Refused(reason, leader.id);
  }

  private TestMember withObserver() {
    TestMember leader = group.elect(1);
    group.addEmpty(fourth);
    leader.change(1, new MembershipChange.AddObserver(fourth));
    group.ticks(10);
    assertThat(leader.answers.get(1L)).isInstanceOf(Outcome.Committed.class);
    return leader;
  }

  @Test
  void anObserverReplicatesAndDoesNotCount() {
    TestMember leader = withObserver();
    assertThat(group.get(4).core.commitIndex()).isEqualTo(3);
    assertThat(leader.core.membership().observers()).containsExactly(fourth);
    group.get(2).isUp = false;
    group.get(3).isUp = false;
    leader.propose(2, "a");
    group.settle();
    assertThat(leader.core.commitIndex()).isEqualTo(3);
    group.ticks(25);
    assertThat(leader.core.role()).as("one of three voters").isNotEqualTo(RaftRole.LEADER);
    group.ticks(60);
    assertThat(group.get(4).core.role()).isEqualTo(RaftRole.FOLLOWER);
  }

  @Test
  void promotesOnlyWhoHasCaughtUp() {
    TestMember leader = withObserver();
    group.get(4).isUp = false;
    for (int i = 0; i < 5; i++) {
      leader.propose(10 + i, "c" + i);
      group.settle();
    }
    assertThat(leader.change(2, new MembershipChange.Promote(fourth)))
        .isEqualTo(refused(Outcome.Reason.NOT_CAUGHT_UP, leader));
    group.get(4).isUp = true;
    group.ticks(6);
    leader.change(3, new MembershipChange.Promote(fourth));
    group.ticks(4);
    assertThat(leader.answers.get(3L)).isInstanceOf(Outcome.Committed.class);
    assertThat(group.get(4).core.membership().voters()).hasSize(4).contains(fourth);
  }

  @Test
  void doesNotPromoteWhoIsSilent() {
    TestMember leader = withObserver();
    group.get(4).isUp = false;
    group.ticks(25);
    assertThat(leader.change(2, new MembershipChange.Promote(fourth)))
        .isEqualTo(refused(Outcome.Reason.NOT_CAUGHT_UP, leader));
  }

  @Test
  void oneChangeAtATime() {
    TestMember leader = group.elect(1);
    group.isLost = message -> message instanceof RaftMessage.AppendAck;
    assertThat(leader.change(1, new MembershipChange.AddObserver(fourth))).isNull();
    assertThat(leader.change(2, new MembershipChange.Remove(TestGroup.id(3))))
        .isEqualTo(refused(Outcome.Reason.CHANGE_PENDING, leader));
    group.isLost = message -> false;
    group.ticks(4);
    assertThat(leader.change(3, new MembershipChange.Remove(TestGroup.id(3)))).isNull();
  }

  @Test
  void noChangeBeforeAnEntryOfTheTermIsCommitted() {
    group.elect(1);
    group.ticks(3);
    group.isLost = message -> message instanceof RaftMessage.AppendAck;
    group.get(1).step(new RaftEvent.TransferLeadership(9, TestGroup.id(2)));
    group.settle();
    TestMember leader = group.get(2);
    assertThat(leader.core.role()).isEqualTo(RaftRole.LEADER);
    assertThat(leader.core.isMembershipCommitted()).isTrue();
    assertThat(leader.change(1, new MembershipChange.AddObserver(fourth)))
        .isEqualTo(refused(Outcome.Reason.CHANGE_PENDING, leader));
  }

  @Test
  void refusesWhatMakesNoSense() {
    TestMember leader = group.elect(1);
    MemberId other = new MemberId(TestGroup.id(2).node(), new StoreIncarnation(7));
    assertThat(leader.change(1, new MembershipChange.AddObserver(TestGroup.id(2))))
        .isEqualTo(refused(Outcome.Reason.ALREADY_MEMBER, leader));
    assertThat(leader.change(2, new MembershipChange.AddObserver(other)))
        .isEqualTo(refused(Outcome.Reason.OTHER_INCARNATION, leader));
    assertThat(leader.change(3, new MembershipChange.Promote(fourth)))
        .isEqualTo(refused(Outcome.Reason.NOT_A_MEMBER, leader));
    assertThat(leader.change(4, new MembershipChange.Promote(TestGroup.id(2))))
        .isEqualTo(refused(Outcome.Reason.ALREADY_MEMBER, leader));
    assertThat(leader.change(5, new MembershipChange.Remove(fourth)))
        .isEqualTo(refused(Outcome.Reason.NOT_A_MEMBER, leader));
    TestGroup one = new TestGroup(1);
    TestMember alone = one.elect(1);
    assertThat(alone.change(6, new MembershipChange.Remove(alone.id)))
        .isEqualTo(refused(Outcome.Reason.LAST_VOTER, alone));
  }

  @Test
  void aMembershipHoldsWhenItIsInTheLogAndGoesWithATruncation() {
    TestMember old = group.elect(1);
    group.ticks(3);
    group.isLost = message -> message.header().from().equals(old.id);
    old.change(1, new MembershipChange.Remove(TestGroup.id(3)));
    group.settle();
    assertThat(old.core.membership().voters()).hasSize(2);
    group.ticks(60);
    group.isLost = message -> false;
    group.ticks(10);
    assertThat(old.core.membership().voters()).hasSize(3);
    assertThat(old.answers).containsEntry(1L, new Outcome.Unknown());
    assertThat(old.effects)
        .filteredOn(RaftEffect.MembershipChanged.class::isInstance)
        .extracting(effect -> ((RaftEffect.MembershipChanged) effect).membership().voters().size())
        .containsExactly(3, 2, 3);
  }

  @Test
  void aLeaderThatRemovesItselfLeavesWhenThatIsCommittedAndHandsOver() {
    TestMember leader = group.elect(1);
    leader.change(1, new MembershipChange.Remove(leader.id));
    assertThat(leader.core.role()).isEqualTo(RaftRole.LEADER);
    group.settle();
    assertThat(leader.answers.get(1L)).isInstanceOf(Outcome.Committed.class);
    assertThat(leader.core.role()).isEqualTo(RaftRole.FOLLOWER);
    group.ticks(3);
    assertThat(group.members.values())
        .filteredOn(member -> member.core.role() == RaftRole.LEADER)
        .singleElement()
        .matches(member -> member != leader);
    group.ticks(60);
    assertThat(leader.core.role()).isEqualTo(RaftRole.FOLLOWER);
  }

  @Test
  void aLeaderThatRemovesItselfDoesNotCountItself() {
    TestMember leader = group.elect(1);
    group.get(3).isUp = false;
    leader.change(1, new MembershipChange.Remove(leader.id));
    group.settle();
    assertThat(leader.core.commitIndex()).as("one of two others").isEqualTo(2);
  }

  @Test
  void aRemovedMemberDoesNotDisturb() {
    TestMember leader = group.elect(1);
    leader.change(1, new MembershipChange.Remove(TestGroup.id(3)));
    group.ticks(100);
    assertThat(leader.core.role()).isEqualTo(RaftRole.LEADER);
    assertThat(leader.core.term()).isEqualTo(2);
  }

  @Test
  void anEmptyNodeWithAKnownIdIsAStrangerUntilItIsRemovedCaughtUpAndAddedAgain() {
    TestMember leader = group.elect(1);
    leader.propose(1, "a");
    group.settle();
    MemberId was = TestGroup.id(3);
    MemberId is = new MemberId(was.node(), new StoreIncarnation(777));
    TestMember wiped = group.addEmpty(is); // In the place of the third node.
    group.ticks(10);
    assertThat(wiped.core.lastIndex()).as("messages for its other life").isZero();
    group.get(2).isUp = false;
    leader.propose(2, "no quorum");
    group.ticks(4);
    assertThat(leader.answers).doesNotContainKey(2L);
    group.get(2).isUp = true;
    group.ticks(4);

    leader.change(3, new MembershipChange.Remove(was));
    group.ticks(4);
    leader.change(4, new MembershipChange.AddObserver(is));
    group.ticks(10);
    leader.change(5, new MembershipChange.Promote(is));
    group.ticks(4);
    assertThat(leader.answers.get(5L)).isInstanceOf(Outcome.Committed.class);
    assertThat(wiped.commands()).containsExactly("a", "no quorum");
    assertThat(leader.core.membership().isVoter(is)).isTrue();
  }

  @Test
  void anObserverThatIsBehindTheWindowGetsASnapshotWithTheMembership() {
    TestMember leader = group.elect(1);
    for (int i = 0; i < 30; i++) {
      leader.propose(100 + i, "c" + i);
      group.settle();
    }
    leader.snapshot();
    TestMember late = group.addEmpty(fourth);
    leader.change(1, new MembershipChange.AddObserver(fourth));
    group.ticks(40);
    assertThat(late.core.snapshot().membership().voters()).hasSize(3);
    assertThat(late.core.membership().isMember(fourth)).isTrue();
    late.restart();
    assertThat(late.core.membership().isMember(fourth)).isTrue();
  }

  @Test
  void theMembershipOfASnapshotIsTheOneAtItsIndex() {
    TestMember leader = group.elect(1);
    long index = leader.core.appliedIndex();
    group.addEmpty(fourth);
    leader.change(1, new MembershipChange.AddObserver(fourth));
    group.ticks(6);
    leader.step(new RaftEvent.SnapshotTaken(index, TestGroup.bytes("s")));
    group.settle();
    assertThat(leader.core.snapshot().membership().isMember(fourth)).isFalse();
    leader.restart();
    assertThat(leader.core.membership().isMember(fourth)).isTrue();
  }

  @Test
  void aNodeIsThereOnceWithOneIncarnation() {
    MemberId again = new MemberId(fourth.node(), new StoreIncarnation(1));
    assertThatThrownBy(() -> new Membership(List.of(fourth), List.of(again)))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("twice");
  }
}
