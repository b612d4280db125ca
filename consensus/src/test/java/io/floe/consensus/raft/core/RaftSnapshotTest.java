package io.floe.consensus.raft.core;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.floe.consensus.BrokenInvariant;
import io.floe.consensus.raft.core.TestGroup.TestMember;
import java.util.List;
import org.junit.jupiter.api.Test;

class RaftSnapshotTest {
  private final TestGroup group = new TestGroup(3);

  private void commit(TestMember leader, int first, int count) {
    for (int i = first; i < first + count; i++) {
      leader.propose(1_000 + i, "c" + i);
      group.settle();
    }
  }

  private TestMember leaderWithALateFollower() {
    TestMember leader = group.elect(1);
    group.get(3).isUp = false;
    commit(leader, 0, 40);
    leader.snapshot();
    group.settle();
    commit(leader, 40, 3);
    return leader;
  }

  @Test
  void keepsATailForSlowFollowers() {
    TestMember leader = leaderWithALateFollower();
    assertThat(leader.core.snapshot().lastIndex()).isEqualTo(42);
    assertThat(leader.core.baseIndex()).isEqualTo(34);
    assertThat(leader.disk.baseIndex()).isEqualTo(34);
    leader.restart();
    assertThat(leader.core.baseIndex()).isEqualTo(34);
    assertThat(leader.restored.getLast().lastIndex()).isEqualTo(42);
  }

  /// Prior art: a late follower breaks its log after the leader compacted.
  @Test
  void aFollowerThatIsBehindTheWindowIsSentTheSnapshotInChunksAndThenTheRest() {
    TestMember leader = leaderWithALateFollower();
    TestMember late = group.get(3);
    late.isUp = true;
    group.ticks(30);
    assertThat(late.restored.getLast()).isEqualTo(leader.core.snapshot());
    assertThat(late.core.commitIndex()).isEqualTo(leader.core.commitIndex());
    assertThat(late.commands()).containsExactly("c40", "c41", "c42");
    late.restart();
    assertThat(late.core.baseIndex()).isEqualTo(42);
    assertThat(late.core.lastIndex()).isEqualTo(45);
  }

  @Test
  void sendsALostChunkAgain() {
    leaderWithALateFollower();
    TestMember late = group.get(3);
    late.isUp = true;
    boolean[] seen = new boolean[1_000];
    group.isLost =
        message -> {
          if (message instanceof RaftMessage.InstallSnapshot chunk && !seen[chunk.offset()]) {
            seen[chunk.offset()] = true;
            return true;
          }
          return false;
        };
    group.ticks(60);
    assertThat(late.core.snapshot().lastIndex()).isEqualTo(42);
  }

  @Test
  void theSnapshotIsRestoredAndAckedOnlyWhenItIsDurable() {
    leaderWithALateFollower();
    TestMember late = group.get(3);
    late.isUp = true;
    late.isDiskSlow = true;
    int before = late.restored.size();
    group.ticks(30);
    assertThat(late.core.snapshot().lastIndex()).isEqualTo(42);
    assertThat(late.restored).hasSize(before);
    assertThat(group.get(1).core.matchIndexOf(late.id)).isLessThan(42);
    late.isDiskSlow = false;
    group.ticks(5);
    assertThat(late.restored).hasSize(before + 1);
    assertThat(group.get(1).core.matchIndexOf(late.id)).isEqualTo(45);
  }

  private RaftMessage.InstallSnapshot chunk(
      Snapshot snapshot, int from, long term, int offset, int end) {
    return new RaftMessage.InstallSnapshot(
        group.header(from, 3, term),
        snapshot.lastIndex(),
        snapshot.lastTerm(),
        snapshot.membership(),
        snapshot.data().sizeBytes(),
        SnapshotSending.checksum(snapshot.data()),
        offset,
        snapshot.data().slice(offset, end));
  }

  private Snapshot snapshotAt(long index, long term, String data) {
    return new Snapshot(
        index,
        term,
        Membership.ofVoters(List.of(TestGroup.id(1), TestGroup.id(2), TestGroup.id(3))),
        TestGroup.bytes(data));
  }

