package io.floe.client;

import io.floe.actors.log.LogService;
import io.floe.actors.log.MetadataReply;
import io.floe.actors.log.PartitionLog;
import io.floe.consensus.metadata.core.Decision;
import io.floe.consensus.metadata.core.MetadataCommand;
import io.floe.consensus.metadata.core.MetadataEvent;
import io.floe.consensus.metadata.core.MetadataMachine;
import io.floe.consensus.metadata.core.MetadataState;
import io.floe.consensus.metadata.core.NodeRecord;
import io.floe.consensus.metadata.core.TopicRecord;
import io.floe.model.NodeId;
import io.floe.model.PartitionId;
import io.floe.model.ProcessIncarnation;
import io.floe.model.StoreIncarnation;
import io.floe.model.TopicId;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/// A node's log in memory that keeps the contracts of [LogService] and [PartitionLog], counts what
/// it has given out, and can be told to misbehave within them. Its metadata is the real state
/// machine.
final class InMemoryLog implements LogService, AutoCloseable {
  private static final NodeId NODE = new NodeId(1);

  final AtomicInteger openSlices = new AtomicInteger();
  final AtomicInteger slicesClosedTwice = new AtomicInteger();
  final AtomicInteger openWaits = new AtomicInteger();
  final AtomicInteger producerIdsGiven = new AtomicInteger();
  final ExecutorService thread =
      Executors.newSingleThreadExecutor(
          runnable -> {
            Thread logThread = new Thread(runnable, "in-memory-log");
            logThread.setDaemon(true);
            return logThread;
          });

  private final AtomicLong nextProducerId = new AtomicLong(1000);
  private final Map<PartitionId, InMemoryPartition> partitions = new ConcurrentHashMap<>();
  private volatile MetadataState metadata = MetadataState.EMPTY;
  volatile boolean hasProducerIds = true;

  InMemoryLog() {
    apply(new MetadataCommand.FoundCluster("test"));
    apply(
        new MetadataCommand.RegisterNode(
            new NodeRecord(
                NODE,
                new StoreIncarnation(7),
                new ProcessIncarnation(1),
                "127.0.0.1",
                9092,
                null)));
  }

  synchronized void apply(MetadataCommand command) {
    switch (MetadataMachine.decide(metadata, command)) {
      case Decision.Refused refused -> throw new IllegalStateException(refused.toString());
      case Decision.Accepted accepted -> {
        MetadataState next = metadata;
        for (MetadataEvent event : accepted.events()) {
          next = MetadataMachine.apply(next, event);
        }
        metadata = next;
      }
    }
  }

  TopicId createTopic(String name, int count) {
    TopicId id = new TopicId(UUID.randomUUID());
    apply(new MetadataCommand.CreateTopic(id, name, count, 1, new TreeMap<>()));
    serve(id, count);
    return id;
  }

  void addPartitions(String name, int count) {
    TopicRecord topic = topic(name);
    apply(new MetadataCommand.CreatePartitions(topic.id(), topic.partitions().size(), count));
    serve(topic.id(), count);
  }

  private void serve(TopicId topic, int count) {
    for (int i = 0; i < count; i++) {
      partitions.computeIfAbsent(new PartitionId(topic, i), id -> new InMemoryPartition(this, id));
    }
  }

  void deleteTopic(String name) {
    TopicId id = topic(name).id();
    apply(new MetadataCommand.DeleteTopic(id));
    partitions
        .keySet()
        .removeIf(
            partition -> {
              if (!partition.topic().equals(id)) {
                return false;
              }
              Objects.requireNonNull(partitions.get(partition)).wakeAll();
              return true;
            });
  }

  InMemoryPartition partition(String topic, int index) {
    return Objects.requireNonNull(partitions.get(new PartitionId(topic(topic).id(), index)));
  }

  /// Takes the partition away from this node, as a change of its writer would.
  InMemoryPartition unserve(String topic, int index) {
    InMemoryPartition gone = partition(topic, index);
    partitions.remove(gone.id());
    return gone;
  }

  void serveAgain(InMemoryPartition partition) {
    partitions.put(partition.id(), partition);
  }

  private TopicRecord topic(String name) {
    return Objects.requireNonNull(metadata.topic(name), name);
  }

  @Override
  public NodeId nodeId() {
    return NODE;
  }

  @Override
  public MetadataState metadata() {
    return metadata;
  }

  @Override
  public void onMetadataChange(Runnable wake) {
    throw new AssertionError("cannot be given back: the client must not use it");
  }

  @Override
  public CompletionStage<MetadataReply> submit(MetadataCommand command) {
    throw new AssertionError("the client changes no metadata");
  }

  @Override
  public CompletionStage<Long> nextProducerId() {
    producerIdsGiven.incrementAndGet();
    return hasProducerIds
        ? CompletableFuture.supplyAsync(nextProducerId::getAndIncrement, thread)
        : CompletableFuture.failedFuture(new IllegalStateException("metadata is away"));
  }

  @Override
  public @Nullable PartitionLog partition(PartitionId id) {
    return partitions.get(id);
  }

  @Override
  public void close() {
    thread.shutdownNow();
  }
}
