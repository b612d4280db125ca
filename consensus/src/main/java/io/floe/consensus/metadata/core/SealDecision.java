package io.floe.consensus.metadata.core;

import static io.floe.consensus.metadata.core.Refusal.Reason.CONFLICT;
import static io.floe.consensus.metadata.core.Refusal.Reason.LIMIT_REACHED;
import static io.floe.consensus.metadata.core.Refusal.Reason.UNKNOWN_NODE;
import static io.floe.consensus.metadata.core.Refusal.Reason.UNKNOWN_SEGMENT;
import static io.floe.consensus.metadata.core.Refusal.Reason.UNKNOWN_TOPIC;

import io.floe.consensus.metadata.core.MetadataCommand.SealAndOpenItem;
import io.floe.model.PartitionId;
import io.floe.model.SegmentId;
import java.util.ArrayList;
import java.util.List;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/// Judges the items of one seal, each by itself, and assigns ids and epochs to the successors of
/// those that may be sealed.
final class SealDecision {
  private final MetadataState state;
  private final List<MetadataEvent.SealedAndOpened> applied = new ArrayList<>();
  private final List<MetadataEvent.SealRefused> refused = new ArrayList<>();
  private final TreeSet<PartitionId> seen = new TreeSet<>();
  private long nextSegmentId;
  private int nextEpoch;

  SealDecision(MetadataState state) {
    this.state = state;
    nextSegmentId = state.nextSegmentId();
    nextEpoch = state.nextEpoch();
  }

  void add(SealAndOpenItem item) {
    Refusal problem = problem(item);
    if (problem != null) {
      refused.add(new MetadataEvent.SealRefused(item.partition(), item.segment(), problem));
      return;
    }
    seen.add(item.partition());
    SegmentRecord last = last(item);
    int epoch = item.keepEpoch() ? last.epoch() : nextEpoch++;
    applied.add(
        new MetadataEvent.SealedAndOpened(
            item.partition(),
            item.segment(),
            new SegmentState.Sealed(
                item.endOffset(), item.digest(), item.finalReplicas(), item.damaged()),
            new SegmentRecord(
                new SegmentId(nextSegmentId++),
                epoch,
                item.endOffset(),
                item.writer(),
                item.nextReplicas(),
                item.nextAckQuorum(),
                new SegmentState.Open())));
  }

  /// Refused as a whole only when no item can be applied.
  Decision done() {
    return applied.isEmpty()
        ? new Decision.Refused(refused.getFirst().refusal())
        : new Decision.Accepted(
            List.of(new MetadataEvent.SegmentsSealedAndOpened(applied, refused)));
  }

  private SegmentRecord last(SealAndOpenItem item) {
    PartitionRecord partition = state.partition(item.partition());
    if (partition == null) {
      throw new IllegalStateException("judged before");
    }
    return partition.last();
  }

  private @Nullable Refusal problem(SealAndOpenItem item) {
    TopicRecord topic = state.topic(item.partition().topic());
    PartitionRecord partition = state.partition(item.partition());
    if (topic == null || partition == null) {
      return new Refusal(UNKNOWN_TOPIC, "partition " + item.partition() + " does not exist");
    }
    SegmentRecord last = partition.last();
    if (!last.id().equals(item.segment())) {
      return new Refusal(
          UNKNOWN_SEGMENT,
          "segment " + item.segment() + " is not the last of partition " + item.partition());
    }
    if (seen.contains(item.partition())) {
      return conflict("partition " + item.partition() + " is named twice");
    }
    Refusal precondition = preconditionProblem(item, last);
    if (precondition != null) {
      return precondition;
    }
    Refusal copies = finalReplicasProblem(item, last);
    return copies != null ? copies : successorProblem(item, topic, last);
  }

