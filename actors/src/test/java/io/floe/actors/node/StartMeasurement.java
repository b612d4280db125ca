package io.floe.actors.node;

import io.floe.actors.log.AppendResult;
import io.floe.consensus.metadata.core.MetadataCommand;
import io.floe.model.TopicId;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.TreeMap;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;

/// Measures how long a node with many topics takes to start, and what it costs in memory. Run it by
/// hand: `DIRECTORY TOPICS`.
final class StartMeasurement {
  private StartMeasurement() {}

  public static void main(String[] args) throws Exception {
    Path dir = Path.of(args[0]);
    int topics = Integer.parseInt(args[1]);
    for (int life = 0; life < 3; life++) {
      long begin = System.nanoTime();
      try (FloeNode node = FloeNode.start(TestNode.settings(dir, ""))) {
        System.out.printf(
            "life %d: start %d ms, heap %d MiB%n", life, millisSince(begin), heapMebibytes());
        begin = System.nanoTime();
        if (node.log().metadata().topicCount() == 0) {
          Deque<CompletionStage<?>> created = new ArrayDeque<>();
          for (int i = 0; i < topics; i++) {
            created.add(
                node.log()
                    .submit(
                        new MetadataCommand.CreateTopic(
                            new TopicId(UUID.randomUUID()), "t" + i, 1, 1, new TreeMap<>())));
            if (created.size() == 100) {
              created.remove().toCompletableFuture().join();
            }
          }
          for (CompletionStage<?> each : created) {
            each.toCompletableFuture().join();
          }
          System.out.printf(
              "life %d: topics created in %d ms, heap %d MiB%n",
              life, millisSince(begin), heapMebibytes());
        }
        begin = System.nanoTime();
        List<CompletableFuture<AppendResult>> results = new ArrayList<>();
        for (int i = 0; i < topics; i++) {
          results.add(TestNode.append(TestNode.partition(node, "t" + i, 0), "record " + life));
        }
        for (CompletableFuture<AppendResult> result : results) {
          if (!(result.join() instanceof AppendResult.Acked)) {
            throw new IllegalStateException(result.join().toString());
          }
        }
        System.out.printf(
            "life %d: one record each in %d ms, heap %d MiB%n",
            life, millisSince(begin), heapMebibytes());
      }
    }
  }

  private static long millisSince(long begin) {
    return (System.nanoTime() - begin) / 1_000_000;
  }

  private static long heapMebibytes() {
    System.gc();
    Runtime runtime = Runtime.getRuntime();
    return (runtime.totalMemory() - runtime.freeMemory()) >> 20;
  }
}
