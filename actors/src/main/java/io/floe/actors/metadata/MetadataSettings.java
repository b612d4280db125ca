package io.floe.actors.metadata;

import io.floe.actors.node.HostPort;
import io.floe.consensus.raft.core.MemberId;
import io.floe.consensus.raft.core.RaftSettings;
import java.time.Duration;
import java.util.List;

/// How a metadata node works.
///
/// @param self the node, in the life of its store
/// @param address where other nodes reach this one
/// @param seeds where a node that knows nobody looks; empty: this node is a cluster of one
/// @param mayFoundAlone found a cluster without having reached every seed
/// @param votersMax voters of a new cluster; later nodes only observe
/// @param tick of the Raft core
/// @param snapshotEntries entries between two snapshots
public record MetadataSettings(
    MemberId self,
    HostPort address,
    List<HostPort> seeds,
    boolean mayFoundAlone,
    int votersMax,
    Duration tick,
    int snapshotEntries,
    RaftSettings raft) {
  public MetadataSettings {
    seeds = List.copyOf(seeds);
    if (votersMax < 1 || snapshotEntries < 1) {
      throw new IllegalArgumentException(
          votersMax + " voters, " + snapshotEntries + " entries between snapshots");
    }
  }

  /// Whether nobody else is to be looked for.
  boolean isAlone() {
    return seeds.stream().allMatch(address::equals);
  }

  /// Whether this node founds the cluster when there is none.
  boolean isFirstSeed() {
    return isAlone() || seeds.getFirst().equals(address);
  }
}
