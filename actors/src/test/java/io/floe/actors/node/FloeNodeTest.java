package io.floe.actors.node;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.typesafe.config.ConfigFactory;
import io.floe.actors.log.AppendResult;
import io.floe.actors.log.LogRead;
import io.floe.actors.log.MetadataReply;
import io.floe.actors.log.PartitionLog;
import io.floe.consensus.metadata.core.MetadataCommand;
import io.floe.consensus.metadata.core.TopicRecord;
import io.floe.model.PartitionId;
import io.floe.model.TopicId;
import io.floe.model.batch.BatchHeader;
import io.floe.model.batch.BatchInfo;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class FloeNodeTest {
  @TempDir Path dir;

  private FloeNode start() throws NodeStartException {
    return FloeNode.start(
        new NodeSettings(
            dir,
            null,
            new HostPort("127.0.0.1", 0),
            List.of(),
            new HostPort("127.0.0.1", 9092),
            ConfigFactory.empty()));
  }

  private static TopicRecord createTopic(FloeNode node, String name, Map<String, String> configs)
      throws Exception {
    MetadataReply reply =
        node.log()
            .submit(
                new MetadataCommand.CreateTopic(
                    new TopicId(UUID.randomUUID()), name, 1, 1, new TreeMap<>(configs)))
            .toCompletableFuture()
            .get(10, TimeUnit.SECONDS);
    assertThat(reply).isInstanceOf(MetadataReply.Applied.class);
    return Objects.requireNonNull(node.log().metadata().topic(name));
  }

  private static PartitionLog partition(FloeNode node, TopicRecord topic) {
    return Objects.requireNonNull(node.log().partition(new PartitionId(topic.id(), 0)));
  }

  private static CompletableFuture<AppendResult> append(PartitionLog partition, String text) {
    ByteBuffer batch = TestBatches.of(text);
    CompletableFuture<AppendResult> result = new CompletableFuture<>();
    partition.append(batch, BatchInfo.of(batch, 0), result::complete);
    return result;
  }

  private static List<Long> offsets(PartitionLog partition, long from) throws Exception {
    List<Long> offsets = new ArrayList<>();
    long offset = from;
    while (partition.read(offset, 1 << 20) instanceof LogRead.Batches batches) {
      try (var slice = batches.slice()) {
        ByteBuffer bytes = slice.asBuffer();
        int position = bytes.position();
        while (position < bytes.limit()) {
          offsets.add(BatchHeader.baseOffset(bytes, position));
          position += BatchHeader.sizeBytes(bytes, position);
        }
      }
      offset = batches.nextOffset();
    }
    return offsets;
  }

  @Test
  void keepsAcknowledgedRecordsOverRestarts() throws Exception {
    List<Long> expected = new ArrayList<>();
    int epochBefore = -1;
    for (int life = 0; life < 4; life++) {
      try (FloeNode node = start()) {
        TopicRecord topic = node.log().metadata().topic("t");
        if (topic == null) {
          topic = createTopic(node, "t", Map.of());
        }
        PartitionLog partition = partition(node, topic);
        assertThat(partition.epoch()).isGreaterThan(epochBefore);
        epochBefore = partition.epoch();
        for (int i = 0; i < 10; i++) {
          AppendResult result =
              append(partition, "life " + life + " record " + i).get(10, TimeUnit.SECONDS);
          assertThat(result).isInstanceOf(AppendResult.Acked.class);
          expected.add(((AppendResult.Acked) result).baseOffset());
        }
        assertThat(offsets(partition, 0)).isEqualTo(expected);
      }
    }
    assertThat(expected).hasSize(40).isSorted().doesNotHaveDuplicates();
  }

  @Test
  void keepsOrderOverRolls() throws Exception {
    try (FloeNode node = start()) {
      TopicRecord topic = createTopic(node, "rolling", Map.of("segment.bytes", "65536"));
      PartitionLog partition = partition(node, topic);
      List<CompletableFuture<AppendResult>> results = new ArrayList<>();
      for (int i = 0; i < 2_000; i++) {
        results.add(append(partition, "x".repeat(500) + i));
      }
      long expected = 0;
      for (CompletableFuture<AppendResult> result : results) {
        assertThat(result.get(20, TimeUnit.SECONDS))
            .isEqualTo(new AppendResult.Acked(expected++, 0, false));
      }
      assertThat(offsets(partition, 0)).hasSize(2_000).isSorted();
      assertThat(
              Objects.requireNonNull(node.log().metadata().topic("rolling"))
                  .partitions()
                  .get(0)
                  .chain()
                  .size())
          .isGreaterThan(5);
    }
  }

  @Test
  void refusesAnotherNodesDirectory() throws Exception {
    start().close();
    assertThatThrownBy(
            () ->
                FloeNode.start(
                    new NodeSettings(
                        dir,
                        7,
                        new HostPort("127.0.0.1", 0),
                        List.of(),
                        new HostPort("127.0.0.1", 9092),
                        ConfigFactory.empty())))
        .isInstanceOf(NodeStartException.class)
        .hasMessageContaining("belongs to node 1");
  }
}
