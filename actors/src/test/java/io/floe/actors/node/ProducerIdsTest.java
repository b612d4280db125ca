package io.floe.actors.node;

import static org.assertj.core.api.Assertions.assertThat;

import io.floe.actors.log.MetadataReply;
import io.floe.actors.metadata.MetadataProtocol.Outcome;
import io.floe.consensus.metadata.core.MetadataCommand;
import io.floe.consensus.metadata.core.MetadataEvent;
import io.floe.consensus.metadata.core.Refusal;
import io.floe.model.NodeId;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import org.junit.jupiter.api.Test;

class ProducerIdsTest {
  private final Deque<CompletableFuture<Outcome>> asked = new ArrayDeque<>();
  private final ProducerIds ids =
      new ProducerIds(
          new NodeId(1),
          command -> {
            assertThat(command).isInstanceOf(MetadataCommand.AllocateProducerIds.class);
            CompletableFuture<Outcome> answer = new CompletableFuture<>();
            asked.add(answer);
            return answer;
          });

  private CompletableFuture<Long> next() {
    return ids.next().toCompletableFuture();
  }

  private void allocated(long first, int count) {
    asked
        .remove()
        .complete(
            new Outcome(
                new MetadataReply.Applied(1),
                List.of(new MetadataEvent.ProducerIdsAllocated(new NodeId(1), first, count))));
  }

  @Test
  void asksOnceForManyAndServesInOrder() {
    List<CompletableFuture<Long>> wanted = List.of(next(), next(), next());
    assertThat(asked).hasSize(1);
    allocated(100, 2);
    assertThat(wanted.get(0)).isCompletedWithValue(100L);
    assertThat(wanted.get(1)).isCompletedWithValue(101L);
    assertThat(wanted.get(2)).isNotDone();
    assertThat(asked).as("the block was too small").hasSize(1);
    allocated(500, 2);
    assertThat(wanted.get(2)).isCompletedWithValue(500L);
    assertThat(next()).isCompletedWithValue(501L);
    assertThat(asked).isEmpty();
  }

  @Test
  void failsThoseWhoWaitAndAsksAgainForTheNext() {
    CompletableFuture<Long> refused = next();
    asked
        .remove()
        .complete(
            new Outcome(
                new MetadataReply.Refused(new Refusal(Refusal.Reason.LIMIT_REACHED, "no more")),
                List.of()));
    assertThat(refused).isCompletedExceptionally();
    CompletableFuture<Long> lost = next();
    asked.remove().completeExceptionally(new IllegalStateException("timed out"));
    assertThat(lost).isCompletedExceptionally();
    CompletableFuture<Long> served = next();
    allocated(7, 1);
    assertThat(served).isCompletedWithValue(7L);
  }

  @Test
  void givesNoIdTwiceToThreads() throws Exception {
    long[] block = {0};
    ProducerIds shared =
        new ProducerIds(
            new NodeId(1),
            command -> {
              long first = block[0];
              block[0] += 10;
              return CompletableFuture.completedFuture(
                  new Outcome(
                      new MetadataReply.Applied(1),
                      List.of(new MetadataEvent.ProducerIdsAllocated(new NodeId(1), first, 10))));
            });
    Set<Long> seen = ConcurrentHashMap.newKeySet();
    List<Thread> threads = new ArrayList<>();
    for (int t = 0; t < 4; t++) {
      threads.add(
          Thread.ofPlatform()
              .start(
                  () -> {
                    for (int i = 0; i < 5_000; i++) {
                      seen.add(shared.next().toCompletableFuture().join());
                    }
                  }));
    }
    for (Thread thread : threads) {
      thread.join();
    }
    assertThat(seen).hasSize(20_000);
  }
}
