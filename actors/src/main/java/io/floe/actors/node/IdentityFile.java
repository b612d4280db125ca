package io.floe.actors.node;

import io.floe.actors.metadata.ClusterIdentity;
import io.floe.model.NodeId;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/// The identity of a data directory, as it comes to be.
///
/// Thread-safety: any thread.
final class IdentityFile implements ClusterIdentity {
  private final Path dataDir;
  private volatile NodeIdentity identity;

  IdentityFile(Path dataDir, NodeIdentity identity) {
    this.dataDir = dataDir;
    this.identity = identity;
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
    return identity.isJoined();
  }

  @Override
  public void joining(String clusterId) {
    write(new NodeIdentity(identity.nodeId(), clusterId, false));
  }

  @Override
  public void joined() {
    write(new NodeIdentity(identity.nodeId(), identity.clusterId(), true));
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
