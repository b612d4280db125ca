package io.floe.consensus.metadata.core;

import static io.floe.consensus.metadata.core.MetadataFixture.node;
import static io.floe.consensus.metadata.core.MetadataFixture.topicId;

import io.floe.consensus.metadata.core.MetadataCommand.ConfigChange;
import io.floe.consensus.metadata.core.MetadataCommand.SealAndOpenItem;
import io.floe.model.NodeId;
import io.floe.model.PartitionId;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.TreeMap;

/// Draws commands that often, but not always, can be applied.
final class RandomMetadata {
  private final Random random;
  private int nextTopic = 1;

  RandomMetadata(long seed) {
    random = new Random(seed);
  }

  MetadataCommand next(MetadataState state) {
    List<TopicRecord> topics = List.copyOf(state.topics());
    TopicRecord topic = topics.isEmpty() ? null : topics.get(random.nextInt(topics.size()));
    int draw = topic == null ? random.nextInt(2) : random.nextInt(21);
    return switch (draw) {
      case 0, 1 -> createTopic();
      case 2 ->
          new MetadataCommand.RegisterNode(
              node(random.nextInt(5), 100 + random.nextInt(7), 1 + random.nextInt(40)));
      case 3 -> new MetadataCommand.DeleteTopic(random.nextInt(4) == 0 ? idOf(topic) : topicId(0));
      case 4 ->
          new MetadataCommand.CreatePartitions(
              idOf(topic), sizeOf(topic), sizeOf(topic) + random.nextInt(3));
      case 5 -> alter(topic);
      case 6 ->
          new MetadataCommand.AllocateProducerIds(
              new NodeId(random.nextInt(6)), random.nextInt(2_000));
      case 7, 8, 9 -> {
        PartitionId id = new PartitionId(idOf(topic), random.nextInt(sizeOf(topic)));
        PartitionRecord partition = state.partition(id);
        yield new MetadataCommand.BeginSeal(
            id,
            partition == null
                ? topics.getFirst().partitions().get(0).last().id()
                : partition.last().id(),
            new NodeId(random.nextInt(5)));
      }
      case 10 -> new MetadataCommand.UnregisterNode(new NodeId(random.nextInt(6)));
      default -> seal(state, topics);
    };
  }

  private static io.floe.model.TopicId idOf(@org.jspecify.annotations.Nullable TopicRecord topic) {
    return topic == null ? topicId(0) : topic.id();
  }

  private static int sizeOf(@org.jspecify.annotations.Nullable TopicRecord topic) {
    return topic == null ? 1 : topic.partitions().size();
  }

  private MetadataCommand createTopic() {
    TreeMap<String, String> configs = new TreeMap<>();
    if (random.nextBoolean()) {
      configs.put("segment.ms", Integer.toString(1_000 + random.nextInt(9_000)));
    }
    int number = nextTopic++;
    return new MetadataCommand.CreateTopic(
        topicId(number),
        "topic" + "._-".charAt(random.nextInt(3)) + random.nextInt(40),
        1 + random.nextInt(4),
        1 + random.nextInt(3),
        configs);
  }

  private MetadataCommand alter(@org.jspecify.annotations.Nullable TopicRecord topic) {
    String value = random.nextBoolean() ? null : Integer.toString(1_000 + random.nextInt(5));
    return new MetadataCommand.AlterTopicConfigs(
        idOf(topic), -1, List.of(new ConfigChange("segment.ms", value)));
  }

  private MetadataCommand seal(MetadataState state, List<TopicRecord> topics) {
    List<SealAndOpenItem> items = new ArrayList<>();
    int count = 1 + random.nextInt(3);
    for (int i = 0; i < count; i++) {
      TopicRecord topic = topics.get(random.nextInt(topics.size()));
      int index = random.nextInt(topic.partitions().size());
      SegmentRecord last = topic.partitions().get(index).last();
      long attempt = last.state() instanceof SegmentState.Sealing sealing ? sealing.attempt() : 0;
      boolean isRoll = attempt == 0 && random.nextInt(3) > 0;
      List<NodeRecord> nodes = List.copyOf(state.nodes());
      NodeRecord registered = state.node(last.writer().node());
      WriterId writer =
          isRoll || registered == null
              ? last.writer()
              : nodes.get(random.nextInt(nodes.size())).writer();
      List<ReplicaId> next = new ArrayList<>();
      NodeRecord writerNode = state.node(writer.node());
      next.add(writerNode == null ? last.replicas().getFirst() : writerNode.replica());
      for (NodeRecord other : nodes) {
        if (next.size() < last.replicas().size() && !next.contains(other.replica())) {
          next.add(other.replica());
        }
      }
      items.add(
          new SealAndOpenItem(
              new PartitionId(topic.id(), index),
              last.id(),
              attempt,
              last.baseOffset() + random.nextInt(3) * 10L,
              random.nextLong(),
              random.nextInt(10) == 0,
              last.replicas(),
              isRoll,
              writer,
              next,
              next.size() / 2 + 1));
    }
    return new MetadataCommand.SealAndOpen(items);
  }
}
