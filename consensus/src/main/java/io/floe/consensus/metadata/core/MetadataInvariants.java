package io.floe.consensus.metadata.core;

import io.floe.consensus.BrokenInvariant;
import io.floe.model.PartitionId;
import java.util.Objects;
import java.util.TreeMap;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/// What is true of every state, and of every step from one to a later one. O(everything): for
/// simulations and tests; [MetadataApply] checks the part that concerns one event, always.
public final class MetadataInvariants {
  private static final String CHAIN = "I8 ChainContiguous";
  private static final String SEALED_ONCE = "I6 SealOnce";
  private static final String SEALED_REPLICATED = "I7 SealedReplicated";
  private static final String ONE_WRITER = "I2 OneWriter";
  private static final String IN_STEP = "indexes and counts in step";

  private MetadataInvariants() {}

  public static void checkState(MetadataState state) {
    TreeSet<Long> segmentIds = new TreeSet<>();
    TreeMap<Integer, PartitionId> epochOwners = new TreeMap<>();
    int topics = 0;
    int partitions = 0;
    int segments = 0;
    for (TopicRecord topic : state.topics()) {
      topics++;
      check(
          isSame(state.topic(topic.id()), topic) && isSame(state.topic(topic.name()), topic),
          IN_STEP,
          topic);
      for (int index = 0; index < topic.partitions().size(); index++) {
        PartitionRecord partition = topic.partitions().get(index);
        PartitionId id = new PartitionId(topic.id(), index);
        check(partition.index() == index, IN_STEP, id);
        checkChain(id, partition);
        partitions++;
        for (SegmentRecord segment : partition.chain()) {
          segments++;
          check(segmentIds.add(segment.id().value()), ONE_WRITER, segment);
          check(segment.id().value() < state.nextSegmentId(), ONE_WRITER, segment);
          check(segment.epoch() < state.nextEpoch(), ONE_WRITER, segment);
          PartitionId owner = epochOwners.putIfAbsent(segment.epoch(), id);
          check(owner == null || owner.equals(id), ONE_WRITER, segment);
        }
      }
    }
    check(
        topics == state.topicCount()
            && partitions == state.partitionCount()
            && segments == state.segmentCount(),
        IN_STEP,
        "counts at version " + state.version());
  }

  private static void checkChain(PartitionId id, PartitionRecord partition) {
    SegmentRecord before = null;
    for (SegmentRecord segment : partition.chain()) {
      check(
          new TreeSet<>(segment.replicas().stream().map(r -> r.node()).toList()).size()
              == segment.replicas().size(),
          SEALED_REPLICATED,
          segment);
      check(
          segment.replicas().stream().anyMatch(r -> r.node().equals(segment.writer().node())),
          ONE_WRITER,
          segment);
      if (segment.state() instanceof SegmentState.Sealed sealed) {
        check(sealed.endOffset() > segment.baseOffset(), CHAIN, segment);
        check(sealed.replicas().size() >= segment.ackQuorum(), SEALED_REPLICATED, segment);
      } else {
        check(isSame(segment, partition.last()), CHAIN, segment);
      }
      if (before != null) {
        checkSuccessor(id, before, segment);
      }
      before = segment;
    }
    check(!partition.last().isSealed(), CHAIN, id);
  }

  private static void checkSuccessor(PartitionId id, SegmentRecord before, SegmentRecord segment) {
    check(
        before.state() instanceof SegmentState.Sealed sealed
            && sealed.endOffset() == segment.baseOffset(),
        CHAIN,
        id);
    check(before.id().compareTo(segment.id()) < 0, CHAIN, segment);
    check(before.epoch() <= segment.epoch(), CHAIN, segment);
    // Only one process ever writes under an epoch.
    check(
        before.epoch() < segment.epoch() || before.writer().equals(segment.writer()),
        CHAIN,
        segment);
  }

  /// Checks a step, of one event or of several.
  ///
  /// @param before an earlier state of the same log
  public static void checkStep(MetadataState before, MetadataState after) {
    check(
        after.version() >= before.version()
            && after.nextSegmentId() >= before.nextSegmentId()
            && after.nextEpoch() >= before.nextEpoch()
            && after.nextProducerId() >= before.nextProducerId(),
        ONE_WRITER,
        "a counter went back from version " + before.version() + " to " + after.version());
    check(
        !before.isFounded()
            || (after.isFounded() && Objects.equals(before.clusterId(), after.clusterId())),
        IN_STEP,
        "cluster id");
    for (NodeRecord node : before.nodes()) {
      // A node goes only when nothing is left of it.
      check(
          after.node(node.id()) != null || !MetadataMachine.holdsAnything(after, node.id()),
          IN_STEP,
          node);
    }
    for (TopicRecord topic : after.topics()) {
      TopicRecord earlier = before.topic(topic.id());
      for (PartitionRecord partition : topic.partitions()) {
        checkPartitionStep(
            before, earlier == null ? null : earlier.partition(partition.index()), partition);
      }
      check(
          earlier == null || earlier.partitions().size() <= topic.partitions().size(),
          IN_STEP,
          topic.name());
    }
  }

  private static void checkPartitionStep(
      MetadataState before, @Nullable PartitionRecord earlier, PartitionRecord later) {
    if (isSame(earlier, later)) {
      return;
    }
    int known = earlier == null ? 0 : earlier.chain().size();
    for (int i = 0; i < later.chain().size(); i++) {
      SegmentRecord segment = later.chain().get(i);
      SegmentRecord same = earlier != null && i < known ? earlier.chain().get(i) : null;
      if (same == null || !same.id().equals(segment.id())) {
        check(segment.id().value() >= before.nextSegmentId(), ONE_WRITER, segment);
        // Only the last segment can leave the chain, when it held nothing.
        check(same == null || (i == known - 1 && !same.isSealed()), SEALED_ONCE, segment);
      } else {
        check(
            same.epoch() == segment.epoch()
                && same.baseOffset() == segment.baseOffset()
                && same.writer().equals(segment.writer())
                && same.replicas().equals(segment.replicas())
                && same.ackQuorum() == segment.ackQuorum(),
            ONE_WRITER,
            segment);
        checkSegmentStateStep(same.state(), segment.state());
      }
    }
    check(later.chain().size() >= known, SEALED_ONCE, "chain of partition " + later.index());
  }

  private static void checkSegmentStateStep(SegmentState before, SegmentState after) {
    switch (before) {
      case SegmentState.Open open -> {}
      case SegmentState.Sealing sealing ->
          check(
              after instanceof SegmentState.Sealed
                  || (after instanceof SegmentState.Sealing later
                      && later.attempt() >= sealing.attempt()),
              SEALED_ONCE,
              after);
      case SegmentState.Sealed sealed ->
          check(
              after instanceof SegmentState.Sealed later
                  && later.endOffset() == sealed.endOffset()
                  && later.digest() == sealed.digest(),
              SEALED_ONCE,
              after);
    }
  }

  /// The versions share what did not change: one object, and no need to compare its content.
  @SuppressWarnings("ReferenceEquality")
  private static boolean isSame(@Nullable Object one, @Nullable Object other) {
    return one == other;
  }

  private static void check(boolean holds, String invariant, Object what) {
    if (!holds) {
      throw new BrokenInvariant(invariant, what.toString());
    }
  }
}
