package io.floe.client;

import io.floe.actors.log.LogService;
import io.floe.actors.log.PartitionLog;
import io.floe.consensus.metadata.core.MetadataState;
import io.floe.consensus.metadata.core.TopicRecord;
import io.floe.model.PartitionId;
import io.floe.model.TopicId;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/// The partitions that one run of a source reads: found by name when it starts, kept by identity,
/// so that a topic that is deleted and created again under its name is not taken for the old one.
///
/// Thread-safety: none; belongs to one stage.
final class Partitions {

  /// A partition to read.
  record Assigned(TopicPartition name, PartitionId id, StartAt start) {}

  private static final class Topic {
    final String name;
    final TopicId id;
    int known;

    Topic(String name, TopicId id) {
      this.name = name;
      this.id = id;
    }
  }

  private final LogService log;
  private final List<Topic> wholeTopics = new ArrayList<>();
  private final List<Assigned> atStart = new ArrayList<>();
  private @Nullable MetadataState seen;

  private Partitions(LogService log) {
    this.log = log;
  }

  /// One partition that was found before.
  static Partitions only(LogService log, Assigned partition) {
    Partitions partitions = new Partitions(log);
    partitions.atStart.add(partition);
    return partitions;
  }

  /// Looks the subscription up.
  ///
  /// Errors: [ConsumerException.UnknownPartition].
  static Partitions of(LogService log, Subscription subscription) {
    Partitions partitions = new Partitions(log);
    MetadataState metadata = log.metadata();
    partitions.seen = metadata;
    switch (subscription) {
      case Subscription.Topics topics -> {
        for (String name : topics.topics().stream().sorted().toList()) {
          TopicRecord record = find(metadata, new TopicPartition(name, 0));
          Topic topic = new Topic(name, record.id());
          partitions.wholeTopics.add(topic);
          partitions.atStart.addAll(partitions.grown(topic, record, topics.start()));
        }
      }
      case Subscription.Assignment assignment -> {
        Map<TopicPartition, StartAt> inOrder =
            new TreeMap<>(
                Comparator.comparing(TopicPartition::topic)
                    .thenComparingInt(TopicPartition::partition));
        inOrder.putAll(assignment.partitions());
        inOrder.forEach(
            (name, start) -> {
              PartitionId id = new PartitionId(find(metadata, name).id(), name.partition());
              partitions.atStart.add(new Assigned(name, id, partitions.pinned(id, start)));
            });
      }
    }
    return partitions;
  }

  List<Assigned> atStart() {
    return atStart;
  }

  boolean mayGrow() {
    return !wholeTopics.isEmpty();
  }

  /// Partitions that were added since the last look. They are read from their beginning: all that
  /// is in them was written after the stream began.
  List<Assigned> added() {
    MetadataState metadata = log.metadata();
    if (metadata == seen) {
      return List.of();
    }
    seen = metadata;
    List<Assigned> added = new ArrayList<>();
    for (Topic topic : wholeTopics) {
      TopicRecord record = metadata.topic(topic.id);
      // A deleted topic is noticed by the reads of its partitions.
      if (record != null) {
        added.addAll(grown(topic, record, StartAt.earliest()));
      }
    }
    return added;
  }

  private List<Assigned> grown(Topic topic, TopicRecord record, StartAt start) {
    List<Assigned> more = new ArrayList<>();
    for (; topic.known < record.partitions().size(); topic.known++) {
      PartitionId id = new PartitionId(topic.id, topic.known);
      more.add(new Assigned(new TopicPartition(topic.name, topic.known), id, pinned(id, start)));
    }
    return more;
  }

  /// Makes "latest" an offset at once, so that what is written between now and the first read is
  /// not passed over.
  private StartAt pinned(PartitionId id, StartAt start) {
    if (start instanceof StartAt.Latest) {
      PartitionLog partition = log.partition(id);
      if (partition != null) {
        return StartAt.offset(partition.highWatermark());
      }
    }
    return start;
  }

  private static TopicRecord find(MetadataState metadata, TopicPartition wanted) {
    TopicRecord topic = metadata.topic(wanted.topic());
    if (topic == null) {
      throw new ConsumerException.UnknownPartition(wanted, "there is no such topic");
    }
    if (wanted.partition() >= topic.partitions().size()) {
      throw new ConsumerException.UnknownPartition(
          wanted, "the topic has " + topic.partitions().size() + " partitions");
    }
    return topic;
  }
}
