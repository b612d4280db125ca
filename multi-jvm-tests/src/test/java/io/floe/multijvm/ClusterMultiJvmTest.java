package io.floe.multijvm;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.locks.LockSupport;
import org.apache.kafka.clients.admin.QuorumInfo;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

/// Three real nodes keep their metadata together: whichever is killed or stopped, the others go on,
/// and nothing that was confirmed is missing anywhere afterwards.
final class ClusterMultiJvmTest {
  @RegisterExtension final Nodes nodes = new Nodes();
  @TempDir Path temporary;

  private final Set<String> confirmed = new TreeSet<>();
  private Cluster cluster = new Cluster(nodes, Path.of("."), 0);

  @BeforeEach
  void chooseAddresses() {
    cluster = new Cluster(nodes, temporary, 3);
  }

  @AfterEach
  void closeClients() {
    cluster.close();
  }

  private void form() throws InterruptedException {
    System.out.printf("RESULT three nodes formed a cluster in %d ms%n", cluster.form(3).toMillis());
  }

  private void create(int via, String topic) throws Exception {
    cluster.create(via, topic);
    confirmed.add(topic);
  }

  private int leader(int via) throws ExecutionException, InterruptedException, TimeoutException {
    return cluster.quorum(via).leaderId();
  }

  private void everyNodeShowsWhatWasConfirmed() throws Exception {
    for (int id : cluster.ids()) {
      assertThat(cluster.topics(id)).as("node " + id).containsAll(confirmed);
    }
  }

  @Test
  void goesOnWithoutAnyOneNodeAndTakesItBack() throws Exception {
    form();
    for (int id = 1; id <= 3; id++) {
      create(id, "via-" + id);
    }
    everyNodeShowsWhatWasConfirmed();
    QuorumInfo quorum = cluster.quorum(1);
    assertThat(quorum.voters())
        .extracting(QuorumInfo.ReplicaState::replicaId)
        .containsOnly(1, 2, 3);
    List<Long> gaps = new ArrayList<>();
    for (int round = 1; round <= 3; round++) {
      int killed = leader(round == 1 ? 1 : 2);
      cluster.kill(killed);
      int via = cluster.ids().iterator().next();
      long beganNanos = System.nanoTime();
      create(via, "without-leader-" + round);
      gaps.add(Duration.ofNanos(System.nanoTime() - beganNanos).toMillis());
      cluster.launch(killed).awaitReady(Nodes.READY_LIMIT);
      everyNodeShowsWhatWasConfirmed();
    }
    System.out.println("RESULT leader killed, next topic after ms: " + gaps);
    String status = Commands.floe("", "cluster", "status", "-b", cluster.bootstrap(1)).out();
    assertThat(status).contains("leader").contains("voter");
    assertThat(Arrays.stream(status.split("\n")).filter(line -> line.contains("127.0.0.1")))
        .hasSize(3);
  }

  @Test
  void aNodeThatWasStoppedForLongComesBackInTheSameProcess() throws Exception {
    form();
    create(1, "before");
    int leader = leader(1);
    cluster.pause(leader);
    long pid = cluster.node(leader).pid();
    int via = cluster.ids().stream().filter(id -> id != leader).findFirst().orElseThrow();
    create(via, "while-the-leader-sleeps");
    assertThat(leader(via)).as("the sleeper is not asked any more").isNotEqualTo(leader);
    // Longer than the failure detector and the split-brain resolver take together.
    LockSupport.parkNanos(Duration.ofSeconds(20).toNanos());
    cluster.resume(leader);
    long end = System.nanoTime() + Duration.ofSeconds(60).toNanos();
    while (!showsConfirmed(leader) && System.nanoTime() < end) {
      LockSupport.parkNanos(500_000_000);
    }
    everyNodeShowsWhatWasConfirmed();
    create(leader, "by-the-one-that-slept");
    everyNodeShowsWhatWasConfirmed();
    assertThat(cluster.node(leader).pid()).isEqualTo(pid);
    assertThat(cluster.node(leader).isAlive()).isTrue();
  }

  private boolean showsConfirmed(int id) throws InterruptedException {
    try {
      return cluster.topics(id).containsAll(confirmed);
    } catch (ExecutionException | TimeoutException notYet) {
      return false;
    }
  }

  @Test
  void restartsAsAWholeAgainAndAgain() throws Exception {
    form();
    for (int round = 1; round <= 3; round++) {
      create(1 + round % 3, "round-" + round);
      for (int id : cluster.ids()) {
        cluster.kill(id);
      }
      cluster.form(3);
      everyNodeShowsWhatWasConfirmed();
    }
  }

  @Test
  void aFourthNodeJoinsAndLeaves() throws Exception {
    form();
    create(1, "three");
    cluster.launch(4).awaitReady(Nodes.READY_LIMIT);
    everyNodeShowsWhatWasConfirmed();
    assertThat(cluster.quorum(4).observers())
        .extracting(QuorumInfo.ReplicaState::replicaId)
        .containsExactly(4);
    assertThat(Commands.floe("", "cluster", "remove-node", "1", "-b", cluster.bootstrap(2)))
        .satisfies(
            refused -> {
              // It may hold the topic's only copy; then it says so. Otherwise another one does.
              if (refused.exitCode() != 0) {
                assertThat(refused.err()).contains("holds segment");
              }
            });
    Commands.Result removed =
        Commands.floe("", "cluster", "remove-node", "4", "-b", cluster.bootstrap(2));
    assertThat(removed.exitCode()).as(removed.err()).isZero();
    cluster.kill(4);
    assertThat(cluster.quorum(2).observers()).isEmpty();
    everyNodeShowsWhatWasConfirmed();
  }
}
