package io.floe.actors.metadata;

import static org.assertj.core.api.Assertions.assertThat;

import io.floe.actors.log.ClusterChange;
import io.floe.actors.metadata.MetadataProtocol.MembershipReply;
import io.floe.actors.metadata.MetadataProtocol.Notice;
import io.floe.actors.node.HostPort;
import io.floe.consensus.metadata.core.MetadataCommand;
import io.floe.consensus.metadata.core.MetadataState;
import io.floe.consensus.raft.core.MemberId;
import io.floe.consensus.raft.core.RaftRole;
import io.floe.model.NodeId;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Predicate;
import java.util.function.Supplier;
import org.apache.pekko.actor.testkit.typed.javadsl.TestProbe;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/// Several metadata nodes in one process, each with its actor system, network and journal.
@Timeout(240)
class MetadataGroupTest {
  @TempDir Path dir;
  private final TreeMap<Integer, MetadataRig> running = new TreeMap<>();
  private final TreeMap<Integer, MetadataRig.Identity> identities = new TreeMap<>();
  private final List<HostPort> seeds = new ArrayList<>();

  @AfterEach
  void stop() {
    running.values().forEach(MetadataRig::close);
  }

  private void chooseSeeds(int count) throws IOException {
    List<ServerSocket> held = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress());
      held.add(socket);
      seeds.add(new HostPort("127.0.0.1", socket.getLocalPort()));
    }
    for (ServerSocket socket : held) {
      socket.close();
    }
  }

  private MetadataRig start(int id) {
    return start(id, id, "n" + id);
  }

  private MetadataRig start(int id, long store, String directory) {
    int port = id <= seeds.size() ? seeds.get(id - 1).port() : 0;
    MetadataRig rig =
        MetadataRig.among(
            dir.resolve(directory),
            identities.computeIfAbsent((int) store, any -> new MetadataRig.Identity()),
            id,
            store,
            port,
            own -> seeds,
            false);
    running.put(id, rig);
    return rig;
  }

  private MetadataRig rig(int id) {
    return Objects.requireNonNull(running.get(id));
  }

  private void kill(int id) {
    MetadataRig rig = running.remove(id);
    if (rig != null) {
      rig.close();
    }
  }

  private void formThree() throws IOException {
    chooseSeeds(3);
    for (int id = 1; id <= 3; id++) {
      start(id);
    }
    running.values().forEach(MetadataRig::recovered);
    MetadataRig first = running.firstEntry().getValue();
    first.applied(new MetadataCommand.FoundCluster("c"));
    for (int id = 1; id <= 3; id++) {
      rig(id).applied(MetadataRig.register(id, id));
    }
  }

  private static <T> T eventually(Supplier<T> value, Predicate<T> isReached) {
    long end = System.nanoTime() + MetadataRig.TIMEOUT.toNanos();
    while (true) {
      T now = value.get();
      if (isReached.test(now)) {
        return now;
      }
      if (System.nanoTime() > end) {
        throw new AssertionError("still " + now);
      }
      LockSupport.parkNanos(20_000_000);
    }
  }

  private int leader() {
    return eventually(
        () -> {
          for (Map.Entry<Integer, MetadataRig> entry : running.entrySet()) {
            if (entry.getValue().status().role() == RaftRole.LEADER) {
              return entry.getKey();
            }
          }
          return 0;
        },
        id -> id > 0);
  }

  private void awaitTopics(String... names) {
    for (MetadataRig rig : running.values()) {
      eventually(
          rig::newestState,
          state -> Arrays.stream(names).allMatch(name -> state.topic(name) != null));
    }
  }

  @Test
  void threeNodesAgreeAndGoOnWithoutTheirLeader() throws IOException {
    formThree();
    for (int id = 1; id <= 3; id++) {
      rig(id).submit(MetadataRig.createTopic("t" + id));
    }
    awaitTopics("t1", "t2", "t3");
    int leader = leader();
    kill(leader);
    MetadataRig survivor = running.firstEntry().getValue();
    survivor.submit(MetadataRig.createTopic("after"));
    awaitTopics("t1", "t2", "t3", "after");
    MetadataRig back = start(leader);
    MetadataState recovered = back.recovered();
    assertThat(recovered.topic("after")).isNotNull();
    assertThat(recovered.nodes()).hasSize(3);
  }

  @Test
  void aNodeThatComesBackEmptyCountsOnlyAfterTheOldOneWasRemoved() throws IOException {
    formThree();
    int leader = leader();
    int wiped = leader == 3 ? 2 : 3;
    kill(wiped);
    MetadataRig returned = start(wiped, 100 + wiped, "wiped");
    LockSupport.parkNanos(3_000_000_000L);
    assertThat(rig(leader).status().membership().members())
        .hasSize(3)
        .noneMatch(member -> member.incarnation().value() == 100 + wiped);
    MetadataRig asked = rig(leader);
    TestProbe<MembershipReply> operator = asked.kit.createTestProbe();
    asked.metadata.tell(
        new MetadataProtocol.ChangeMembership(
            ClusterChange.REMOVE_NODE, new NodeId(wiped), operator.getRef()));
    // As the node does: it acts on the entry first, then the proposer hears of it.
    Notice.Applied unregistered = asked.nextAnswered();
    Objects.requireNonNull(unregistered.replyTo()).tell(unregistered.outcome());
    MembershipReply removed = operator.receiveMessage(MetadataRig.TIMEOUT);
    assertThat(removed.reason()).as(removed.message()).isNull();
    eventually(
        () -> asked.status().membership().voters(),
        voters -> voters.stream().anyMatch(voter -> voter.incarnation().value() == 100 + wiped));
    assertThat(returned.recovered().isFounded()).isTrue();
  }

  @Test
  void aFirstSeedThatReachesNobodyFoundsNothing() throws IOException {
    chooseSeeds(3);
    MetadataRig first = start(1);
    first.node.expectNoMessage(Duration.ofSeconds(4));
    start(2);
    start(3);
    first.recovered();
  }

  @Test
  void aWipedFirstSeedFoundsNoSecondCluster() throws IOException {
    formThree();
    kill(1);
    MetadataRig back = start(1, 101, "again");
    MetadataRig.Identity wiped = Objects.requireNonNull(identities.get(101));
    eventually(wiped::isJoined, isJoined -> isJoined);
    assertThat(wiped.clusterId()).isEqualTo(Objects.requireNonNull(identities.get(2)).clusterId());
    back.node.expectNoMessage(Duration.ofSeconds(2));
  }

  @Test
  void aLiveIdIsNotGivenTwice() throws IOException {
    formThree();
    MetadataRig intruder =
        MetadataRig.among(
            dir.resolve("intruder"), new MetadataRig.Identity(), 2, 77, 0, own -> seeds, false);
    running.put(9, intruder);
    Notice.Failed refused =
        intruder.node.expectMessageClass(Notice.Failed.class, MetadataRig.TIMEOUT);
    assertThat(refused.message()).contains("node id 2").contains("--node-id");
  }

  @Test
  void aNodeOfAnotherClusterIsRefused() throws IOException {
    formThree();
    MetadataRig.Identity other = new MetadataRig.Identity();
    other.joining("AAAAAAAAAAAAAAAAAAAAAA");
    MetadataRig stranger =
        MetadataRig.among(dir.resolve("stranger"), other, 4, 78, 0, own -> seeds, false);
    running.put(9, stranger);
    Notice.Failed refused =
        stranger.node.expectMessageClass(Notice.Failed.class, MetadataRig.TIMEOUT);
    assertThat(refused.message()).contains("belongs to cluster");
  }

  @Test
  void aFourthNodeObserves() throws IOException {
    formThree();
    start(4).recovered();
    MetadataRig leader = rig(leader());
    assertThat(leader.status().membership().observers())
        .extracting(MemberId::node)
        .containsExactly(new NodeId(4));
  }
}
