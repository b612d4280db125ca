package io.floe.consensus.metadata.core;

import static io.floe.consensus.metadata.core.MetadataFixture.node;
import static io.floe.consensus.metadata.core.MetadataFixture.topicId;
import static io.floe.consensus.metadata.core.Refusal.Reason.CONFLICT;
import static io.floe.consensus.metadata.core.Refusal.Reason.INVALID_CONFIG;
import static io.floe.consensus.metadata.core.Refusal.Reason.INVALID_NAME;
import static io.floe.consensus.metadata.core.Refusal.Reason.INVALID_PARTITIONS;
import static io.floe.consensus.metadata.core.Refusal.Reason.INVALID_REPLICATION_FACTOR;
import static io.floe.consensus.metadata.core.Refusal.Reason.LIMIT_REACHED;
import static io.floe.consensus.metadata.core.Refusal.Reason.TOPIC_EXISTS;
import static io.floe.consensus.metadata.core.Refusal.Reason.UNKNOWN_NODE;
import static io.floe.consensus.metadata.core.Refusal.Reason.UNKNOWN_SEGMENT;
import static io.floe.consensus.metadata.core.Refusal.Reason.UNKNOWN_TOPIC;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.floe.consensus.BrokenInvariant;
import io.floe.consensus.metadata.core.MetadataCommand.AllocateProducerIds;
import io.floe.consensus.metadata.core.MetadataCommand.AlterTopicConfigs;
import io.floe.consensus.metadata.core.MetadataCommand.BeginSeal;
import io.floe.consensus.metadata.core.MetadataCommand.ConfigChange;
import io.floe.consensus.metadata.core.MetadataCommand.CreatePartitions;
import io.floe.consensus.metadata.core.MetadataCommand.CreateTopic;
import io.floe.consensus.metadata.core.MetadataCommand.DeleteTopic;
import io.floe.consensus.metadata.core.MetadataCommand.FoundCluster;
import io.floe.consensus.metadata.core.MetadataCommand.RegisterNode;
import io.floe.consensus.metadata.core.MetadataCommand.SealAndOpen;
import io.floe.consensus.metadata.core.MetadataCommand.SealAndOpenItem;
import io.floe.model.NodeId;
import io.floe.model.PartitionId;
import io.floe.model.SegmentId;
import java.util.Collections;
import java.util.List;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class MetadataMachineTest {
  private final MetadataFixture cluster = MetadataFixture.ofNodes(3);

  private static CreateTopic create(String name, int partitions, int replicationFactor) {
    return new CreateTopic(topicId(50), name, partitions, replicationFactor, new TreeMap<>());
  }

  private static CreateTopic create(String name, String config, String value) {
    TreeMap<String, String> configs = new TreeMap<>();
    configs.put(config, value);
    return new CreateTopic(topicId(50), name, 1, 3, configs);
  }

  private static AlterTopicConfigs alter(long version, String name, @Nullable String value) {
    return new AlterTopicConfigs(topicId(1), version, List.of(new ConfigChange(name, value)));
  }

  private static PartitionId partition(int topic, int index) {
    return new PartitionId(topicId(topic), index);
  }

  @Test
  void refusesEverythingBeforeTheClusterIsFounded() {
    MetadataFixture empty = new MetadataFixture();
    assertThat(empty.refuse(new RegisterNode(node(1, 1, 1))).reason()).isEqualTo(CONFLICT);
    assertThatThrownBy(() -> empty.state.clusterId()).isInstanceOf(IllegalStateException.class);
    assertThat(empty.refuse(new FoundCluster("a b")).reason()).isEqualTo(INVALID_NAME);
    assertThat(empty.refuse(new FoundCluster("")).reason()).isEqualTo(INVALID_NAME);
    empty.accept(new FoundCluster("abc"));
    assertThat(empty.state.clusterId()).isEqualTo("abc");
    assertThat(empty.refuse(new FoundCluster("abc")).reason()).isEqualTo(CONFLICT);
  }

  @Test
  void registersOnlyNewerLivesOfANode() {
    assertThat(cluster.accept(new RegisterNode(node(1, 101, 1)))).isEmpty();
    cluster.accept(new RegisterNode(node(1, 101, 5)));
    assertThat(cluster.refuse(new RegisterNode(node(1, 101, 4))).reason()).isEqualTo(CONFLICT);
    assertThat(cluster.state.node(new NodeId(1))).isEqualTo(node(1, 101, 5));
    cluster.accept(new RegisterNode(node(1, 999, 1)));
    assertThat(cluster.state.nodes()).hasSize(3);
  }

  @Test
  void refusesACopiedStore() {
    assertThat(cluster.refuse(new RegisterNode(node(7, 101, 1))))
        .isEqualTo(new Refusal(CONFLICT, "store 65 is registered already, by node 1"));
  }

  @Test
  void createsTopicsWithSegmentsOnTheNodesInTurn() {
    TopicRecord topic = cluster.createTopic(1, "orders", 4, 2);
    List<SegmentRecord> first =
        topic.partitions().stream().map(partition -> partition.last()).toList();
    assertThat(first).extracting(segment -> segment.id().value()).containsExactly(1L, 2L, 3L, 4L);
    assertThat(first).extracting(segment -> segment.epoch()).containsExactly(1, 2, 3, 4);
    assertThat(first)
        .extracting(segment -> segment.writer().node().value())
        .containsExactly(0, 1, 2, 0);
    assertThat(first).allMatch(segment -> segment.replicas().size() == 2);
    assertThat(first).allMatch(segment -> segment.ackQuorum() == 2);
    TopicRecord next = cluster.createTopic(2, "next", 1, 1);
    assertThat(next.partitions().get(0).last().writer().node().value()).isEqualTo(1);
    assertThat(cluster.state.partitionCount()).isEqualTo(5);
    assertThat(cluster.state.segmentCount()).isEqualTo(5);
  }

  @Test
  void lowersReplicationVisiblyButKeepsTheWish() {
    MetadataFixture single = MetadataFixture.ofNodes(1);
    TopicRecord topic = single.createTopic(1, "orders", 1, 3);
    assertThat(topic.replicationFactor()).isEqualTo(3);
    assertThat(topic.partitions().get(0).last().replicas()).hasSize(1);
    assertThat(topic.partitions().get(0).last().ackQuorum()).isEqualTo(1);
  }

  @Test
  void listsTopicsInNameOrder() {
    cluster.createTopic(3, "b", 1, 1);
    cluster.createTopic(1, "c", 1, 1);
    cluster.createTopic(2, "a", 1, 1);
    assertThat(cluster.state.topics()).extracting(TopicRecord::name).containsExactly("a", "b", "c");
  }

  @Test
  void refusesBadTopics() {
    cluster.createTopic(1, "my.topic_x", 1, 1);
    assertThat(cluster.refuse(create("my.topic_x", 1, 1)).reason()).isEqualTo(TOPIC_EXISTS);
    assertThat(cluster.refuse(create("my_topic.x", 1, 1)))
        .satisfies(refusal -> assertThat(refusal.reason()).isEqualTo(INVALID_NAME))
        .satisfies(refusal -> assertThat(refusal.message()).contains("collides", "my.topic_x"));
    for (String name : List.of("", ".", "..", "a b", "a/b", "ä", "a".repeat(250), "a\n")) {
      assertThat(cluster.refuse(create(name, 1, 1)).reason()).isEqualTo(INVALID_NAME);
    }
    assertThat(cluster.refuse(create("t", 0, 1)).reason()).isEqualTo(INVALID_PARTITIONS);
    assertThat(cluster.refuse(create("t", -1, 1)).reason()).isEqualTo(INVALID_PARTITIONS);
    assertThat(cluster.refuse(create("t", 10_001, 1)).reason()).isEqualTo(INVALID_PARTITIONS);
    assertThat(cluster.refuse(create("t", 1, 0)).reason()).isEqualTo(INVALID_REPLICATION_FACTOR);
    assertThat(cluster.refuse(create("t", 1, 16)).reason()).isEqualTo(INVALID_REPLICATION_FACTOR);
    assertThat(
            cluster
                .refuse(new CreateTopic(topicId(1), "t", 1, 1, Collections.emptySortedMap()))
                .reason())
        .isEqualTo(CONFLICT);
    cluster.accept(create("a".repeat(249), 1, 1));
  }

  @Test
  void freesNameAndCollisionFormOnDelete() {
    cluster.createTopic(1, "a.b", 2, 1);
    assertThat(cluster.refuse(create("a_b", 1, 1)).reason()).isEqualTo(INVALID_NAME);
    cluster.accept(new DeleteTopic(topicId(1)));
    assertThat(cluster.state.topics()).isEmpty();
    assertThat(cluster.state.segmentCount()).isZero();
    assertThat(cluster.refuse(new DeleteTopic(topicId(1))).reason()).isEqualTo(UNKNOWN_TOPIC);
    cluster.accept(create("a_b", 1, 1));
    assertThat(cluster.topic("a_b").partitions().get(0).last().id()).isEqualTo(new SegmentId(3));
  }

  @Test
  void boundsThePartitionsOfTheCluster() {
    for (int i = 0; i < 20; i++) {
      MetadataMachine.decide(cluster.state, create("t" + i, 10_000, 1));
      cluster.state =
          MetadataMachine.apply(
              cluster.state,
              ((Decision.Accepted)
                      MetadataMachine.decide(
                          cluster.state,
                          new CreateTopic(topicId(i), "t" + i, 10_000, 1, new TreeMap<>())))
                  .events()
                  .getFirst());
    }
    assertThat(cluster.refuse(create("one-more", 1, 1)).reason()).isEqualTo(LIMIT_REACHED);
  }

  @Test
  void raisesPartitionsOnlyFromTheExpectedNumber() {
    cluster.createTopic(1, "t", 2, 1);
    assertThat(cluster.refuse(new CreatePartitions(topicId(1), 1, 3)).reason()).isEqualTo(CONFLICT);
    assertThat(cluster.refuse(new CreatePartitions(topicId(1), 2, 2)).reason())
        .isEqualTo(INVALID_PARTITIONS);
    assertThat(cluster.refuse(new CreatePartitions(topicId(9), 2, 3)).reason())
        .isEqualTo(UNKNOWN_TOPIC);
    cluster.accept(new CreatePartitions(topicId(1), 2, 4));
    assertThat(cluster.topic("t").partitions()).hasSize(4);
    assertThat(cluster.topic("t").partitions().get(3).index()).isEqualTo(3);
    assertThat(cluster.topic("t").version()).isEqualTo(cluster.state.version());
  }

  @Test
  void keepsOnlyConfigsThatMeanSomething() {
    assertThat(cluster.refuse(create("t", "no.such.thing", "1")))
        .isEqualTo(
            new Refusal(INVALID_CONFIG, "topic config no.such.thing is unknown or not supported"));
    assertThat(cluster.refuse(create("t", "compression.type", "zstd")).message())
        .isEqualTo("compression.type=zstd is not supported, only producer");
    assertThat(cluster.refuse(create("t", "message.timestamp.type", "LogAppendTime")).reason())
        .isEqualTo(INVALID_CONFIG);
    assertThat(cluster.refuse(create("t", "segment.bytes", "ten")).message())
        .isEqualTo("segment.bytes=ten is not a whole number");
    assertThat(cluster.refuse(create("t", "segment.bytes", "10")).message())
        .isEqualTo("segment.bytes=10 is not between 1024 and 2147483647");
    assertThat(cluster.refuse(create("t", "cleanup.policy", "delete,shred")).reason())
        .isEqualTo(INVALID_CONFIG);
    assertThat(cluster.refuse(create("t", "min.cleanable.dirty.ratio", "NaN")).reason())
        .isEqualTo(INVALID_CONFIG);
    assertThat(cluster.refuse(create("t", "cleanup.policy", "x".repeat(2_000))).reason())
        .isEqualTo(INVALID_CONFIG);
    assertThat(cluster.refuse(create("t", "min.insync.replicas", "4")).message())
        .contains("more than the replication factor 3");
    cluster.accept(create("t", "cleanup.policy", "compact, delete"));
    assertThat(cluster.topic("t").configs()).containsEntry("cleanup.policy", "compact,delete");
  }

  @Test
  void saysWhatHasNoEffectYet() {
    assertThat(TopicConfigs.all()).extracting(TopicConfig::name).isSorted();
    for (TopicConfig config : TopicConfigs.all()) {
      assertThat(config.problem(config.defaultValue())).isNull();
    }
    assertThat(TopicConfigs.RETENTION_MS.describe()).contains("no effect yet");
    assertThat(TopicConfigs.CLEANUP_POLICY.describe()).contains("no effect yet");
  }

  @Test
  void minInsyncReplicasRaisesTheAckQuorumAndNeverLowersIt() {
    TreeMap<String, String> configs = new TreeMap<>();
    configs.put("min.insync.replicas", "3");
    assertThat(cluster.createTopic(1, "all", 1, 3, configs).partitions().get(0).last().ackQuorum())
        .isEqualTo(3);
    configs.put("min.insync.replicas", "1");
    assertThat(cluster.createTopic(2, "one", 1, 3, configs).partitions().get(0).last().ackQuorum())
        .isEqualTo(2);
  }

  @Test
  void altersConfigsOfTheExpectedVersion() {
    TopicRecord topic = cluster.createTopic(1, "t", 1, 3);
    assertThat(cluster.refuse(alter(topic.version() + 1, "segment.ms", "5000")).reason())
        .isEqualTo(CONFLICT);
    cluster.accept(alter(topic.version(), "segment.ms", " 5000 "));
    assertThat(cluster.topic("t").configs()).containsEntry("segment.ms", "5000");
    assertThat(cluster.topic("t").version()).isEqualTo(cluster.state.version());
    assertThat(cluster.accept(alter(-1, "segment.ms", "5000"))).isEmpty();
    assertThat(cluster.refuse(alter(-1, "segment.ms", "1")).reason()).isEqualTo(INVALID_CONFIG);
    assertThat(cluster.refuse(alter(-1, "none", null)).reason()).isEqualTo(INVALID_CONFIG);
    assertThat(cluster.refuse(alter(-1, "min.insync.replicas", "4")).reason())
        .isEqualTo(INVALID_CONFIG);
    cluster.accept(alter(-1, "segment.ms", null));
    assertThat(cluster.topic("t").configs()).isEmpty();
    ConfigChange change = new ConfigChange("segment.ms", "5000");
    assertThat(
            cluster
                .refuse(new AlterTopicConfigs(topicId(1), -1, List.of(change, change)))
                .message())
        .contains("twice");
  }

  @Test
  void plannedRollKeepsTheEpochAndTheChainContiguous() {
    cluster.createTopic(1, "t", 1, 3);
    long topicVersion = cluster.topic("t").version();
    cluster.accept(cluster.seal(cluster.roll(partition(1, 0), 10)));
    cluster.accept(cluster.seal(cluster.roll(partition(1, 0), 25)));
    PartitionRecord partition = cluster.partition(partition(1, 0));
    assertThat(partition.chain())
        .extracting(segment -> segment.baseOffset())
        .containsExactly(0L, 10L, 25L);
    assertThat(partition.chain()).allMatch(segment -> segment.epoch() == 1);
    assertThat(cluster.topic("t").version()).isEqualTo(topicVersion);
    assertThat(cluster.state.segmentCount()).isEqualTo(3);
  }

  @Test
  void emptySegmentLeavesTheChain() {
    cluster.createTopic(1, "t", 1, 3);
    cluster.accept(cluster.seal(cluster.roll(partition(1, 0), 10)));
    cluster.accept(cluster.seal(cluster.roll(partition(1, 0), 10)));
    PartitionRecord partition = cluster.partition(partition(1, 0));
    assertThat(partition.chain())
        .extracting(segment -> segment.id().value())
        .containsExactly(1L, 3L);
    assertThat(partition.last().baseOffset()).isEqualTo(10);
    assertThat(cluster.state.segmentCount()).isEqualTo(2);
  }

  @Test
  void sealOnFailureTakesANewEpochAndTheRightAttempt() {
    cluster.createTopic(1, "t", 1, 3);
    PartitionId id = partition(1, 0);
    SealAndOpenItem late = cluster.roll(id, 7);
    cluster.accept(new BeginSeal(id, new SegmentId(1), new NodeId(2)));
    cluster.accept(new BeginSeal(id, new SegmentId(1), new NodeId(1)));
    assertThat(cluster.partition(id).last().state())
        .isEqualTo(new SegmentState.Sealing(2, new NodeId(1)));
    assertThat(cluster.refuse(cluster.seal(late)).reason()).isEqualTo(CONFLICT);
    cluster.accept(new RegisterNode(node(1, 101, 2)));
    NodeRecord sealer = node(1, 101, 2);
    SealAndOpenItem item =
        new SealAndOpenItem(
            id,
            new SegmentId(1),
            2,
            5,
            99,
            false,
            late.finalReplicas(),
            false,
            sealer.writer(),
            late.nextReplicas(),
            2);
    assertThat(cluster.refuse(cluster.seal(withAttempt(item, 1))).reason()).isEqualTo(CONFLICT);
    cluster.accept(cluster.seal(item));
    SegmentRecord next = cluster.partition(id).last();
    assertThat(next.epoch()).isEqualTo(2);
    assertThat(next.baseOffset()).isEqualTo(5);
    assertThat(cluster.refuse(cluster.seal(item)).reason()).isEqualTo(UNKNOWN_SEGMENT);
    assertThat(cluster.refuse(new BeginSeal(id, new SegmentId(1), new NodeId(1))).reason())
        .isEqualTo(UNKNOWN_SEGMENT);
    assertThat(cluster.refuse(new BeginSeal(id, next.id(), new NodeId(9))).reason())
        .isEqualTo(UNKNOWN_NODE);
  }

  private static SealAndOpenItem withAttempt(SealAndOpenItem item, long attempt) {
    return new SealAndOpenItem(
        item.partition(),
        item.segment(),
        attempt,
        item.endOffset(),
        item.digest(),
        item.damaged(),
        item.finalReplicas(),
        item.keepEpoch(),
        item.writer(),
        item.nextReplicas(),
        item.nextAckQuorum());
  }

  @Test
  void refusesRollsThatWouldBreakAPromise() {
    cluster.createTopic(1, "t", 1, 3);
    PartitionId id = partition(1, 0);
    SealAndOpenItem good = cluster.roll(id, 10);
    ReplicaId unknown = node(8, 8, 1).replica();
    // Below the base, after a first roll.
    cluster.accept(cluster.seal(good));
    assertThat(cluster.refuse(cluster.seal(cluster.roll(id, 9))).message()).contains("below");
    good = cluster.roll(id, 20);
    // Too few final copies for the ack quorum (I7).
    assertRefused(good, good.finalReplicas().subList(0, 1), good.nextReplicas(), 2, "fewer than");
    assertRefused(
        good, List.of(good.finalReplicas().get(0), unknown), good.nextReplicas(), 2, "registered");
    assertRefused(
        good,
        List.of(good.finalReplicas().get(0), good.finalReplicas().get(0)),
        good.nextReplicas(),
        2,
        "twice");
    // The next ack quorum must not be lowered, nor be impossible.
    assertRefused(good, good.finalReplicas(), good.nextReplicas(), 1, "ack quorum 1");
    assertRefused(good, good.finalReplicas(), good.nextReplicas(), 4, "ack quorum 4");
    assertRefused(good, good.finalReplicas(), good.nextReplicas().subList(0, 1), 1, "ack quorum 1");
    // The writer must hold a copy.
    assertRefused(good, good.finalReplicas(), good.nextReplicas().subList(1, 3), 2, "writer's");
    assertRefused(
        good, good.finalReplicas(), List.of(good.nextReplicas().get(0), unknown), 2, "registered");
    cluster.accept(cluster.seal(good));
  }

  private void assertRefused(
      SealAndOpenItem item,
      List<ReplicaId> finals,
      List<ReplicaId> nexts,
      int ackQuorum,
      String message) {
    SealAndOpenItem changed =
        new SealAndOpenItem(
            item.partition(),
            item.segment(),
            item.attempt(),
            item.endOffset(),
            item.digest(),
            item.damaged(),
            finals,
            item.keepEpoch(),
            item.writer(),
            nexts,
            ackQuorum);
    assertThat(cluster.refuse(cluster.seal(changed)).message()).contains(message);
  }

  @Test
  void newProcessNeverKeepsTheEpoch() {
    cluster.createTopic(1, "t", 1, 3);
    PartitionId id = partition(1, 0);
    SealAndOpenItem roll = cluster.roll(id, 10);
    cluster.accept(new RegisterNode(node(0, 100, 2)));
    // The old process is registered no more.
    assertThat(cluster.refuse(cluster.seal(roll)).reason()).isEqualTo(UNKNOWN_NODE);
    SealAndOpenItem asNew =
        new SealAndOpenItem(
            id,
            roll.segment(),
            0,
            10,
            99,
            false,
            roll.finalReplicas(),
            true,
            node(0, 100, 2).writer(),
            roll.nextReplicas(),
            2);
    assertThat(cluster.refuse(cluster.seal(asNew)).message()).contains("epoch");
  }

  @Test
  void wipedStoreThatCountsItsProcessesAnewIsAnotherWriter() {
    MetadataFixture single = MetadataFixture.ofNodes(1);
    single.createTopic(1, "t", 1, 1);
    PartitionId id = partition(1, 0);
    SealAndOpenItem roll = single.roll(id, 0);
    single.accept(new RegisterNode(node(0, 777, 1)));
    SealAndOpenItem wiped =
        new SealAndOpenItem(
            id,
            roll.segment(),
            0,
            0,
            99,
            false,
            List.of(),
            true,
            roll.writer(),
            List.of(node(0, 777, 1).replica()),
            1);
    assertThat(single.refuse(single.seal(wiped)).message()).contains("epoch");
  }

  @Test
  void appliesTheGoodItemsOfASealAndReportsTheOthers() {
    cluster.createTopic(1, "t", 3, 1);
    SealAndOpenItem stale = withAttempt(cluster.roll(partition(1, 1), 4), 3);
    List<MetadataEvent> events =
        cluster.accept(
            cluster.seal(
                cluster.roll(partition(1, 0), 4),
                stale,
                cluster.roll(partition(1, 2), 4),
                cluster.roll(partition(1, 2), 5)));
    MetadataEvent.SegmentsSealedAndOpened event =
        (MetadataEvent.SegmentsSealedAndOpened) events.getFirst();
    assertThat(event.applied()).hasSize(2);
    assertThat(event.refused())
        .extracting(refused -> refused.refusal().reason())
        .containsExactly(CONFLICT, CONFLICT);
    assertThat(cluster.refuse(cluster.seal(stale)).reason()).isEqualTo(CONFLICT);
    assertThat(cluster.refuse(new SealAndOpen(List.of())).reason()).isEqualTo(LIMIT_REACHED);
    assertThat(cluster.refuse(new SealAndOpen(Collections.nCopies(1_001, stale))).reason())
        .isEqualTo(LIMIT_REACHED);
  }

  @Test
  void handsOutProducerIdsOnce() {
    cluster.accept(new AllocateProducerIds(new NodeId(0), 1_000));
    assertThat(cluster.accept(new AllocateProducerIds(new NodeId(1), 10)))
        .containsExactly(new MetadataEvent.ProducerIdsAllocated(new NodeId(1), 1_000, 10));
    assertThat(cluster.state.nextProducerId()).isEqualTo(1_010);
    assertThat(cluster.refuse(new AllocateProducerIds(new NodeId(9), 10)).reason())
        .isEqualTo(UNKNOWN_NODE);
    assertThat(cluster.refuse(new AllocateProducerIds(new NodeId(0), 0)).reason())
        .isEqualTo(LIMIT_REACHED);
    assertThat(cluster.refuse(new AllocateProducerIds(new NodeId(0), 100_001)).reason())
        .isEqualTo(LIMIT_REACHED);
  }

  @Test
  void eventsOfAnotherLogBreakAnInvariant() {
    cluster.createTopic(1, "t", 1, 1);
    MetadataEvent created = cluster.events.getLast();
    assertThatThrownBy(() -> MetadataMachine.apply(cluster.state, created))
        .isInstanceOf(BrokenInvariant.class);
    MetadataFixture other = MetadataFixture.ofNodes(3);
    other.createTopic(2, "other", 1, 1);
    other.accept(other.seal(other.roll(partition(2, 0), 4)));
    assertThatThrownBy(() -> MetadataMachine.apply(cluster.state, other.events.getLast()))
        .isInstanceOf(BrokenInvariant.class);
    MetadataEvent sealedTwice = other.events.getLast();
    assertThatThrownBy(() -> MetadataMachine.apply(other.state, sealedTwice))
        .isInstanceOf(BrokenInvariant.class);
  }
}
