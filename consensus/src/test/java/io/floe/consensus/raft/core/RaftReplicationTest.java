package io.floe.consensus.raft.core;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.floe.consensus.BrokenInvariant;
import io.floe.consensus.raft.core.TestGroup.TestMember;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class RaftReplicationTest {
  private final TestGroup group = new TestGroup(3);

  private static Entry command(long index, long term, String text) {
    return new Entry(index, term, Entry.Kind.COMMAND, TestGroup.bytes(text));
  }

  private static Entry noop(long index, long term) {
    return new Entry(index, term, Entry.Kind.NOOP, Payload.EMPTY);
  }

  private void append(
      TestMember to,
      int from,
      long term,
      long prevIndex,
      long prevTerm,
      long commitIndex,
      Entry... entries) {
    to.step(
        new RaftEvent.Received(
            new RaftMessage.AppendEntries(
                group.header(from, to.id.node().value(), term),
                prevIndex,
                prevTerm,
                commitIndex,
                List.of(entries))));
  }

  @Test
  void repliesWhenAQuorumHasItDurablyAndItIsApplied() {
    TestMember leader = group.elect(1);
    leader.isDiskSlow = true;
    group.get(3).isUp = false;
    leader.propose(1, "a");
    group.settle();
    assertThat(leader.core.commitIndex()).as("only one disk has it").isEqualTo(2);
    assertThat(leader.answers).isEmpty();
    leader.isDiskSlow = false;
    group.settle();
    assertThat(leader.answers).containsEntry(1L, new Outcome.Committed(3, 2));
    assertThat(leader.commands()).containsExactly("a");
    List<RaftEffect> tail = leader.effects;
    int applied = lastIndexOf(tail, RaftEffect.Apply.class);
    int answered = lastIndexOf(tail, RaftEffect.Answered.class);
    assertThat(applied).as("applied before answered").isLessThan(answered);
  }

  private static int lastIndexOf(List<RaftEffect> effects, Class<?> type) {
    return IntStream.range(0, effects.size())
        .filter(i -> type.isInstance(effects.get(i)))
        .max()
        .orElseThrow();
  }

  @Test
  void theLeaderSendsEntriesBeforeItsOwnDiskHasThem() {
    TestMember leader = group.elect(1);
    leader.isDiskSlow = true;
    leader.propose(1, "a");
    assertThat(group.take(RaftMessage.AppendEntries.class, 2))
        .singleElement()
        .matches(message -> message.entries().size() == 1);
    assertThat(leader.disk.lastIndex()).isEqualTo(2);
  }

  @Test
  void acksOnlyWhatIsDurable() {
    TestMember follower = group.get(2);
    append(follower, 1, 2, 1, 1, 1, noop(2, 2));
    assertThat(group.take(RaftMessage.AppendAck.class, 1)).isEmpty();
    append(follower, 1, 2, 2, 2, 1, command(3, 2, "a"));
    follower.write();
    assertThat(group.take(RaftMessage.AppendAck.class, 1))
        .as("the batch that ended has entry 2 only")
        .singleElement()
        .matches(ack -> ack.matchIndex() == 2);
    follower.write();
    assertThat(group.take(RaftMessage.AppendAck.class, 1))
        .singleElement()
        .matches(ack -> ack.matchIndex() == 3);
  }

  @Test
  void gathersTheNextBatchWhileOneIsWritten() {
    TestMember leader = group.elect(1);
    leader.isDiskSlow = true;
    leader.propose(1, "a");
    leader.propose(2, "b");
    leader.propose(3, "c");
    assertThat(leader.writing).hasSize(1);
    leader.write();
    RaftEffect.Persist second = leader.writing.getFirst();
    assertThat(second.events()).singleElement().isInstanceOf(DurableEvent.Appended.class);
    assertThat(((DurableEvent.Appended) second.events().getFirst()).entries()).hasSize(2);
  }

  @Test
  void acksOfASlowDiskDoNotPileUp() {
    TestMember leader = group.elect(1);
    TestMember slow = group.get(2);
    slow.isDiskSlow = true;
    leader.propose(1, "a");
    group.ticks(200);
    group.network.clear();
    slow.write();
    assertThat(group.take(RaftMessage.AppendAck.class, 1)).hasSizeLessThan(5);
  }

  @Test
  void commitsEntriesOfAnEarlierTermOnlyWithOneOfItsOwn() {
    // Figure 8 of the paper: entry 2 of term 2 is on a quorum, and still not committed by count.
    TestMember leader = group.get(1);
    for (int node : new int[] {1, 2}) {
      group.get(node).disk.apply(new DurableEvent.HardState(2, null));
      group.get(node).disk.apply(new DurableEvent.Appended(1, List.of(command(2, 2, "old"))));
      group.get(node).restart();
    }
    group.isLost = message -> message instanceof RaftMessage.AppendEntries;
    group.elect(1);
    long term = leader.core.term();
    leader.step(new RaftEvent.Received(new RaftMessage.AppendAck(group.header(2, 1, term), 2)));
    assertThat(leader.core.commitIndex()).isZero();
    leader.step(new RaftEvent.Received(new RaftMessage.AppendAck(group.header(2, 1, term), 3)));
    assertThat(leader.core.commitIndex()).isEqualTo(3);
  }

  /// Prior art: committed entries deleted by a wrong conflict truncation.
  @Test
  void aLateMessageCutsNothingOff() {
    TestMember follower = group.get(2);
    append(follower, 1, 2, 1, 1, 1, noop(2, 2), command(3, 2, "a"), command(4, 2, "b"));
    append(follower, 1, 2, 4, 2, 4);
    append(follower, 1, 2, 1, 1, 1, noop(2, 2)); // The first one again, of when it was shorter.
    append(follower, 1, 2, 2, 2, 2, command(3, 2, "a"));
    assertThat(follower.core.lastIndex()).isEqualTo(4);
    assertThat(follower.core.commitIndex()).isEqualTo(4);
  }

  @Test
  void aLateMessageCutsOffNothingThatIsNotCommittedEither() {
    TestMember follower = group.get(2);
    append(follower, 1, 2, 1, 1, 1, noop(2, 2), command(3, 2, "a"), command(4, 2, "b"));
    append(follower, 1, 2, 1, 1, 1, noop(2, 2), command(3, 2, "a"));
    assertThat(follower.core.lastIndex()).isEqualTo(4);
  }

  @Test
  void cutsOffWhatConflictsAndOnlyThat() {
    TestMember follower = group.get(2);
    append(follower, 1, 2, 1, 1, 1, noop(2, 2), command(3, 2, "a"), command(4, 2, "b"));
    append(follower, 3, 3, 2, 2, 1, noop(3, 3));
    assertThat(follower.core.lastIndex()).isEqualTo(3);
    assertThat(follower.core.entry(2).term()).isEqualTo(2);
    assertThat(follower.core.entry(3).term()).isEqualTo(3);
    while (follower.write()) {}
    assertThat(follower.disk.entries()).extracting(Entry::term).containsExactly(1L, 2L, 3L);
  }

  @Test
  void aLeaderThatWouldCutOffCommittedEntriesIsABrokenInvariant() {
    TestMember follower = group.get(2);
    append(follower, 1, 2, 1, 1, 3, noop(2, 2), command(3, 2, "a"));
    assertThat(follower.core.commitIndex()).isEqualTo(3);
    assertThatThrownBy(() -> follower.core.step(heartbeatOf(3, 3, 9)))
        .isInstanceOf(BrokenInvariant.class)
        .hasMessageContaining("beyond the log");
  }

  private RaftEvent heartbeatOf(int from, long term, long commitIndex) {
    return new RaftEvent.Received(
        new RaftMessage.Heartbeat(group.header(from, 2, term), commitIndex, 0));
  }

  /// What is durable goes back with a truncation: the ack of the old entry must not be counted for
  /// the new one while that is only in memory.
  @Test
  void truncationDuringAWriteTakesBackWhatTheWriteWouldHaveMadeDurable() {
    TestMember follower = group.get(2);
    append(follower, 1, 2, 1, 1, 1, noop(2, 2), command(3, 2, "a"));
    append(follower, 3, 3, 1, 1, 1, noop(2, 3), command(3, 3, "x"));
    follower.write();
    assertThat(follower.core.durableIndex()).isEqualTo(1);
    follower.write();
    assertThat(follower.core.durableIndex()).isEqualTo(3);
    assertThat(follower.disk.entries()).extracting(Entry::term).containsExactly(1L, 3L, 3L);
  }

  /// Found by the simulator: one batch brought the entries, and the later term that cut them off.
  @Test
  void anAckOfATermThatIsOverDoesNotLeave() {
    TestMember follower = group.get(2);
    append(follower, 1, 2, 1, 1, 1, noop(2, 2));
    append(follower, 1, 2, 2, 2, 1, command(3, 2, "a"), command(4, 2, "b"));
    append(follower, 3, 3, 1, 1, 1, noop(2, 3));
    while (follower.write()) {}
    assertThat(follower.disk.lastIndex()).isEqualTo(2);
    assertThat(group.take(RaftMessage.AppendAck.class, 1)).isEmpty();
    assertThat(group.take(RaftMessage.AppendAck.class, 3))
        .singleElement()
        .matches(ack -> ack.matchIndex() == 2);
  }

  @Test
  void acksWhatTheMessageProvesNotWhereItsLogEnds() {
    TestMember follower = group.get(2);
    append(follower, 1, 2, 1, 1, 1, noop(2, 2), command(3, 2, "a"), command(4, 2, "b"));
    while (follower.write()) {}
    group.network.clear();
    append(follower, 3, 3, 1, 1, 1, noop(2, 2));
    while (follower.write()) {}
    assertThat(group.take(RaftMessage.AppendAck.class, 3))
        .singleElement()
        .matches(ack -> ack.matchIndex() == 2);
  }

  @Test
  void skipsWholeTermsWhenLogsDiffer() {
    TestMember leader = group.get(1);
    leader.disk.apply(new DurableEvent.HardState(9, null));
    List<Entry> mine = new ArrayList<>();
    for (long i = 2; i <= 200; i++) {
      mine.add(command(i, i <= 100 ? 2 : 8, "l" + i));
    }
    leader.disk.apply(new DurableEvent.Appended(1, mine));
    leader.restart();
    TestMember other = group.get(2);
    List<Entry> theirs = new ArrayList<>();
    for (long i = 2; i <= 200; i++) {
      theirs.add(command(i, i <= 80 ? 2 : i <= 120 ? 3 : 4, "f" + i));
    }
    theirs.subList(0, 79).clear();
    theirs.addAll(0, mine.subList(0, 79));
    other.disk.apply(new DurableEvent.HardState(9, null));
    other.disk.apply(new DurableEvent.Appended(1, theirs));
    other.restart();
    group.elect(1);
    group.ticks(5);
    assertThat(other.core.commitIndex()).isEqualTo(201);
    assertThat(other.core.entry(81)).isEqualTo(leader.core.entry(81));
    assertThat(group.trace.stream().filter(t -> t.startsWith("2 REJECT")).count())
        .isLessThanOrEqualTo(4);
  }

  /// Prior art: the same previous index for all messages of a batch.
  @Test
  void everyMessageOfAPipelineBeginsWhereTheOneBeforeEnds() {
    TestGroup small = new TestGroup(3, TestGroup.settings(520, 8));
    TestMember leader = small.elect(1);
    small.network.clear();
    List<RaftEvent> proposals = new ArrayList<>();
    for (int i = 0; i < 40; i++) {
      proposals.add(new RaftEvent.Propose(i, TestGroup.bytes("command number " + i)));
    }
    leader.core.step(proposals).stream()
        .filter(RaftEffect.Send.class::isInstance)
        .map(effect -> ((RaftEffect.Send) effect).message())
        .forEach(small.network::add);
    List<RaftMessage.AppendEntries> sent = small.take(RaftMessage.AppendEntries.class, 2);
    assertThat(sent).hasSizeGreaterThan(2);
    long next = 3;
    for (RaftMessage.AppendEntries message : sent) {
      assertThat(message.prevIndex()).isEqualTo(next - 1);
      assertThat(message.prevTerm()).isEqualTo(2);
      for (Entry entry : message.entries()) {
        assertThat(entry.index()).isEqualTo(next++);
      }
      assertThat(RaftCodec.encodeMessage(message)).hasSizeLessThan(520 + 100);
    }
  }

  @Test
  void boundsWhatIsInFlightToOneMember() {
    TestGroup small = new TestGroup(3, TestGroup.settings(520, 8));
    TestMember leader = small.elect(1);
    small.network.clear();
    for (int i = 0; i < 20; i++) {
      leader.propose(i, "x".repeat(100));
    }
    assertThat(small.take(RaftMessage.AppendEntries.class, 2)).hasSize(4);
    small.settle();
    assertThat(leader.answers).hasSize(20);
  }

  @Test
  void sendsAgainWhatWasLost() {
    TestMember leader = group.elect(1);
    group.isLost = message -> message instanceof RaftMessage.AppendEntries;
    leader.propose(1, "a");
    leader.propose(2, "b");
    group.settle();
    group.isLost = message -> false;
    group.ticks(6);
    assertThat(leader.answers).hasSize(2);
    assertThat(group.get(2).commands()).containsExactly("a", "b");
    assertThat(group.get(3).commands()).containsExactly("a", "b");
  }

  /// Prior art: replies to the wrong client.
  @Test
  void answersEachRequestForItsOwnEntryAndOnce() {
    TestMember old = group.elect(1);
    group.isLost = message -> message.header().from().equals(old.id);
    old.propose(1, "lost");
    group.ticks(60);
    assertThat(old.answers).containsEntry(1L, new Outcome.Unknown());
    TestMember next =
        group.members.values().stream()
            .filter(m -> m.core.role() == RaftRole.LEADER)
            .findFirst()
            .orElseThrow();
    group.isLost = message -> false;
    next.propose(2, "other, at the same index");
    group.ticks(5);
    assertThat(next.answers.get(2L)).isInstanceOf(Outcome.Committed.class);
    assertThat(old.answers).hasSize(1);
    assertThat(old.commands()).containsExactly("other, at the same index");
  }

  @Test
  void refusesProposalsWithTheReasonAndTheLeader() {
    TestMember leader = group.elect(1);
    group.ticks(3);
    assertThat(group.get(2).propose(1, "a"))
        .isEqualTo(new Outcome.Refused(Outcome.Reason.NOT_LEADER, leader.id));
    assertThat(leader.propose(2, "x".repeat(501)))
        .isEqualTo(new Outcome.Refused(Outcome.Reason.TOO_LARGE, leader.id));
    group.isLost = message -> true;
    Outcome outcome = null;
    for (int i = 0; i < 20 && outcome == null; i++) {
      outcome = leader.propose(100 + i, "x".repeat(400));
    }
    assertThat(outcome).isEqualTo(new Outcome.Refused(Outcome.Reason.BUSY, leader.id));
    group.isLost = message -> false;
    group.ticks(10);
    leader.propose(200, "x".repeat(400)); // Room again.
    group.settle();
    assertThat(leader.answers.get(200L)).isInstanceOf(Outcome.Committed.class);
  }

  @Test
  void answersEveryoneWhenItIsStopped() {
    TestMember leader = group.elect(1);
    group.isLost = message -> true;
    leader.propose(1, "a");
    leader.step(new RaftEvent.Read(2));
    leader.step(new RaftEvent.TransferLeadership(3, TestGroup.id(2)));
    leader.step(new RaftEvent.Stop());
    leader.step(new RaftEvent.Read(4));
    assertThat(leader.answers).hasSize(4).containsEntry(1L, new Outcome.Unknown());
    assertThat(leader.step(new RaftEvent.Tick())).isEmpty();
  }

  @Test
  void aFollowerAppliesNothingThatItsDiskMayLose() {
    TestMember follower = group.get(2);
    append(follower, 1, 2, 1, 1, 3, noop(2, 2), command(3, 2, "a"));
    assertThat(follower.core.commitIndex()).isEqualTo(3);
    assertThat(follower.commands()).isEmpty();
    while (follower.write()) {}
    assertThat(follower.commands()).containsExactly("a");
  }

  @Test
  void twoLeadersInATermAreABrokenInvariant() {
    TestMember follower = group.get(2);
    append(follower, 1, 2, 1, 1, 1, noop(2, 2));
    assertThatThrownBy(() -> append(follower, 3, 2, 1, 1, 1, noop(2, 2)))
        .isInstanceOf(BrokenInvariant.class)
        .hasMessageContaining("R3");
  }

  // ---- reads

  @Test
  void confirmsAReadByAQuorumAndAfterApplying() {
    TestMember leader = group.elect(1);
    group.isLost = message -> message instanceof RaftMessage.HeartbeatAck;
    leader.step(new RaftEvent.Read(1));
    group.settle();
    assertThat(leader.answers).isEmpty();
    group.isLost = message -> false;
    group.ticks(3);
    assertThat(leader.answers).containsEntry(1L, new Outcome.ReadAt(2));
  }

  @Test
  void anAckOfAnEarlierRoundConfirmsNothing() {
    TestMember leader = group.elect(1);
    group.ticks(4);
    leader.step(new RaftEvent.Read(1));
    group.network.clear();
    leader.step(new RaftEvent.Received(new RaftMessage.HeartbeatAck(group.header(2, 1, 2), 0)));
    assertThat(leader.answers).isEmpty();
    leader.step(new RaftEvent.Received(new RaftMessage.HeartbeatAck(group.header(2, 1, 2), 1)));
    assertThat(leader.answers).containsKey(1L);
  }

  @Test
  void aNewLeaderReadsOnlyAfterItCommittedInItsTerm() {
    group.isLost = message -> message instanceof RaftMessage.AppendAck;
    TestMember leader = group.elect(1);
    leader.step(new RaftEvent.Read(1));
    group.ticks(4);
    assertThat(leader.answers).isEmpty();
    group.isLost = message -> false;
    group.ticks(4);
    assertThat(leader.answers).containsEntry(1L, new Outcome.ReadAt(2));
  }

  @Test
  void aFollowerReadsThroughTheLeaderAndWaitsUntilItAppliedThat() {
    TestMember leader = group.elect(1);
    group.ticks(3);
    TestMember follower = group.get(3);
    follower.isDiskSlow = true;
    leader.propose(1, "a");
    group.settle();
    follower.step(new RaftEvent.Read(2));
    group.settle();
    assertThat(follower.answers).isEmpty();
    follower.isDiskSlow = false;
    group.ticks(4);
    assertThat(follower.answers).containsEntry(2L, new Outcome.ReadAt(3));
    assertThat(follower.commands()).containsExactly("a");
  }

  @Test
  void readsThatNobodyAnswersAreRefused() {
    TestMember leader = group.elect(1);
    group.ticks(3);
    TestMember follower = group.get(3);
    group.isLost = message -> message instanceof RaftMessage.ReadRequest;
    follower.step(new RaftEvent.Read(1));
    group.ticks(12);
    assertThat(follower.answers)
        .containsEntry(1L, new Outcome.Refused(Outcome.Reason.TIMED_OUT, null));
    group.isLost = message -> message.header().to().equals(leader.id);
    leader.step(new RaftEvent.Read(2));
    group.ticks(25);
    assertThat(leader.answers.get(2L)).isInstanceOf(Outcome.Refused.class);
  }

  @Test
  void aReplyToAnEarlierLifeIsNoAnswer() {
    group.elect(1);
    group.ticks(3);
    TestMember follower = group.get(3);
    follower.step(new RaftEvent.Read(1));
    List<RaftMessage.ReadRequest> early = group.take(RaftMessage.ReadRequest.class, 1);
    follower.restart();
    group.ticks(3);
    group.isLost = message -> message instanceof RaftMessage.ReadRequest;
    follower.step(new RaftEvent.Read(2));
    follower.step(
        new RaftEvent.Received(
            new RaftMessage.ReadReply(group.header(1, 3, 2), early.getFirst().readId(), 1)));
    assertThat(follower.answers).doesNotContainKey(2L);
  }

  @Test
  void boundsOpenReads() {
    TestMember leader = group.elect(1);
    group.isLost = message -> true;
    for (int i = 0; i < 6; i++) {
      leader.step(new RaftEvent.Read(i));
    }
    assertThat(leader.answers)
        .containsEntry(5L, new Outcome.Refused(Outcome.Reason.BUSY, leader.id))
        .hasSize(1);
  }

  @Test
  void tellsOfAnEntryWhenItIsInTheLogAndOfARefusedOneNotAtAll() {
    TestGroup group = new TestGroup(1);
    TestMember leader = group.elect(1);
    group.trace.clear();
    group.lastIndexes.clear();
    leader.propose(1, "a");
    leader.change(2, new MembershipChange.AddObserver(TestGroup.id(2)));
    assertThat(leader.change(3, new MembershipChange.AddObserver(TestGroup.id(3))))
        .isInstanceOf(Outcome.Refused.class);
    leader.step(new RaftEvent.Propose(4, Payload.of(new byte[1 << 20])));
    assertThat(leader.answers.get(4L)).isInstanceOf(Outcome.Refused.class);
    assertThat(group.trace)
        .satisfiesExactly(
            line -> assertThat(line).startsWith("1 CLIENT_REQUEST"),
            line -> assertThat(line).startsWith("1 CHANGE_MEMBERSHIP"));
    assertThat(group.lastIndexes).containsExactly(3L, 4L);
  }
}
