package io.floe.actors.node;

import com.typesafe.config.Config;
import java.nio.file.Path;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// What a node is started with.
///
/// @param dataDir holds everything that the node keeps; made when it is not there
/// @param nodeId number of a new node; null = the one in the data directory, or 1 in an empty one
/// @param cluster where Pekko Cluster binds; port 0 = any free one
/// @param seeds first nodes of a cluster to join; empty = this node is a cluster of one
/// @param foundCluster found a new cluster even if not every seed can be asked whether it has one
/// @param kafka the address that clients are told; its listener belongs to the gateway
/// @param config what the user set: overrides `floe-node.conf` and every `reference.conf`; not
///   resolved with them
public record NodeSettings(
    Path dataDir,
    @Nullable Integer nodeId,
    HostPort cluster,
    List<HostPort> seeds,
    boolean foundCluster,
    HostPort kafka,
    Config config) {
  public NodeSettings {
    seeds = List.copyOf(seeds);
  }
}
