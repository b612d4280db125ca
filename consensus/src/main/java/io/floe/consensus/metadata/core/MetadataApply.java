package io.floe.consensus.metadata.core;

import io.floe.consensus.BrokenInvariant;
import io.floe.consensus.metadata.core.MetadataCommand.ConfigChange;
import io.floe.consensus.metadata.core.MetadataEvent.ClusterFounded;
import io.floe.consensus.metadata.core.MetadataEvent.NodeRegistered;
import io.floe.consensus.metadata.core.MetadataEvent.NodeUnregistered;
import io.floe.consensus.metadata.core.MetadataEvent.PartitionsCreated;
import io.floe.consensus.metadata.core.MetadataEvent.ProducerIdsAllocated;
import io.floe.consensus.metadata.core.MetadataEvent.SealedAndOpened;
import io.floe.consensus.metadata.core.MetadataEvent.SegmentSealingBegun;
import io.floe.consensus.metadata.core.MetadataEvent.SegmentsSealedAndOpened;
import io.floe.consensus.metadata.core.MetadataEvent.TopicConfigsAltered;
import io.floe.consensus.metadata.core.MetadataEvent.TopicCreated;
import io.floe.consensus.metadata.core.MetadataEvent.TopicDeleted;
import io.floe.consensus.metadata.core.MetadataState.Draft;
import io.floe.model.PartitionId;
import io.floe.model.SegmentId;
import io.floe.model.TopicId;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.pcollections.PSortedMap;
import org.pcollections.PVector;
import org.pcollections.TreePVector;

/// Applies events. Total on every event that was decided on this state; any other one is a log of
/// something else, or a bug, and breaks an invariant.
final class MetadataApply {
  private static final String ALLOCATED_IN_ORDER = "I2 segment ids and epochs allocated in order";
  private static final String CHAIN = "I8 ChainContiguous";
  private static final String FITS = "event fits the state";

  private MetadataApply() {}

  static MetadataState apply(MetadataState state, MetadataEvent event) {
    Draft draft = state.draft();
    draft.version++;
    switch (event) {
      case ClusterFounded founded -> {
        check(!state.isFounded(), FITS, event);
        draft.clusterId = founded.clusterId();
      }
      case NodeRegistered registered ->
          draft.nodes = draft.nodes.plus(registered.node().id(), registered.node());
      case NodeUnregistered unregistered -> {
        check(state.node(unregistered.node()) != null, FITS, event);
        draft.nodes = draft.nodes.minus(unregistered.node());
      }
      case TopicCreated created -> topicCreated(draft, state, created);
      case TopicDeleted deleted -> draft.removeTopic(topic(draft, deleted.id(), event));
      case PartitionsCreated created -> partitionsCreated(draft, created);
      case TopicConfigsAltered altered -> configsAltered(draft, altered);
      case SegmentsSealedAndOpened sealed ->
          sealed.applied().forEach(item -> sealedAndOpened(draft, item));
      case SegmentSealingBegun begun -> sealingBegun(draft, begun);
      case ProducerIdsAllocated allocated -> {
        check(allocated.firstId() == draft.nextProducerId && allocated.count() > 0, FITS, event);
        draft.nextProducerId += allocated.count();
      }
    }
    return draft.done();
  }

  /// The topic with one setting changed.
  static TopicRecord withConfig(TopicRecord topic, ConfigChange change) {
    String value = change.value();
    PSortedMap<String, String> configs =
        value == null
            ? topic.configs().minus(change.name())
            : topic.configs().plus(change.name(), value);
    return new TopicRecord(
        topic.id(),
        topic.name(),
        topic.replicationFactor(),
        configs,
        topic.partitions(),
        topic.version());
  }

  private static void topicCreated(Draft draft, MetadataState state, TopicCreated created) {
    check(
        state.topic(created.id()) == null
            && state.topic(created.name()) == null
            && !created.segments().isEmpty(),
        FITS,
        created);
    draft.addTopic(
        new TopicRecord(
            created.id(),
            created.name(),
            created.replicationFactor(),
            created.configs(),
            withNewPartitions(draft, TreePVector.empty(), created.segments()),
            draft.version));
  }

  private static void partitionsCreated(Draft draft, PartitionsCreated created) {
    TopicRecord topic = topic(draft, created.id(), created);
    check(topic.partitions().size() == created.firstPartition(), FITS, created);
    int more = created.segments().size();
    draft.replaceTopic(
        new TopicRecord(
            topic.id(),
            topic.name(),
            topic.replicationFactor(),
            topic.configs(),
            withNewPartitions(draft, topic.partitions(), created.segments()),
            draft.version),
        more,
        more);
  }