  private static @Nullable Refusal preconditionProblem(SealAndOpenItem item, SegmentRecord last) {
    long attempt =
        switch (last.state()) {
          case SegmentState.Open open -> 0;
          case SegmentState.Sealing sealing -> sealing.attempt();
          case SegmentState.Sealed sealed -> -1;
        };
    if (attempt != item.attempt()) {
      return conflict(
          "segment " + last.id() + " is " + last.state() + ", not at attempt " + item.attempt());
    }
    return item.endOffset() < last.baseOffset()
        ? conflict(
            "end offset "
                + item.endOffset()
                + " of segment "
                + last.id()
                + " is below its base "
                + last.baseOffset())
        : null;
  }

  private @Nullable Refusal finalReplicasProblem(SealAndOpenItem item, SegmentRecord last) {
    if (item.endOffset() == last.baseOffset()) {
      return null; // It holds nothing and leaves the chain.
    }
    if (item.finalReplicas().size() < last.ackQuorum()) {
      return conflict(
          "segment "
              + last.id()
              + " would have "
              + item.finalReplicas().size()
              + " final replicas, fewer than its ack quorum "
              + last.ackQuorum());
    }
    for (ReplicaId replica : item.finalReplicas()) {
      if (!last.replicas().contains(replica) && !isRegistered(replica)) {
        return new Refusal(UNKNOWN_NODE, "final replica " + replica + " is not registered");
      }
    }
    return repeats(item.finalReplicas()) ? conflict("a final replica is named twice") : null;
  }

  private @Nullable Refusal successorProblem(
      SealAndOpenItem item, TopicRecord topic, SegmentRecord last) {
    NodeRecord writer = state.node(item.writer().node());
    if (writer == null || !writer.writer().equals(item.writer())) {
      return new Refusal(UNKNOWN_NODE, "writer " + item.writer() + " is not registered");
    }
    for (ReplicaId replica : item.nextReplicas()) {
      if (!isRegistered(replica)) {
        return new Refusal(UNKNOWN_NODE, "replica " + replica + " is not registered");
      }
    }
    if (repeats(item.nextReplicas()) || !item.nextReplicas().contains(writer.replica())) {
      return conflict("the next replicas must be distinct stores, the writer's among them");
    }
    // Never lowered for copies that are merely down: only the number of registered nodes counts.
    // No less than a majority of the copies, and bounded by what the segment before had, so that a
    // node that registers meanwhile does not refuse a roll that was right when it was proposed.
    int required = Math.min(last.ackQuorum(), topic.ackQuorum(state.nodes().size()));
    int majority = item.nextReplicas().size() / 2 + 1;
    if (item.nextAckQuorum() < Math.max(required, majority)
        || item.nextAckQuorum() > item.nextReplicas().size()) {
      return conflict(
          "ack quorum "
              + item.nextAckQuorum()
              + " of "
              + item.nextReplicas().size()
              + " replicas is not "
              + Math.max(required, majority)
              + " to "
              + item.nextReplicas().size());
    }
    if (item.keepEpoch() && !isPlannedRollBySameProcess(item, last, writer)) {
      return conflict(
          "the epoch of segment "
              + last.id()
              + " is kept only by a planned roll of the process that writes it");
    }
    return !item.keepEpoch() && nextEpoch == Integer.MAX_VALUE
        ? new Refusal(LIMIT_REACHED, "all epochs are used up")
        : null;
  }

  private static boolean isPlannedRollBySameProcess(
      SealAndOpenItem item, SegmentRecord last, NodeRecord writer) {
    // A wiped store counts its processes from 1 again: only with the same store is it the same one.
    return item.attempt() == 0
        && last.writer().equals(item.writer())
        && last.replicas().contains(writer.replica());
  }

  private boolean isRegistered(ReplicaId replica) {
    NodeRecord node = state.node(replica.node());
    return node != null && node.replica().equals(replica);
  }

  private static boolean repeats(List<ReplicaId> replicas) {
    for (int i = 1; i < replicas.size(); i++) {
      if (replicas.subList(0, i).contains(replicas.get(i))) {
        return true;
      }
    }
    return false;
  }

  private static Refusal conflict(String message) {
    return new Refusal(CONFLICT, message);
  }
}
