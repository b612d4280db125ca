package io.floe.consensus.raft.core;

import static org.assertj.core.api.Assertions.assertThat;

import io.floe.consensus.raft.core.TestGroup.TestMember;
import io.floe.model.StoreIncarnation;
import java.util.UUID;
import org.junit.jupiter.api.Test;

class RaftElectionTest {
  private final TestGroup group = new TestGroup(3);

  private static boolean isElection(RaftMessage message) {
    return message instanceof RaftMessage.RequestVote || message instanceof RaftMessage.Vote;
  }

  private RaftMessage.RequestVote request(
      int from, int to, long term, boolean isTransfer, long lastIndex, long lastTerm) {
    return new RaftMessage.RequestVote(
        group.header(from, to, term), false, isTransfer, lastIndex, lastTerm);
  }

  @Test
  void electsALeaderWhoseFirstEntryCommits() {
    TestMember leader = group.elect(1);
    assertThat(leader.core.term()).isEqualTo(2);
    assertThat(leader.core.commitIndex()).isEqualTo(2);
    assertThat(leader.core.entry(2).kind()).isEqualTo(Entry.Kind.NOOP);
    group.ticks(5);
    assertThat(group.get(2).core.leader()).isEqualTo(leader.id);
    assertThat(group.get(3).core.commitIndex()).isEqualTo(2);
  }

  @Test
  void aGroupOfOneElectsItself() {
    TestGroup one = new TestGroup(1);
    assertThat(one.elect(1).core.commitIndex()).isEqualTo(2);
  }

  @Test
  void preVoteChangesNoTermWhileTheOthersHearALeader() {
    TestMember leader = group.elect(1);
    TestMember cutOff = group.get(3);
    group.isLost = message -> message.header().to().equals(cutOff.id);
    group.ticks(60);
    assertThat(cutOff.core.role()).isEqualTo(RaftRole.PRE_CANDIDATE);
    assertThat(cutOff.core.term()).isEqualTo(2);
    assertThat(leader.core.role()).isEqualTo(RaftRole.LEADER);
    group.isLost = message -> false;
    group.ticks(5);
    assertThat(leader.core.term()).isEqualTo(2);
    assertThat(cutOff.core.leader()).isEqualTo(leader.id);
  }

  @Test
  void aVoterIgnoresCandidatesWhileItHearsALeader() {
    TestMember leader = group.elect(1);
    TestMember voter = group.get(2);
    voter.step(new RaftEvent.Received(request(3, 2, 9, false, 99, 8)));
    assertThat(voter.core.term()).isEqualTo(2);
    assertThat(group.take(RaftMessage.Vote.class, 3)).isEmpty();
    assertThat(leader.core.role()).isEqualTo(RaftRole.LEADER);
  }

  @Test
  void aVoterListensToACandidateOfATransfer() {
    group.elect(1);
    group.get(2).step(new RaftEvent.Received(request(3, 2, 9, true, 99, 8)));
    group.settle();
    assertThat(group.get(2).core.votedFor()).isEqualTo(TestGroup.id(3));
  }

  @Test
  void votesOnceInATerm() {
    TestMember voter = group.get(2);
    voter.step(new RaftEvent.Received(request(1, 2, 5, false, 1, 1)));
    voter.step(new RaftEvent.Received(request(3, 2, 5, false, 1, 1)));
    voter.write();
    voter.write();
    assertThat(group.take(RaftMessage.Vote.class, 1))
        .singleElement()
        .matches(RaftMessage.Vote::isGranted);
    assertThat(group.take(RaftMessage.Vote.class, 3))
        .singleElement()
        .matches(vote -> !vote.isGranted());
  }

  @Test
  void remembersItsVoteOverARestart() {
    TestMember voter = group.get(2);
    voter.step(new RaftEvent.Received(request(1, 2, 5, false, 1, 1)));
    voter.write();
    voter.restart();
    assertThat(voter.core.votedFor()).isEqualTo(TestGroup.id(1));
    voter.step(new RaftEvent.Received(request(3, 2, 5, false, 1, 1)));
    assertThat(group.take(RaftMessage.Vote.class, 3))
        .singleElement()
        .matches(vote -> !vote.isGranted());
  }

  @Test
  void aVoteLeavesOnlyWhenItIsDurable() {
    TestMember voter = group.get(2);
    voter.step(new RaftEvent.Received(request(1, 2, 5, false, 1, 1)));
    assertThat(group.take(RaftMessage.Vote.class, 1)).isEmpty();
    voter.write();
    assertThat(group.take(RaftMessage.Vote.class, 1)).hasSize(1);
  }

