package io.floe.gateway;

import io.floe.actors.log.ClusterChange;
import io.floe.actors.log.ClusterReply;
import io.floe.actors.log.ClusterView;
import io.floe.actors.log.LogService;
import io.floe.actors.log.MetadataReply;
import io.floe.actors.log.PartitionLog;
import io.floe.consensus.metadata.core.Decision;
import io.floe.consensus.metadata.core.MetadataCommand;
import io.floe.consensus.metadata.core.MetadataEvent;
import io.floe.consensus.metadata.core.MetadataMachine;
import io.floe.consensus.metadata.core.MetadataState;
import io.floe.consensus.metadata.core.NodeRecord;
import io.floe.consensus.metadata.core.PartitionRecord;
import io.floe.consensus.metadata.core.SegmentRecord;
import io.floe.consensus.metadata.core.TopicRecord;
import io.floe.model.NodeId;
import io.floe.model.PartitionId;
import io.floe.model.ProcessIncarnation;
import io.floe.model.StoreIncarnation;
import io.floe.model.TopicId;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/// A node in memory: the real metadata state machine, and partitions that keep their batches on the
/// heap. Everything that a real node does on its own threads happens on one thread here.
public final class MemoryLog implements LogService, AutoCloseable {
  public static final NodeId NODE = new NodeId(7);

  private final ExecutorService thread =
      Executors.newSingleThreadExecutor(Thread.ofPlatform().daemon().name("memory-log").factory());
  private final Map<PartitionId, MemoryPartition> partitions = new ConcurrentHashMap<>();
  private final CopyOnWriteArrayList<Runnable> listeners = new CopyOnWriteArrayList<>();
  private final AtomicLong producerIds = new AtomicLong(1000);
  private volatile MetadataState state = MetadataState.EMPTY;
  private volatile boolean isServing = true;

  public MemoryLog() {
    apply(new MetadataCommand.FoundCluster("test-cluster"));
  }

  /// Registers this node with the address of its listener.
  public MemoryLog registered(String host, int port) {
    register(NODE, host, port);
    return this;
  }

  public void register(NodeId node, String host, int port) {
    apply(
        new MetadataCommand.RegisterNode(
            new NodeRecord(
                node,
                new StoreIncarnation(100 + node.value()),
                new ProcessIncarnation(1),
                host,
                port,
                null)));
  }

  public TopicRecord create(String name, int count, Map<String, String> configs) {
    MetadataReply reply =
        apply(
            new MetadataCommand.CreateTopic(
                new TopicId(UUID.randomUUID()), name, count, 1, new TreeMap<>(configs)));
    if (reply instanceof MetadataReply.Refused(var refusal)) {
      throw new IllegalArgumentException(refusal.message());
    }
    return topic(name);
  }

  /// Seals the open segment of a partition with damage in it, as a restart does that finds some.
  public void sealDamaged(String topic, int index, long endOffset) {
    TopicRecord record = topic(topic);
    SegmentRecord open = record.partitions().get(index).last();
    apply(
        new MetadataCommand.SealAndOpen(
            List.of(
                new MetadataCommand.SealAndOpenItem(
                    new PartitionId(record.id(), index),
                    open.id(),
                    0,
                    endOffset,
                    0,
                    true,
                    open.replicas(),
                    false,
                    open.writer(),
                    open.replicas(),
                    open.ackQuorum()))));
  }

  public TopicRecord topic(String name) {
    TopicRecord topic = state.topic(name);
    if (topic == null) {
      throw new IllegalArgumentException("no topic " + name);
    }
    return topic;
  }

  /// The partition, served or not.
  public MemoryPartition memory(String topic, int index) {
    MemoryPartition partition = partitions.get(new PartitionId(topic(topic).id(), index));
    if (partition == null) {
      throw new IllegalArgumentException("no partition " + topic + "-" + index);
    }
    return partition;
  }

  /// Whether [#partition] gives out partitions, or none: like a node that is starting.
  public void serve(boolean serving) {
    isServing = serving;
  }

  public int openSlices() {
    return partitions.values().stream().mapToInt(MemoryPartition::openSlices).sum();
  }

  public int openWaits() {
    return partitions.values().stream().mapToInt(MemoryPartition::openWaits).sum();
  }

  public synchronized MetadataReply apply(MetadataCommand command) {
    return switch (MetadataMachine.decide(state, command)) {
      case Decision.Refused refused -> new MetadataReply.Refused(refused.refusal());
      case Decision.Accepted accepted -> {
        MetadataState next = state;
        for (MetadataEvent event : accepted.events()) {
          next = MetadataMachine.apply(next, event);
        }
        open(next);
        state = next;
        listeners.forEach(Runnable::run);
        yield new MetadataReply.Applied(next.version());
      }
    };
  }

  private void open(MetadataState next) {
    for (TopicRecord topic : next.topics()) {
      for (PartitionRecord partition : topic.partitions()) {
        if (partition.last().writer().node().equals(NODE)) {
          partitions.computeIfAbsent(
              new PartitionId(topic.id(), partition.index()),
              id -> new MemoryPartition(id, partition.last().epoch(), thread));
        }
      }
    }
    partitions.keySet().removeIf(id -> next.topic(id.topic()) == null);
  }

  @Override
  public NodeId nodeId() {
    return NODE;
  }

  @Override
  public CompletionStage<ClusterView> cluster() {
    return CompletableFuture.completedStage(
        new ClusterView(
            nodeId(),
            3,
            17,
            List.of(
                new ClusterView.Member(nodeId(), new StoreIncarnation(1), true, 17, true),
                new ClusterView.Member(new NodeId(9), new StoreIncarnation(9), false, -1, false))));
  }

  /// Node 9 can be changed, others cannot.
  @Override
  public CompletionStage<ClusterReply> changeCluster(ClusterChange change, NodeId node) {
    return CompletableFuture.completedStage(
        new ClusterReply(node.value() == 9, change + " of node " + node));
  }

  @Override
  public MetadataState metadata() {
    return state;
  }

  @Override
  public void onMetadataChange(Runnable wake) {
    listeners.add(wake);
  }

  @Override
  public CompletionStage<MetadataReply> submit(MetadataCommand command) {
    return CompletableFuture.supplyAsync(() -> apply(command), thread);
  }

  @Override
  public CompletionStage<Long> nextProducerId() {
    return CompletableFuture.supplyAsync(producerIds::getAndIncrement, thread);
  }

  @Override
  public @Nullable PartitionLog partition(PartitionId id) {
    return isServing ? partitions.get(id) : null;
  }

  @Override
  public void close() {
    thread.shutdownNow();
  }
}
