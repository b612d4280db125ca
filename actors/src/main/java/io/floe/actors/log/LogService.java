package io.floe.actors.log;

import io.floe.consensus.metadata.core.MetadataCommand;
import io.floe.consensus.metadata.core.MetadataState;
import io.floe.model.NodeId;
import io.floe.model.PartitionId;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.jspecify.annotations.Nullable;

/// A node's log, as the edges in its own process see it: the Kafka gateway and the Pekko Streams
/// client stand on this and on nothing else of the node.
///
/// Thread-safety: every method may be called from any thread; none blocks.
public interface LogService {

  NodeId nodeId();

  /// Whether a node seems to be up and reachable from here: a hint for whom to send clients to,
  /// from Pekko's failure detector. It may be wrong either way for some seconds.
  default boolean isLive(NodeId node) {
    return true;
  }

  /// The group that keeps the metadata.
  default CompletionStage<ClusterView> cluster() {
    return CompletableFuture.failedStage(new UnsupportedOperationException("no cluster here"));
  }

  /// Changes that group; any node may be asked. The stage fails only when the outcome is unknown.
  default CompletionStage<ClusterReply> changeCluster(ClusterChange change, NodeId node) {
    return CompletableFuture.failedStage(new UnsupportedOperationException("no cluster here"));
  }

  /// The newest metadata that this node has applied. Immutable.
  MetadataState metadata();

  /// Calls `wake` after each change of [#metadata()], on a thread of the log; it must not block.
  void onMetadataChange(Runnable wake);

  /// Proposes a change. The stage completes when the change is durable and applied on this node (a
  /// created topic is then usable), or with the refusal; it fails only when the outcome is unknown.
  CompletionStage<MetadataReply> submit(MetadataCommand command);

  /// A producer id that no one else in the cluster has or will have.
  CompletionStage<Long> nextProducerId();

  /// The partition, or null when this node does not serve it.
  @Nullable PartitionLog partition(PartitionId id);
}