  @Test
  void aCandidateAsksOnlyWhenItsOwnVoteIsDurable() {
    TestMember candidate = group.get(1);
    candidate.isDiskSlow = true;
    for (int i = 0; i < 25 && candidate.core.role() != RaftRole.CANDIDATE; i++) {
      candidate.tick();
      group.settle();
    }
    assertThat(candidate.core.role()).isEqualTo(RaftRole.CANDIDATE);
    assertThat(group.take(RaftMessage.RequestVote.class, 2)).isEmpty();
    candidate.write();
    assertThat(group.take(RaftMessage.RequestVote.class, 2)).hasSize(1);
    assertThat(candidate.disk.votedFor()).isEqualTo(candidate.id);
  }

  @Test
  void refusesACandidateWhoseLogIsBehind() {
    group.elect(1).propose(1, "a");
    group.settle();
    TestMember voter = group.get(2);
    voter.step(new RaftEvent.Received(request(3, 2, 9, true, 99, 1)));
    voter.step(new RaftEvent.Received(request(3, 2, 10, true, 2, 2)));
    assertThat(group.take(RaftMessage.Vote.class, 3))
        .hasSize(2)
        .noneMatch(RaftMessage.Vote::isGranted);
  }

  @Test
  void aLeaderThatHearsNoQuorumStepsDown() {
    TestMember leader = group.elect(1);
    group.isLost = message -> message.header().to().equals(leader.id);
    group.ticks(25);
    assertThat(leader.core.role()).isNotEqualTo(RaftRole.LEADER);
  }

  @Test
  void aSlowDiskOfTheLeaderCostsItNoOffice() {
    TestMember leader = group.elect(1);
    leader.isDiskSlow = true;
    leader.propose(1, "slow");
    group.ticks(100);
    assertThat(leader.core.role()).isEqualTo(RaftRole.LEADER);
    assertThat(leader.core.term()).isEqualTo(2);
    // The others have it on their disks, which is a quorum.
    assertThat(leader.core.commitIndex()).isEqualTo(3);
    assertThat(leader.answers).isEmpty();
    leader.isDiskSlow = false;
    group.settle();
    assertThat(leader.answers).containsEntry(1L, new Outcome.Committed(3, 2));
  }

  @Test
  void aSlowDiskOfAFollowerIsQuorumContactAllTheSame() {
    TestMember leader = group.elect(1);
    group.get(2).isDiskSlow = true;
    group.get(3).isDiskSlow = true;
    leader.propose(1, "slow");
    group.ticks(100);
    assertThat(leader.core.role()).isEqualTo(RaftRole.LEADER);
    assertThat(leader.core.commitIndex()).isEqualTo(2);
  }

  @Test
  void aLeaderThatWasCutOffLearnsTheLaterTerm() {
    TestMember old = group.elect(1);
    group.isLost =
        message -> message.header().to().equals(old.id) || message.header().from().equals(old.id);
    group.ticks(60);
    MemberId next = group.get(2).core.leader();
    assertThat(next).isNotNull().isNotEqualTo(old.id);
    assertThat(old.core.term()).isEqualTo(2);
    group.isLost = message -> false;
    group.ticks(5);
    assertThat(old.core.leader()).isEqualTo(next);
  }

  @Test
  void aStrayLaterTermOfAMemberMakesTheLeaderStepDownSoThatItCanFollow() {
    TestMember leader = group.elect(1);
    TestMember ahead = group.get(3);
    ahead.disk.apply(new DurableEvent.HardState(7, null));
    ahead.restart();
    group.ticks(60);
    long leaders =
        group.members.values().stream().filter(m -> m.core.role() == RaftRole.LEADER).count();
    assertThat(leaders).isEqualTo(1);
    assertThat(group.members.values()).allMatch(m -> m.core.term() == leader.core.term());
    assertThat(leader.core.term()).isGreaterThan(7);
  }

  @Test
  void ignoresMessagesForAnotherGroupOrAnotherLifeOfTheNode() {
    TestMember voter = group.get(2);
    RaftMessage.Header meant = group.header(1, 2, 5);
    MemberId otherLife = new MemberId(voter.id.node(), new StoreIncarnation(99));
    voter.step(
        new RaftEvent.Received(
            new RaftMessage.RequestVote(
                new RaftMessage.Header(meant.group(), meant.from(), otherLife, 5),
                false,
                false,
                9,
                4)));
    voter.step(
        new RaftEvent.Received(
            new RaftMessage.RequestVote(
                new RaftMessage.Header(new GroupId(new UUID(1, 1)), meant.from(), meant.to(), 5),
                false,
                false,
                9,
                4)));
    assertThat(voter.core.term()).isEqualTo(1);
    assertThat(group.network).noneMatch(RaftElectionTest::isElection);
  }

