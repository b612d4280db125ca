package io.floe.actors.partition;

import io.floe.consensus.metadata.core.MetadataEvent;
import io.floe.consensus.metadata.core.MetadataState;
import io.floe.consensus.metadata.core.PartitionRecord;
import io.floe.consensus.metadata.core.TopicRecord;
import io.floe.model.PartitionId;
import io.floe.model.TopicId;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.atomic.AtomicInteger;
import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.actor.typed.Behavior;
import org.jspecify.annotations.Nullable;

/// Starts, changes and stops the partitions of this node as the metadata log says.
///
/// Thread-safety: belongs to the node's guardian.
public final class Partitions {

  /// How an actor is made a child of the guardian, which watches it.
  @FunctionalInterface
  public interface Spawner {
    <T> ActorRef<T> spawn(Behavior<T> behavior, String name);
  }

  private final PartitionShared shared;
  private final PartitionDirectory directory;
  private final Spawner spawner;
  private final Map<PartitionId, ActorRef<PartitionCommand>> routers = new TreeMap<>();
  private MetadataState metadata;

  public Partitions(
      PartitionShared shared,
      PartitionDirectory directory,
      Spawner spawner,
      MetadataState metadata) {
    this.shared = shared;
    this.directory = directory;
    this.spawner = spawner;
    this.metadata = metadata;
    metadata.topics().forEach(topic -> start(topic, 0));
  }

  public int count() {
    return routers.size();
  }

  /// Follows entries of the metadata log that were just applied.
  ///
  /// @param applied the state after them
  public void applied(MetadataState applied, List<MetadataEvent> events) {
    MetadataState before = metadata;
    metadata = applied;
    for (MetadataEvent event : events) {
      switch (event) {
        case MetadataEvent.TopicCreated created -> start(topic(created.id()), 0);
        case MetadataEvent.PartitionsCreated created ->
            start(topic(created.id()), created.firstPartition());
        case MetadataEvent.TopicDeleted deleted -> delete(before.topic(deleted.id()));
        case MetadataEvent.TopicConfigsAltered altered -> settingsChanged(topic(altered.id()));
        case MetadataEvent.SegmentsSealedAndOpened sealed ->
            sealed.applied().forEach(item -> chainChanged(item.partition()));
        case MetadataEvent.SegmentSealingBegun begun -> chainChanged(begun.partition());
        case MetadataEvent.ClusterFounded founded -> {}
        case MetadataEvent.NodeRegistered registered -> {}
        case MetadataEvent.NodeUnregistered unregistered -> {}
        case MetadataEvent.ProducerIdsAllocated allocated -> {}
      }
    }
  }

  /// Stops taking appends and calls back when nothing is in flight any more.
  public void drain(Runnable onDrained) {
    AtomicInteger left = new AtomicInteger(routers.size());
    if (routers.isEmpty()) {
      onDrained.run();
      return;
    }
    PartitionCommand.Drain drain =
        new PartitionCommand.Drain(
            () -> {
              if (left.decrementAndGet() == 0) {
                onDrained.run();
              }
            });
    new ArrayList<>(routers.values()).forEach(router -> router.tell(drain));
  }

  private void start(@Nullable TopicRecord topic, int firstPartition) {
    if (topic == null) {
      return; // deleted by a later event of the same entry
    }
    for (int index = firstPartition; index < topic.partitions().size(); index++) {
      PartitionId id = new PartitionId(topic.id(), index);
      PartitionRecord record = topic.partitions().get(index);
      if (!record.last().replicas().contains(shared.replica())) {
        continue; // Another store's.
      }
      ServedPartition served =
          new ServedPartition(id, record, shared.store().reads(), shared.pendingBytesMax());
      ActorRef<PartitionCommand> router =
          spawner.spawn(
              PartitionRouter.create(shared, served, PartitionSettings.of(topic)),
              "partition-" + id);
      served.routeTo(router);
      routers.put(id, router);
      directory.put(served);
    }
  }

  private void delete(@Nullable TopicRecord topic) {
    if (topic == null) {
      return;
    }
    for (PartitionRecord partition : topic.partitions()) {
      PartitionId id = new PartitionId(topic.id(), partition.index());
      ServedPartition served = directory.remove(id);
      ActorRef<PartitionCommand> router = routers.remove(id);
      if (served != null) {
        served.gone();
      }
      if (router != null) {
        router.tell(PartitionCommand.Delete.DELETE);
      }
    }
  }

  private void settingsChanged(@Nullable TopicRecord topic) {
    if (topic == null) {
      return;
    }
    PartitionSettings settings = PartitionSettings.of(topic);
    for (PartitionRecord partition : topic.partitions()) {
      tell(
          new PartitionId(topic.id(), partition.index()),
          new PartitionCommand.SettingsChanged(settings));
    }
  }

  private void chainChanged(PartitionId id) {
    PartitionRecord record = metadata.partition(id);
    if (record != null) {
      tell(id, new PartitionCommand.ChainChanged(record));
    }
  }

  private void tell(PartitionId id, PartitionCommand command) {
    ActorRef<PartitionCommand> router = routers.get(id);
    if (router != null) {
      router.tell(command);
    }
  }

  private @Nullable TopicRecord topic(TopicId id) {
    return metadata.topic(id);
  }
}