  private static PVector<PartitionRecord> withNewPartitions(
      Draft draft, PVector<PartitionRecord> present, List<SegmentRecord> firstSegments) {
    PVector<PartitionRecord> partitions = present;
    for (SegmentRecord segment : firstSegments) {
      allocateSegment(draft, segment, null);
      check(segment.baseOffset() == 0, CHAIN, segment);
      partitions =
          partitions.plus(
              new PartitionRecord(partitions.size(), 0, TreePVector.singleton(segment)));
    }
    return partitions;
  }

  private static void configsAltered(Draft draft, TopicConfigsAltered altered) {
    TopicRecord topic = topic(draft, altered.id(), altered);
    for (ConfigChange change : altered.changes()) {
      topic = withConfig(topic, change);
    }
    draft.replaceTopic(
        new TopicRecord(
            topic.id(),
            topic.name(),
            topic.replicationFactor(),
            topic.configs(),
            topic.partitions(),
            draft.version),
        0,
        0);
  }

  private static void sealedAndOpened(Draft draft, SealedAndOpened item) {
    TopicRecord topic = topic(draft, item.partition().topic(), item);
    PartitionRecord partition = partition(topic, item.partition(), item);
    SegmentRecord last = lastUnsealed(partition, item.segment(), item);
    SegmentRecord next = item.next();
    long endOffset = item.sealed().endOffset();
    allocateSegment(draft, next, last);
    check(endOffset >= last.baseOffset() && next.baseOffset() == endOffset, CHAIN, item);
    int lastIndex = partition.chain().size() - 1;
    boolean isEmpty = endOffset == last.baseOffset();
    PVector<SegmentRecord> chain =
        isEmpty
            ? partition.chain().with(lastIndex, next)
            : partition.chain().with(lastIndex, withState(last, item.sealed())).plus(next);
    putChain(draft, topic, partition, chain, isEmpty ? 0 : 1);
  }

  private static void sealingBegun(Draft draft, SegmentSealingBegun begun) {
    TopicRecord topic = topic(draft, begun.partition().topic(), begun);
    PartitionRecord partition = partition(topic, begun.partition(), begun);
    SegmentRecord last = lastUnsealed(partition, begun.segment(), begun);
    long before = last.state() instanceof SegmentState.Sealing sealing ? sealing.attempt() : 0;
    check(begun.attempt() == before + 1, FITS, begun);
    SegmentRecord sealing =
        withState(last, new SegmentState.Sealing(begun.attempt(), begun.sealer()));
    putChain(
        draft, topic, partition, partition.chain().with(partition.chain().size() - 1, sealing), 0);
  }

  private static void putChain(
      Draft draft,
      TopicRecord topic,
      PartitionRecord partition,
      PVector<SegmentRecord> chain,
      int moreSegments) {
    PartitionRecord changed =
        new PartitionRecord(partition.index(), partition.logStartOffset(), chain);
    draft.replaceTopic(
        new TopicRecord(
            topic.id(),
            topic.name(),
            topic.replicationFactor(),
            topic.configs(),
            topic.partitions().with(partition.index(), changed),
            topic.version()),
        0,
        moreSegments);
  }

  /// Takes the segment's id, and its epoch unless it keeps the one of the segment before it.
  private static void allocateSegment(
      Draft draft, SegmentRecord segment, @Nullable SegmentRecord before) {
    check(
        segment.id().value() == draft.nextSegmentId && segment.state() instanceof SegmentState.Open,
        ALLOCATED_IN_ORDER,
        segment);
    draft.nextSegmentId++;
    if (before != null && segment.epoch() == before.epoch()) {
      check(segment.writer().equals(before.writer()), CHAIN, segment);
    } else {
      check(segment.epoch() == draft.nextEpoch, ALLOCATED_IN_ORDER, segment);
      draft.nextEpoch++;
    }
  }

  private static SegmentRecord withState(SegmentRecord segment, SegmentState state) {
    return new SegmentRecord(
        segment.id(),
        segment.epoch(),
        segment.baseOffset(),
        segment.writer(),
        segment.replicas(),
        segment.ackQuorum(),
        state);
  }

  private static TopicRecord topic(Draft draft, TopicId id, Object event) {
    TopicRecord topic = draft.topic(id);
    if (topic == null) {
      throw new BrokenInvariant(FITS, "unknown topic: " + event);
    }
    return topic;
  }

  private static PartitionRecord partition(TopicRecord topic, PartitionId id, Object event) {
    PartitionRecord partition = topic.partition(id.index());
    if (partition == null) {
      throw new BrokenInvariant(FITS, "unknown partition: " + event);
    }
    return partition;
  }

  private static SegmentRecord lastUnsealed(
      PartitionRecord partition, SegmentId segment, Object event) {
    SegmentRecord last = partition.last();
    check(last.id().equals(segment) && !last.isSealed(), CHAIN, event);
    return last;
  }

  private static void check(boolean holds, String invariant, Object what) {
    if (!holds) {
      throw new BrokenInvariant(invariant, what.toString());
    }
  }
}
