package io.floe.actors.node;

import io.floe.actors.log.ClusterChange;
import io.floe.actors.log.ClusterReply;
import io.floe.actors.log.ClusterView;
import io.floe.actors.log.LogService;
import io.floe.actors.log.MetadataReply;
import io.floe.actors.log.PartitionLog;
import io.floe.actors.metadata.MetadataProtocol;
import io.floe.actors.partition.PartitionDirectory;
import io.floe.consensus.metadata.core.MetadataCommand;
import io.floe.consensus.metadata.core.MetadataState;
import io.floe.consensus.metadata.core.NodeRecord;
import io.floe.consensus.raft.core.MemberId;
import io.floe.model.NodeId;
import io.floe.model.PartitionId;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.CopyOnWriteArrayList;
import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.actor.typed.Scheduler;
import org.apache.pekko.actor.typed.javadsl.AskPattern;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// The node's log for the edges in its process. The guardian publishes, everybody reads.
final class NodeLog implements LogService {
  private static final Logger LOG = LoggerFactory.getLogger(NodeLog.class);

  /// A command whose answer takes longer has an unknown outcome.
  private static final Duration SUBMIT_TIMEOUT = Duration.ofSeconds(30);

  private static final int COPIES_MAX = 1;
  private static final Duration CHANGE_TIMEOUT = Duration.ofSeconds(12);

  private final NodeId nodeId;
  private final PartitionDirectory partitions;
  private final List<Runnable> metadataWakes = new CopyOnWriteArrayList<>();
  private final ActorRef<MetadataProtocol> metadataLog;
  private final Scheduler scheduler;
  private final ProducerIds producerIds;

  private volatile MetadataState metadata;
  private volatile Set<NodeId> live = Set.of();

  NodeLog(
      NodeId nodeId,
      MetadataState metadata,
      PartitionDirectory partitions,
      ActorRef<MetadataProtocol> metadataLog,
      Scheduler scheduler) {
    this.nodeId = nodeId;
    this.metadata = metadata;
    this.partitions = partitions;
    this.metadataLog = metadataLog;
    this.scheduler = scheduler;
    this.producerIds = new ProducerIds(nodeId, this::propose);
  }

  void publish(MetadataState applied) {
    metadata = applied;
    for (Runnable wake : metadataWakes) {
      try {
        wake.run();
      } catch (RuntimeException e) {
        // A mistake of an edge must not end the node.
        LOG.atError().setCause(e).log("a callback of an edge failed");
      }
    }
  }

  void live(Set<NodeId> nodes) {
    live = Set.copyOf(nodes);
  }

  @Override
  public boolean isLive(NodeId node) {
    return node.equals(nodeId) || live.contains(node);
  }

  @Override
  public NodeId nodeId() {
    return nodeId;
  }

  @Override
  public MetadataState metadata() {
    return metadata;
  }

  @Override
  public void onMetadataChange(Runnable wake) {
    metadataWakes.add(wake);
  }

  @Override
  public CompletionStage<MetadataReply> submit(MetadataCommand command) {
    CompletionStage<MetadataReply> reply =
        propose(withinLimits(command)).thenApply(MetadataProtocol.Outcome::reply);
    return isSeenByClients(command) ? reply.thenCompose(this::everywhere) : reply;
  }

  /// Data is not replicated between nodes yet: with several of them a topic gets one copy, and
  /// shows it. On a single node the wish is kept for later.
  private MetadataCommand withinLimits(MetadataCommand command) {
    if (command instanceof MetadataCommand.CreateTopic create
        && create.replicationFactor() > COPIES_MAX
        && metadata.nodes().size() > 1) {
      return new MetadataCommand.CreateTopic(
          create.id(), create.name(), create.partitions(), COPIES_MAX, create.configs());
    }
    return command;
  }

  private static boolean isSeenByClients(MetadataCommand command) {
    return command instanceof MetadataCommand.CreateTopic
        || command instanceof MetadataCommand.DeleteTopic
        || command instanceof MetadataCommand.CreatePartitions;
  }

  /// A client may ask another node next.
  private CompletionStage<MetadataReply> everywhere(MetadataReply reply) {
    if (!(reply instanceof MetadataReply.Applied applied)) {
      return CompletableFuture.completedStage(reply);
    }
    return AskPattern.<MetadataProtocol, Boolean>ask(
            metadataLog,
            replyTo ->
                new MetadataProtocol.AwaitEverywhere(
                    applied.version(), registeredAndLive(), replyTo),
            SUBMIT_TIMEOUT,
            scheduler)
        .handle((isEverywhere, failure) -> reply);
  }

  private Set<NodeId> registeredAndLive() {
    Set<NodeId> nodes = new HashSet<>();
    for (NodeRecord node : metadata.nodes()) {
      if (isLive(node.id())) {
        nodes.add(node.id());
      }
    }
    return nodes;
  }

  private CompletionStage<MetadataProtocol.Outcome> propose(MetadataCommand command) {
    return AskPattern.ask(
        metadataLog,
        replyTo -> new MetadataProtocol.Submit(command, replyTo),
        SUBMIT_TIMEOUT,
        scheduler);
  }

  @Override
  public CompletionStage<ClusterView> cluster() {
    return AskPattern.<MetadataProtocol, MetadataProtocol.GroupStatus>ask(
            metadataLog, MetadataProtocol.GetStatus::new, SUBMIT_TIMEOUT, scheduler)
        .thenApply(this::view);
  }

  private ClusterView view(MetadataProtocol.GroupStatus status) {
    List<ClusterView.Member> members = new ArrayList<>();
    for (MemberId member : status.membership().members()) {
      members.add(
          new ClusterView.Member(
              member.node(),
              member.incarnation(),
              status.membership().isVoter(member),
              status.lastIndexes().getOrDefault(member.node(), -1L),
              isLive(member.node())));
    }
    return new ClusterView(status.leader(), status.term(), status.commitIndex(), members);
  }

  @Override
  public CompletionStage<ClusterReply> changeCluster(ClusterChange change, NodeId node) {
    return AskPattern.<MetadataProtocol, MetadataProtocol.MembershipReply>ask(
            metadataLog,
            replyTo -> new MetadataProtocol.ChangeMembership(change, node, replyTo),
            CHANGE_TIMEOUT,
            scheduler)
        .thenApply(reply -> new ClusterReply(reply.reason() == null, reply.message()));
  }

  @Override
  public CompletionStage<Long> nextProducerId() {
    return producerIds.next();
  }

  @Override
  public @Nullable PartitionLog partition(PartitionId id) {
    return partitions.get(id);
  }
}
