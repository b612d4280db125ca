package io.floe.consensus.raft.core;

import io.floe.model.NodeId;
import io.floe.model.StoreIncarnation;
import java.util.Comparator;

/// A member of a group: a node *and* the life of its store. A node that comes back with an empty
/// directory has forgotten its votes and its log, so it is somebody else: it neither votes nor
/// counts as the one that it was.
public record MemberId(NodeId node, StoreIncarnation incarnation) implements Comparable<MemberId> {
  private static final Comparator<MemberId> ORDER =
      Comparator.comparing(MemberId::node)
          .thenComparing(member -> member.incarnation().value(), Long::compareUnsigned);

  @Override
  public int compareTo(MemberId other) {
    return ORDER.compare(this, other);
  }

  @Override
  public String toString() {
    return node + "/" + incarnation;
  }
}
