package io.floe.consensus.metadata.core;

import io.floe.model.NodeId;
import io.floe.model.PartitionId;
import io.floe.model.TopicId;
import java.util.Collection;
import org.jspecify.annotations.Nullable;
import org.pcollections.PSortedMap;
import org.pcollections.TreePMap;

/// The metadata of a cluster at one version. Immutable; the next version shares all that did not
/// change, so a lookup or a change costs O(log n) and a reader keeps its version for nothing.
///
/// Thread-safety: immutable.
public final class MetadataState {
  /// Before the first event: no cluster yet.
  public static final MetadataState EMPTY = new MetadataState(new Draft());

  private final @Nullable String clusterId;
  private final long version;
  private final PSortedMap<NodeId, NodeRecord> nodes;
  private final PSortedMap<String, TopicRecord> topicsByName;
  private final PSortedMap<TopicId, TopicRecord> topicsById;

  /// Names with '.' or '_', by the form in which two of them collide.
  private final PSortedMap<String, String> collisionForms;

  private final long nextSegmentId;
  private final int nextEpoch;
  private final long nextProducerId;
  private final int partitionCount;
  private final int segmentCount;

  private MetadataState(Draft draft) {
    clusterId = draft.clusterId;
    version = draft.version;
    nodes = draft.nodes;
    topicsByName = draft.topicsByName;
    topicsById = draft.topicsById;
    collisionForms = draft.collisionForms;
    nextSegmentId = draft.nextSegmentId;
    nextEpoch = draft.nextEpoch;
    nextProducerId = draft.nextProducerId;
    partitionCount = draft.partitionCount;
    segmentCount = draft.segmentCount;
  }

  /// Whether the cluster has its identity; nothing else is accepted before.
  public boolean isFounded() {
    return clusterId != null;
  }

  /// Errors: `IllegalStateException` before the cluster is founded.
  public String clusterId() {
    if (clusterId == null) {
      throw new IllegalStateException("the cluster is not founded yet");
    }
    return clusterId;
  }

  /// Number of events applied so far.
  public long version() {
    return version;
  }

  /// Every topic, in name order.
  public Collection<TopicRecord> topics() {
    return topicsByName.values();
  }

  public @Nullable TopicRecord topic(String name) {
    return topicsByName.get(name);
  }

  public @Nullable TopicRecord topic(TopicId id) {
    return topicsById.get(id);
  }

  public @Nullable PartitionRecord partition(PartitionId id) {
    TopicRecord topic = topicsById.get(id.topic());
    return topic == null ? null : topic.partition(id.index());
  }

  /// Every registered node, in id order.
  public Collection<NodeRecord> nodes() {
    return nodes.values();
  }

  public @Nullable NodeRecord node(NodeId id) {
    return nodes.get(id);
  }

  /// Id of the next segment. A segment with a lower id that is in no chain was deleted, or was
  /// sealed without a record.
  public long nextSegmentId() {
    return nextSegmentId;
  }

  public int nextEpoch() {
    return nextEpoch;
  }

  public long nextProducerId() {
    return nextProducerId;
  }

  public int topicCount() {
    return topicsByName.size();
  }

  public int partitionCount() {
    return partitionCount;
  }

  public int segmentCount() {
    return segmentCount;
  }

  /// The name of a topic that a new one of this name would collide with, or null.
  @Nullable String collidingName(String name) {
    return TopicNames.canCollide(name) ? collisionForms.get(TopicNames.collisionForm(name)) : null;
  }

  Draft draft() {
    return new Draft(this);
  }

  /// The next version while it is made: the one place where the indexes are kept in step.
  static final class Draft {
    @Nullable String clusterId;
    long version;
    PSortedMap<NodeId, NodeRecord> nodes = TreePMap.empty();
    long nextSegmentId = 1;
    int nextEpoch = 1;
    long nextProducerId;
    private PSortedMap<String, TopicRecord> topicsByName = TreePMap.empty();
    private PSortedMap<TopicId, TopicRecord> topicsById = TreePMap.empty();
    private PSortedMap<String, String> collisionForms = TreePMap.empty();
    private int partitionCount;
    private int segmentCount;

    Draft() {}

    private Draft(MetadataState state) {
      clusterId = state.clusterId;
      version = state.version;
      nodes = state.nodes;
      topicsByName = state.topicsByName;
      topicsById = state.topicsById;
      collisionForms = state.collisionForms;
      nextSegmentId = state.nextSegmentId;
      nextEpoch = state.nextEpoch;
      nextProducerId = state.nextProducerId;
      partitionCount = state.partitionCount;
      segmentCount = state.segmentCount;
    }

    @Nullable TopicRecord topic(TopicId id) {
      return topicsById.get(id);
    }

    void addTopic(TopicRecord topic) {
      put(topic);
      if (TopicNames.canCollide(topic.name())) {
        collisionForms = collisionForms.plus(TopicNames.collisionForm(topic.name()), topic.name());
      }
      partitionCount += topic.partitions().size();
      segmentCount += segmentsOf(topic);
    }

    void removeTopic(TopicRecord topic) {
      topicsByName = topicsByName.minus(topic.name());
      topicsById = topicsById.minus(topic.id());
      if (TopicNames.canCollide(topic.name())) {
        collisionForms = collisionForms.minus(TopicNames.collisionForm(topic.name()));
      }
      partitionCount -= topic.partitions().size();
      segmentCount -= segmentsOf(topic);
    }

    /// Puts a topic that is there already in its changed form.
    ///
    /// @param morePartitions how many partitions it has more than before
    /// @param moreSegments how many segments it has more than before
    void replaceTopic(TopicRecord topic, int morePartitions, int moreSegments) {
      put(topic);
      partitionCount += morePartitions;
      segmentCount += moreSegments;
    }

    private void put(TopicRecord topic) {
      topicsByName = topicsByName.plus(topic.name(), topic);
      topicsById = topicsById.plus(topic.id(), topic);
    }

    private static int segmentsOf(TopicRecord topic) {
      int segments = 0;
      for (PartitionRecord partition : topic.partitions()) {
        segments += partition.chain().size();
      }
      return segments;
    }

    MetadataState done() {
      return new MetadataState(this);
    }
  }
}
