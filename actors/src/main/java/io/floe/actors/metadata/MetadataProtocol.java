package io.floe.actors.metadata;

import io.floe.actors.log.ClusterChange;
import io.floe.actors.log.MetadataReply;
import io.floe.actors.node.HostPort;
import io.floe.consensus.metadata.core.MetadataCommand;
import io.floe.consensus.metadata.core.MetadataEvent;
import io.floe.consensus.metadata.core.MetadataState;
import io.floe.consensus.metadata.core.Refusal;
import io.floe.consensus.raft.core.DurableEvent;
import io.floe.consensus.raft.core.DurableState;
import io.floe.consensus.raft.core.MemberId;
import io.floe.consensus.raft.core.Membership;
import io.floe.consensus.raft.core.Outcome.Reason;
import io.floe.consensus.raft.core.Payload;
import io.floe.consensus.raft.core.RaftRole;
import io.floe.model.NodeId;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.apache.pekko.actor.typed.ActorRef;
import org.jspecify.annotations.Nullable;

/// The messages of the metadata node.
public sealed interface MetadataProtocol {

  /// Get a command into the replicated log and apply it, once, whoever leads. The answer comes
  /// after this node has applied it; none within the asker's patience means that the outcome is
  /// unknown.
  record Submit(MetadataCommand command, ActorRef<Outcome> replyTo) implements MetadataProtocol {}

  /// Change who belongs to the group; any node may be asked.
  record ChangeMembership(ClusterChange change, NodeId node, ActorRef<MembershipReply> replyTo)
      implements MetadataProtocol {}

  /// Say how the group looks from here.
  record GetStatus(ActorRef<GroupStatus> replyTo) implements MetadataProtocol {}

  /// Give the office up, if this node has it, to the voter that is furthest.
  record HandOver(ActorRef<MembershipReply> replyTo) implements MetadataProtocol {}

  /// Say when these nodes have applied the metadata up to a version, or that some did not within a
  /// moment.
  ///
  /// @param replyTo hears true when all have
  record AwaitEverywhere(long version, Set<NodeId> nodes, ActorRef<Boolean> replyTo)
      implements MetadataProtocol {
    public AwaitEverywhere {
      nodes = Set.copyOf(nodes);
    }
  }

  /// What became of a change of the group.
  ///
  /// @param reason null when it is done
  record MembershipReply(@Nullable Reason reason, String message) {
    boolean isDone() {
      return reason == null;
    }
  }

  /// The group as one node sees it.
  ///
  /// @param lastIndexes of the members' logs, where this node knows them: only the leader does
  record GroupStatus(
      NodeId self,
      RaftRole role,
      long term,
      @Nullable NodeId leader,
      Membership membership,
      long commitIndex,
      long appliedIndex,
      Map<NodeId, Long> lastIndexes,
      Map<NodeId, HostPort> addresses) {
    public GroupStatus {
      lastIndexes = Map.copyOf(lastIndexes);
      addresses = Map.copyOf(addresses);
    }
  }

  /// How a command ended, with what it changed.
  ///
  /// @param events what was applied, empty when refused, or when only a repetition was
  record Outcome(MetadataReply reply, List<MetadataEvent> events) {
    public Outcome {
      events = List.copyOf(events);
    }

    /// Whether the log had no room for the entry: nothing was decided, the same command may succeed
    /// later.
    public boolean isNotStored() {
      return reply instanceof MetadataReply.Refused refused
          && refused.refusal().reason() == Refusal.Reason.NOT_STORED;
    }
  }

  /// What the metadata node tells the node.
  sealed interface Notice {

    /// The state is that of the whole group at a moment after the start.
    record Recovered(MetadataState state) implements Notice {}

    /// An entry was applied. Whoever acts on it does so first and then passes `outcome` to
    /// `replyTo`, so that a proposer who hears "applied" finds the node changed.
    ///
    /// @param replyTo null when another node proposed it
    record Applied(MetadataState state, Outcome outcome, @Nullable ActorRef<Outcome> replyTo)
        implements Notice {}

    /// A leader's snapshot took the place of the entries that this node missed.
    record Replaced(MetadataState state) implements Notice {}

    /// The node cannot be part of the group.
    record Failed(String message) implements Notice {}
  }

  // What nodes send to each other; bytes on the wire, see RaftSerializer.

  /// A message of the Raft core.
  ///
  /// @param from where the sender is reached
  record Peer(HostPort from, Payload message) implements MetadataProtocol {}

  /// A session command for the leader's log. May be lost or doubled: the session sorts it out.
  record Forwarded(Payload command) implements MetadataProtocol {}

  /// Asks the leader to open a session.
  ///
  /// @param nonce comes back with the answer
  record OpenSession(HostPort from, long nonce) implements MetadataProtocol {}

  record SessionOpened(long nonce, long session) implements MetadataProtocol {}

  /// Asks the leader for a change of the group.
  record ForwardedChange(HostPort from, long nonce, ClusterChange change, NodeId node)
      implements MetadataProtocol {}

  record ChangeAnswered(long nonce, MembershipReply reply) implements MetadataProtocol {}

  /// A node that is no member says who it is and asks who is there.
  record Probe(HostPort from, MemberId self, @Nullable String clusterId)
      implements MetadataProtocol {}

  /// The answer to a [Probe].
  ///
  /// @param clusterId null while the sender has no cluster
  /// @param problem why the prober cannot be admitted as it is; empty if nothing is in the way
  /// @param isFatal whether waiting will not help
  record ProbeReply(
      HostPort from, MemberId self, @Nullable String clusterId, String problem, boolean isFatal)
      implements MetadataProtocol {}

  /// Asks a node to answer when it has applied a version.
  record AskApplied(HostPort from, long nonce, long version) implements MetadataProtocol {}

  record AppliedReached(long nonce, NodeId node) implements MetadataProtocol {}

  // What the node hears from its own parts.

  /// The log was read from the journal: at the start, and after each write that failed.
  record LogRead(DurableState state) implements MetadataProtocol {}

  record LogWritten(long batchId) implements MetadataProtocol {}

  /// The journal cannot go on.
  record LogBroken(Throwable cause) implements MetadataProtocol {}

  record SnapshotEncoded(long index, Payload data) implements MetadataProtocol {}

  /// A member of the Pekko cluster came or showed its address.
  record AddressLearned(NodeId node, HostPort address) implements MetadataProtocol {}

  /// Something that the node left for itself.
  record Run(Runnable action) implements MetadataProtocol {}

  /// Time went by.
  enum Tick implements MetadataProtocol {
    TICK
  }

  /// To the actor that keeps the log.
  sealed interface LogCommand {
    /// Make these durable in one write, and answer with [LogWritten].
    record Write(long batchId, List<DurableEvent> events) implements LogCommand {}
  }
}