  /// Prior art: repeated and consecutive snapshot installs.
  @Test
  void repeatedAndConsecutiveSnapshotsAreSafe() {
    TestMember node = group.get(3);
    Snapshot first = snapshotAt(10, 2, "first");
    Snapshot second = snapshotAt(20, 2, "second");
    receive(node, chunk(first, 1, 2, 0, 5));
    receive(node, chunk(second, 1, 2, 0, 6)); // While the first one is being written.
    receive(node, chunk(first, 1, 2, 0, 5)); // Late.
    while (node.write()) {}
    receive(node, chunk(second, 1, 2, 0, 6)); // Again.
    assertThat(node.restored.getLast()).isEqualTo(second);
    assertThat(node.core.commitIndex()).isEqualTo(20);
    assertThat(node.core.appliedIndex()).isEqualTo(20);
    assertThat(node.disk.snapshot()).isEqualTo(second);
    assertThat(group.take(RaftMessage.AppendAck.class, 1))
        .extracting(RaftMessage.AppendAck::matchIndex)
        .containsSubsequence(10L, 20L);
  }

  private static void receive(TestMember node, RaftMessage message) {
    node.step(new RaftEvent.Received(message));
  }

  @Test
  void chunksOfDifferentSnapshotsAreNeverMixed() {
    TestMember node = group.get(3);
    Snapshot of1 = snapshotAt(10, 2, "aaaabbbb");
    Snapshot of2 = snapshotAt(10, 2, "AAAABBBB");
    receive(node, chunk(of1, 1, 2, 0, 4));
    receive(node, chunk(of2, 2, 3, 4, 8)); // The next leader encodes it in its own way.
    assertThat(node.core.snapshot()).isEqualTo(Snapshot.NONE);
    receive(node, chunk(of2, 2, 3, 0, 4));
    receive(node, chunk(of2, 2, 3, 4, 8));
    assertThat(node.core.snapshot()).isEqualTo(of2);
  }

  @Test
  void doubledAndReorderedChunksAreSafe() {
    TestMember node = group.get(3);
    Snapshot snapshot = snapshotAt(10, 2, "aaaabbbbcccc");
    receive(node, chunk(snapshot, 1, 2, 4, 8));
    receive(node, chunk(snapshot, 1, 2, 0, 4));
    receive(node, chunk(snapshot, 1, 2, 0, 4));
    receive(node, chunk(snapshot, 1, 2, 4, 8));
    receive(node, chunk(snapshot, 1, 2, 4, 8));
    receive(node, chunk(snapshot, 1, 2, 8, 12));
    assertThat(node.core.snapshot()).isEqualTo(snapshot);
  }

  @Test
  void aDamagedSnapshotIsNotInstalled() {
    TestMember node = group.get(3);
    Snapshot snapshot = snapshotAt(10, 2, "aaaabbbb");
    Snapshot damaged = snapshotAt(10, 2, "aaaaXbbb");
    receive(node, chunk(snapshot, 1, 2, 0, 4));
    RaftMessage.InstallSnapshot bad = chunk(damaged, 1, 2, 4, 8);
    receive(
        node,
        new RaftMessage.InstallSnapshot(
            bad.header(),
            10,
            2,
            bad.membership(),
            8,
            SnapshotSending.checksum(snapshot.data()),
            4,
            bad.chunk()));
    assertThat(node.core.snapshot()).isEqualTo(Snapshot.NONE);
    assertThat(group.take(RaftMessage.SnapshotProgress.class, 1).getLast().nextOffset()).isZero();
  }

  /// Prior art: snapshot sync removed committed entries that were not in the snapshot.
  @Test
  void aSnapshotBehindTheCommitIndexRemovesNothing() {
    TestMember leader = group.elect(1);
    commit(leader, 0, 20);
    group.ticks(3);
    TestMember node = group.get(3);
    long last = node.core.lastIndex();
    receive(node, chunk(snapshotAt(10, 2, "old"), 1, 2, 0, 3));
    assertThat(node.core.lastIndex()).isEqualTo(last);
    assertThat(node.core.commitIndex()).isEqualTo(last);
    assertThat(node.core.snapshot()).isEqualTo(Snapshot.NONE);
  }

  /// Prior art: races of snapshot and append.
  @Test
  void aSnapshotOfEntriesThatAreThereKeepsWhatFollowsThem() {
    TestMember node = group.get(3);
    Entry second = new Entry(2, 2, Entry.Kind.NOOP, Payload.EMPTY);
    Entry third = new Entry(3, 2, Entry.Kind.COMMAND, TestGroup.bytes("a"));
    receive(
        node,
        new RaftMessage.AppendEntries(group.header(1, 3, 2), 1, 1, 0, List.of(second, third)));
    receive(node, chunk(snapshotAt(2, 2, "x"), 1, 2, 0, 1));
    assertThat(node.core.lastIndex()).isEqualTo(3);
    assertThat(node.core.commitIndex()).isEqualTo(2);
    while (node.write()) {}
    assertThat(node.core.appliedIndex()).isEqualTo(2);
    assertThat(group.take(RaftMessage.AppendAck.class, 1))
        .extracting(RaftMessage.AppendAck::matchIndex)
        .contains(2L);
  }

