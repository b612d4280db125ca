package io.floe.actors.node;

import static org.assertj.core.api.Assertions.assertThat;

import com.typesafe.config.ConfigFactory;
import io.floe.actors.log.AppendResult;
import io.floe.actors.log.LogRead;
import io.floe.actors.log.MetadataReply;
import io.floe.actors.log.PartitionLog;
import io.floe.consensus.metadata.core.MetadataCommand;
import io.floe.consensus.metadata.core.TopicRecord;
import io.floe.model.PartitionId;
import io.floe.model.TopicId;
import io.floe.model.batch.BatchInfo;
import io.floe.model.batch.BatchReader;
import io.floe.model.batch.RecordCursor;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;

/// What the tests of whole nodes do with them.
final class TestNode {
  private TestNode() {}

  static NodeSettings settings(Path dir, String config) {
    return new NodeSettings(
        dir,
        null,
        new HostPort("127.0.0.1", 0),
        List.of(),
        false,
        new HostPort("127.0.0.1", 9092),
        ConfigFactory.parseString(config));
  }

  static MetadataReply submit(FloeNode node, MetadataCommand command) throws Exception {
    return node.log().submit(command).toCompletableFuture().get(20, TimeUnit.SECONDS);
  }

  static TopicRecord createTopic(
      FloeNode node, String name, int partitions, Map<String, String> configs) throws Exception {
    assertThat(
            submit(
                node,
                new MetadataCommand.CreateTopic(
                    new TopicId(UUID.randomUUID()), name, partitions, 1, new TreeMap<>(configs))))
        .isInstanceOf(MetadataReply.Applied.class);
    return topic(node, name);
  }

  static TopicRecord topic(FloeNode node, String name) {
    return Objects.requireNonNull(node.log().metadata().topic(name));
  }

  static PartitionLog partition(FloeNode node, String topic, int index) {
    return Objects.requireNonNull(
        node.log().partition(new PartitionId(topic(node, topic).id(), index)));
  }

  static CompletableFuture<AppendResult> append(PartitionLog partition, ByteBuffer batch) {
    CompletableFuture<AppendResult> result = new CompletableFuture<>();
    partition.append(batch, BatchInfo.of(batch, 0), result::complete);
    return result;
  }

  static CompletableFuture<AppendResult> append(PartitionLog partition, String text) {
    return append(partition, TestBatches.of(text));
  }

  static long acked(CompletableFuture<AppendResult> result) throws Exception {
    AppendResult end = result.get(20, TimeUnit.SECONDS);
    assertThat(end).isInstanceOf(AppendResult.Acked.class);
    return ((AppendResult.Acked) end).baseOffset();
  }

  /// The values of the committed records by offset, from `from` up to where a read finds no batch.
  static SortedMap<Long, String> recordsOf(PartitionLog partition, long from) throws Exception {
    TreeMap<Long, String> values = new TreeMap<>();
    long offset = from;
    while (partition.read(offset, 1 << 20) instanceof LogRead.Batches batches) {
      try (var slice = batches.slice()) {
        ByteBuffer bytes = slice.asBuffer();
        int position = bytes.position();
        while (position < bytes.limit()) {
          RecordCursor cursor = new BatchReader(1 << 20).open(bytes, position);
          while (cursor.next()) {
            values.put(cursor.offset(), text(Objects.requireNonNull(cursor.value())));
          }
          position += BatchInfo.of(bytes, position).sizeBytes();
        }
      }
      offset = batches.nextOffset();
    }
    return values;
  }

  private static String text(ByteBuffer value) {
    return StandardCharsets.UTF_8.decode(value.duplicate()).toString();
  }
}