  @Test
  void aVoteOfAnotherLifeOfAVoterDoesNotCount() {
    TestMember candidate = group.get(1);
    group.isLost = RaftElectionTest::isElection;
    for (int i = 0; i < 20; i++) {
      candidate.tick();
    }
    assertThat(candidate.core.role()).isEqualTo(RaftRole.PRE_CANDIDATE);
    MemberId otherLife = new MemberId(TestGroup.id(2).node(), new StoreIncarnation(99));
    candidate.step(
        new RaftEvent.Received(
            new RaftMessage.Vote(
                new RaftMessage.Header(TestGroup.GROUP, otherLife, candidate.id, 2), true, true)));
    assertThat(candidate.core.role()).isEqualTo(RaftRole.PRE_CANDIDATE);
    candidate.step(new RaftEvent.Received(new RaftMessage.Vote(group.header(2, 1, 2), true, true)));
    assertThat(candidate.core.role()).isEqualTo(RaftRole.CANDIDATE);
  }

  @Test
  void anEmptyNodeNeverCampaigns() {
    TestMember stranger = group.addEmpty(TestGroup.id(4));
    group.isLost = message -> true;
    group.ticks(100);
    assertThat(stranger.core.role()).isEqualTo(RaftRole.FOLLOWER);
    assertThat(stranger.core.term()).isZero();
  }

  @Test
  void handsTheOfficeOver() {
    TestMember leader = group.elect(1);
    leader.propose(1, "a");
    leader.step(new RaftEvent.TransferLeadership(2, TestGroup.id(3)));
    assertThat(leader.propose(3, "b"))
        .isEqualTo(new Outcome.Refused(Outcome.Reason.TRANSFERRING, leader.id));
    group.settle();
    group.ticks(3);
    assertThat(group.get(3).core.role()).isEqualTo(RaftRole.LEADER);
    assertThat(leader.answers).containsEntry(2L, new Outcome.Transferred(TestGroup.id(3)));
    assertThat(group.get(2).core.leader()).isEqualTo(TestGroup.id(3));
  }

  @Test
  void givesATransferUpAfterAnElectionTimeout() {
    TestMember leader = group.elect(1);
    group.get(3).isUp = false;
    leader.propose(1, "a");
    leader.step(new RaftEvent.TransferLeadership(2, TestGroup.id(3)));
    group.ticks(12);
    assertThat(leader.answers)
        .containsEntry(2L, new Outcome.Refused(Outcome.Reason.TIMED_OUT, leader.id));
    leader.propose(3, "b");
    group.settle();
    assertThat(leader.answers.get(3L)).isInstanceOf(Outcome.Committed.class);
  }

  @Test
  void refusesToTransferToWhoHasNoVote() {
    TestMember leader = group.elect(1);
    leader.step(new RaftEvent.TransferLeadership(2, TestGroup.id(9)));
    assertThat(leader.answers)
        .containsEntry(2L, new Outcome.Refused(Outcome.Reason.NOT_A_MEMBER, leader.id));
  }

  @Test
  void drawsDifferentTimeoutsFromDifferentSeeds() {
    long distinct =
        java.util.stream.LongStream.range(0, 50)
            .map(
                seed -> {
                  DurableState disk = new DurableState();
                  DurableState.founding(Membership.ofVoters(java.util.List.of(TestGroup.id(1))))
                      .forEach(disk::apply);
                  RaftCore core =
                      new RaftCore(
                          TestGroup.GROUP,
                          TestGroup.id(1),
                          TestGroup.SETTINGS,
                          disk,
                          seed,
                          RaftTrace.NONE);
                  long ticks = 0;
                  while (core.role() == RaftRole.FOLLOWER) {
                    core.step(new RaftEvent.Tick());
                    ticks++;
                  }
                  assertThat(ticks).isBetween(10L, 19L);
                  return ticks;
                })
            .distinct()
            .count();
    assertThat(distinct).isGreaterThan(5);
  }

  @Test
  void asksNobodyForAVoteWhenItsCandidacyIsOverBeforeItIsOnDisk() {
    TestGroup group = new TestGroup(3);
    TestMember candidate = group.get(1);
    candidate.isDiskSlow = true;
    while (candidate.core.role() != RaftRole.CANDIDATE) {
      candidate.tick();
      group.settle();
    }
    long term = candidate.core.term();
    candidate.step(
        new RaftEvent.Received(new RaftMessage.Heartbeat(group.header(2, 1, term), 0, 0)));
    assertThat(candidate.core.role()).isEqualTo(RaftRole.FOLLOWER);
    group.network.clear();
    assertThat(candidate.write()).isTrue();
    assertThat(candidate.core.votedFor()).isEqualTo(candidate.id);
    assertThat(group.network).noneMatch(RaftMessage.RequestVote.class::isInstance);
  }
}