  @Test
  void anAppendFromBeforeTheSnapshotIsNoHarm() {
    TestMember node = group.get(3);
    receive(node, chunk(snapshotAt(3, 2, "x"), 1, 2, 0, 1));
    Entry second = new Entry(2, 2, Entry.Kind.NOOP, Payload.EMPTY);
    Entry third = new Entry(3, 2, Entry.Kind.COMMAND, TestGroup.bytes("a"));
    Entry fourth = new Entry(4, 2, Entry.Kind.COMMAND, TestGroup.bytes("b"));
    receive(
        node,
        new RaftMessage.AppendEntries(
            group.header(1, 3, 2), 1, 1, 4, List.of(second, third, fourth)));
    while (node.write()) {}
    assertThat(node.core.lastIndex()).isEqualTo(4);
    assertThat(node.commands()).containsExactly("b");
    assertThat(node.disk.entries()).containsExactly(fourth);
  }

  @Test
  void entriesOfAnUncommittedPastGoWithTheSnapshotThatReplacesThem() {
    TestMember node = group.get(3);
    Entry second = new Entry(2, 2, Entry.Kind.NOOP, Payload.EMPTY);
    receive(node, new RaftMessage.AppendEntries(group.header(2, 3, 2), 1, 1, 0, List.of(second)));
    receive(node, chunk(snapshotAt(5, 3, "x"), 1, 3, 0, 1));
    while (node.write()) {}
    assertThat(node.core.lastIndex()).isEqualTo(5);
    assertThat(node.disk.entries()).isEmpty();
  }

  /// Prior art: a snapshot taken while entries arrive.
  @Test
  void aSnapshotTakenWhileEntriesArriveCoversExactlyWhatWasApplied() {
    TestMember leader = group.elect(1);
    commit(leader, 0, 5);
    long index = leader.core.appliedIndex();
    leader.isDiskSlow = true;
    leader.propose(1, "meanwhile");
    group.settle();
    leader.step(new RaftEvent.SnapshotTaken(index, TestGroup.bytes("s")));
    leader.propose(2, "and after");
    leader.isDiskSlow = false;
    group.settle();
    assertThat(leader.core.snapshot().lastIndex()).isEqualTo(index);
    assertThat(leader.disk.snapshot().lastIndex()).isEqualTo(index);
    leader.restart();
    group.ticks(60);
    assertThat(leader.commands()).containsExactly("meanwhile", "and after");
  }

  @Test
  void aSnapshotOfWhatWasNotAppliedIsABrokenInvariant() {
    TestMember leader = group.elect(1);
    assertThatThrownBy(
            () -> leader.step(new RaftEvent.SnapshotTaken(3, TestGroup.bytes("too far"))))
        .isInstanceOf(BrokenInvariant.class)
        .hasMessageContaining("R7");
  }

  @Test
  void anOlderOwnSnapshotIsIgnored() {
    TestMember leader = leaderWithALateFollower();
    leader.step(new RaftEvent.SnapshotTaken(20, TestGroup.bytes("slow")));
    assertThat(leader.core.snapshot().lastIndex()).isEqualTo(42);
  }

  /// Found by the simulator.
  @Test
  void aMemberWhoseSnapshotTheWindowLeftBehindIsSentTheNextOne() {
    TestMember leader = leaderWithALateFollower();
    TestMember late = group.get(3);
    late.isUp = true;
    late.isDiskSlow = true;
    group.ticks(15);
    assertThat(late.core.snapshot().lastIndex()).isEqualTo(42);
    commit(leader, 43, 100); // More than the window waits.
    leader.snapshot();
    group.settle();
    assertThat(leader.core.baseIndex()).isGreaterThan(42);
    late.isDiskSlow = false;
    group.ticks(60);
    assertThat(late.core.commitIndex()).isEqualTo(leader.core.commitIndex());
    assertThat(late.core.snapshot().lastIndex()).isEqualTo(145);
  }

  @Test
  void theWindowWaitsForASnapshotThatIsUnderWay() {
    TestMember leader = leaderWithALateFollower();
    TestMember late = group.get(3);
    late.isUp = true;
    group.isLost = message -> message instanceof RaftMessage.InstallSnapshot m && m.offset() > 0;
    group.ticks(5);
    commit(leader, 43, 20);
    leader.snapshot();
    group.settle();
    assertThat(leader.core.snapshot().lastIndex()).isEqualTo(65);
    assertThat(leader.core.baseIndex()).isEqualTo(42);
  }
}
