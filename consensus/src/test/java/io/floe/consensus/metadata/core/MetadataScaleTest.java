package io.floe.consensus.metadata.core;

import static io.floe.consensus.metadata.core.MetadataFixture.topicId;
import static org.assertj.core.api.Assertions.assertThat;

import io.floe.consensus.metadata.core.MetadataCommand.SealAndOpenItem;
import io.floe.model.PartitionId;
import java.util.List;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

class MetadataScaleTest {
  private static final int TOPICS = 10_000;
  private static final int SEALS = 90_000;

  @Test
  void tenThousandTopicsAndAHundredThousandSegmentsAreQuick() {
    MetadataState state = MetadataFixture.ofNodes(3).state;
    long heapBefore = usedHeapBytes();
    long start = System.nanoTime();
    for (int i = 0; i < TOPICS; i++) {
      state =
          run(
              state,
              new MetadataCommand.CreateTopic(topicId(i), "topic-" + i, 1, 3, new TreeMap<>()));
    }
    long created = System.nanoTime();
    for (int i = 0; i < SEALS; i++) {
      PartitionId id = new PartitionId(topicId(i % TOPICS), 0);
      PartitionRecord partition = state.partition(id);
      if (partition == null) {
        throw new AssertionError(id);
      }
      SegmentRecord last = partition.last();
      state =
          run(
              state,
              new MetadataCommand.SealAndOpen(
                  List.of(
                      new SealAndOpenItem(
                          id,
                          last.id(),
                          0,
                          last.baseOffset() + 100,
                          i,
                          false,
                          last.replicas(),
                          true,
                          last.writer(),
                          last.replicas(),
                          2))));
    }
    long sealed = System.nanoTime();
    long heapBytes = usedHeapBytes() - heapBefore;
    assertThat(state.segmentCount()).isEqualTo(TOPICS + SEALS);
    System.out.printf(
        "metadata: %,d creates/s, %,d seals/s, %,d segments in %,d KiB%n",
        TOPICS * 1_000_000_000L / (created - start),
        SEALS * 1_000_000_000L / (sealed - created),
        state.segmentCount(),
        heapBytes >> 10);
    MetadataInvariants.checkState(state);
    // Generous: a slow machine must pass, a quadratic update must not.
    assertThat((sealed - start) / 1_000_000_000.0).isLessThan(60.0);
    assertThat(heapBytes).isLessThan(200L << 20);
  }

  private static MetadataState run(MetadataState state, MetadataCommand command) {
    if (MetadataMachine.decide(state, command) instanceof Decision.Accepted accepted) {
      MetadataState next = state;
      for (MetadataEvent event : accepted.events()) {
        next = MetadataMachine.apply(next, event);
      }
      return next;
    }
    throw new AssertionError("refused: " + command);
  }

  private static long usedHeapBytes() {
    System.gc();
    Runtime runtime = Runtime.getRuntime();
    return runtime.totalMemory() - runtime.freeMemory();
  }
}
