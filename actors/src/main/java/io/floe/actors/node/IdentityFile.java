package io.floe.actors.node;

import io.floe.actors.metadata.ClusterIdentity;
import io.floe.model.NodeId;
import io.floe.model.StoreIncarnation;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/// The identity of a data directory, as it comes to be.
///
/// Thread-safety: any thread.
final class IdentityFile implements ClusterIdentity {
  private final Path dataDir;
  private final String store;
  private volatile NodeIdentity identity;

  /// The identity of a directory with this store.
  ///
  /// @throws NodeStartException when the metadata log was begun with another store
  IdentityFile(Path dataDir, NodeIdentity identity, StoreIncarnation store)
      throws NodeStartException {
    this.dataDir = dataDir;
    this.store = store.toString();
    this.identity = identity;
    if (isJoined() && !identity.store().equals(this.store)) {
      // It would find nothing, and what it does not find would count as never acknowledged.
      throw new NodeStartException(
          "the store has incarnation "
              + store
              + " but this node was "
              + identity.store()
              + ": the store was wiped or replaced, and the records with it; put the old one back, or"
              + " start with an empty data directory");
    }
  }

  NodeId nodeId() {
    return identity.nodeId();
  }

  @Override
  public @Nullable String clusterId() {
    String id = identity.clusterId();
    return id.isEmpty() ? null : id;
  }

  @Override
  public boolean isJoined() {
    return !identity.store().isEmpty();
  }

  @Override
  public void joining(String clusterId) {
    write(new NodeIdentity(identity.nodeId(), clusterId, ""));
  }

  @Override
  public void joined() {
    write(new NodeIdentity(identity.nodeId(), identity.clusterId(), store));
  }

  private void write(NodeIdentity next) {
    try {
      next.write(dataDir);
    } catch (IOException e) {
      throw new UncheckedIOException("the identity of " + dataDir + " cannot be written", e);
    }
    identity = next;
  }
}
