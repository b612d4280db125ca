package io.floe.actors.log;

import io.floe.model.NodeId;
import io.floe.model.StoreIncarnation;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// The group that keeps the metadata, as one node sees it.
///
/// @param leader null while none is known
/// @param members voters first, each in id order
public record ClusterView(
    @Nullable NodeId leader, long term, long commitIndex, List<Member> members) {
  public ClusterView {
    members = List.copyOf(members);
  }

  /// One node of the group.
  ///
  /// @param lastIndex of its log; -1 when this node does not know: only the leader knows all
  /// @param isLive whether it seems reachable, see [LogService#isLive]
  public record Member(
      NodeId node, StoreIncarnation store, boolean isVoter, long lastIndex, boolean isLive) {}
}
