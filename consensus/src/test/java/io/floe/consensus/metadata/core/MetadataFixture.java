package io.floe.consensus.metadata.core;

import static org.assertj.core.api.Assertions.assertThat;

import io.floe.consensus.metadata.core.MetadataCommand.SealAndOpenItem;
import io.floe.model.NodeId;
import io.floe.model.PartitionId;
import io.floe.model.ProcessIncarnation;
import io.floe.model.StoreIncarnation;
import io.floe.model.TopicId;
import java.util.ArrayList;
import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.UUID;

/// A metadata log in a test: commands in, every step checked.
final class MetadataFixture {
  MetadataState state = MetadataState.EMPTY;
  final List<MetadataEvent> events = new ArrayList<>();

  /// A founded cluster of nodes 0 to `nodes - 1`.
  static MetadataFixture ofNodes(int nodes) {
    MetadataFixture fixture = new MetadataFixture();
    fixture.accept(new MetadataCommand.FoundCluster("test-cluster"));
    for (int id = 0; id < nodes; id++) {
      fixture.accept(new MetadataCommand.RegisterNode(node(id, 100 + id, 1)));
    }
    return fixture;
  }

  static NodeRecord node(int id, long store, long process) {
    return new NodeRecord(
        new NodeId(id),
        new StoreIncarnation(store),
        new ProcessIncarnation(process),
        "host-" + id,
        9092 + id,
        null);
  }

  static TopicId topicId(int number) {
    return new TopicId(new UUID(7, number));
  }

  List<MetadataEvent> accept(MetadataCommand command) {
    Decision decision = MetadataMachine.decide(state, command);
    assertThat(decision).isInstanceOf(Decision.Accepted.class);
    List<MetadataEvent> accepted = ((Decision.Accepted) decision).events();
    for (MetadataEvent event : accepted) {
      MetadataState before = state;
      state = MetadataMachine.apply(before, event);
      MetadataInvariants.checkState(state);
      MetadataInvariants.checkStep(before, state);
    }
    events.addAll(accepted);
    return accepted;
  }

  Refusal refuse(MetadataCommand command) {
    Decision decision = MetadataMachine.decide(state, command);
    assertThat(decision).isInstanceOf(Decision.Refused.class);
    return ((Decision.Refused) decision).refusal();
  }

  TopicRecord createTopic(int number, String name, int partitions, int replicationFactor) {
    return createTopic(number, name, partitions, replicationFactor, new TreeMap<>());
  }

  TopicRecord createTopic(
      int number,
      String name,
      int partitions,
      int replicationFactor,
      SortedMap<String, String> configs) {
    accept(
        new MetadataCommand.CreateTopic(
            topicId(number), name, partitions, replicationFactor, configs));
    return topic(name);
  }

  TopicRecord topic(String name) {
    TopicRecord topic = state.topic(name);
    if (topic == null) {
      throw new AssertionError("no topic " + name);
    }
    return topic;
  }

  PartitionRecord partition(PartitionId id) {
    PartitionRecord partition = state.partition(id);
    if (partition == null) {
      throw new AssertionError("no partition " + id);
    }
    return partition;
  }

  /// A planned roll of the last segment by its own writer.
  SealAndOpenItem roll(PartitionId id, long endOffset) {
    SegmentRecord last = partition(id).last();
    return new SealAndOpenItem(
        id,
        last.id(),
        0,
        endOffset,
        99,
        false,
        last.replicas(),
        true,
        last.writer(),
        last.replicas(),
        last.ackQuorum());
  }

  MetadataCommand.SealAndOpen seal(SealAndOpenItem... items) {
    return new MetadataCommand.SealAndOpen(List.of(items));
  }
}
