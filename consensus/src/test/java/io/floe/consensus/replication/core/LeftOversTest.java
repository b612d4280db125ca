package io.floe.consensus.replication.core;

import static org.assertj.core.api.Assertions.assertThat;

import io.floe.consensus.metadata.core.Decision;
import io.floe.consensus.metadata.core.MetadataCommand;
import io.floe.consensus.metadata.core.MetadataCommand.SealAndOpenItem;
import io.floe.consensus.metadata.core.MetadataMachine;
import io.floe.consensus.metadata.core.MetadataState;
import io.floe.consensus.metadata.core.NodeRecord;
import io.floe.consensus.metadata.core.ReplicaId;
import io.floe.consensus.metadata.core.WriterId;
import io.floe.model.NodeId;
import io.floe.model.PartitionId;
import io.floe.model.ProcessIncarnation;
import io.floe.model.SegmentId;
import io.floe.model.StoreIncarnation;
import io.floe.model.TopicId;
import io.floe.model.batch.ChainDigest;
import java.util.List;
import java.util.Objects;
import java.util.TreeMap;
import java.util.UUID;
import org.junit.jupiter.api.Test;

class LeftOversTest {
  private static final NodeId NODE = new NodeId(1);
  private static final ReplicaId REPLICA = new ReplicaId(NODE, new StoreIncarnation(1));
  private static final LeftOvers.Offsets NOTHING = new LeftOvers.Offsets(0, 0);

  private final TopicId topic = new TopicId(UUID.randomUUID());
  private MetadataState state = MetadataState.EMPTY;

  LeftOversTest() {
    apply(new MetadataCommand.FoundCluster("c"));
    live(1);
    apply(new MetadataCommand.CreateTopic(topic, "t", 2, 1, new TreeMap<>()));
  }

  private void apply(MetadataCommand command) {
    assertThat(MetadataMachine.decide(state, command))
        .isInstanceOfSatisfying(
            Decision.Accepted.class,
            accepted ->
                accepted.events().forEach(event -> state = MetadataMachine.apply(state, event)));
  }

  private static WriterId writer(long life) {
    return new WriterId(NODE, new ProcessIncarnation(life));
  }

  private void live(long life) {
    apply(
        new MetadataCommand.RegisterNode(
            new NodeRecord(
                NODE, REPLICA.incarnation(), new ProcessIncarnation(life), "localhost", 1, null)));
  }

  private void roll(int partition, long segment, long end) {
    apply(
        new MetadataCommand.SealAndOpen(
            List.of(
                new SealAndOpenItem(
                    id(partition),
                    new SegmentId(segment),
                    0,
                    end,
                    0,
                    false,
                    List.of(REPLICA),
                    true,
                    writer(1),
                    List.of(REPLICA),
                    1))));
  }

  private PartitionId id(int index) {
    return new PartitionId(topic, index);
  }

  private static LeftOvers.Recovered found(
      long segment, long end, LeftOvers.Offsets inDoubt, LeftOvers.Offsets... bad) {
    return new LeftOvers.Recovered(
        new SegmentId(segment), end, segment * 100, inDoubt, List.of(bad));
  }

  private LeftOvers plan(List<LeftOvers.Recovered> recovered, long... held) {
    return LeftOvers.plan(
        state,
        writer(2),
        REPLICA,
        recovered,
        java.util.Arrays.stream(held).mapToObj(SegmentId::new).toList());
  }

  @Test
  void sealsWhatAnEarlierLifeLeftOpenAtTheRecoveredEnd() {
    live(2);
    LeftOvers plan = plan(List.of(found(1, 7, NOTHING)), 1);
    assertThat(plan.toSeal()).hasSize(2);
    SealAndOpenItem first = plan.toSeal().get(0);
    assertThat(first.segment()).isEqualTo(new SegmentId(1));
    assertThat(first.endOffset()).isEqualTo(7);
    assertThat(first.digest()).isEqualTo(100);
    assertThat(first.keepEpoch()).isFalse();
    assertThat(first.damaged()).isFalse();
    assertThat(first.writer()).isEqualTo(writer(2));
    SealAndOpenItem second = plan.toSeal().get(1);
    assertThat(second.endOffset()).as("never written to").isZero();
    assertThat(second.digest()).isEqualTo(ChainDigest.start(2));
    assertThat(plan.toFinish()).hasSize(1);
    assertThat(plan.toFinish().get(0).endOffset()).isEqualTo(7);
    assertThat(plan.toDelete()).isEmpty();
    assertThat(plan.troubles()).isEmpty();
    apply(new MetadataCommand.SealAndOpen(plan.toSeal()));
    assertThat(Objects.requireNonNull(state.partition(id(0))).last().epoch()).isGreaterThan(2);
  }

  @Test
  void leavesTheSegmentsOfThisLifeAlone() {
    LeftOvers plan = LeftOvers.plan(state, writer(1), REPLICA, List.of(), List.of());
    assertThat(plan.toSeal()).isEmpty();
  }

  @Test
  void finishesWhatIsSealedInTheMetadataOnly() {
    roll(0, 1, 5);
    live(2);
    LeftOvers plan = plan(List.of(found(1, 5, NOTHING)), 1);
    assertThat(plan.toFinish()).hasSize(1);
    assertThat(plan.toFinish().get(0).endOffset()).isEqualTo(5);
    assertThat(plan.toFinish().get(0).index()).isZero();
    assertThat(plan.toSeal())
        .extracting(SealAndOpenItem::segment)
        .containsExactly(new SegmentId(3), new SegmentId(2));
  }

  @Test
  void cutsAtTheAgreedEndWhatWasWrittenBeyondIt() {
    roll(0, 1, 5);
    live(2);
    LeftOvers plan = plan(List.of(found(1, 9, NOTHING)), 1);
    assertThat(plan.toFinish().get(0).endOffset()).isEqualTo(5);
  }

  @Test
  void reportsASealedSegmentThatIsShortOrMissing() {
    roll(0, 1, 5);
    live(2);
    LeftOvers isShort = plan(List.of(found(1, 3, new LeftOvers.Offsets(3, 5))), 1);
    assertThat(isShort.toFinish()).isEmpty();
    assertThat(isShort.troubles()).hasSize(1);
    assertThat(isShort.troubles().get(0)).contains("sealed at offset 5").contains("only to 3");
    LeftOvers isMissing = plan(List.of());
    assertThat(isMissing.troubles()).hasSize(1);
    assertThat(isMissing.troubles().get(0)).contains("not in the store");
    assertThat(plan(List.of(), 1).troubles()).as("with its footer").isEmpty();
  }

  @Test
  void sealsDamageIntoTheChainAndReportsIt() {
    live(2);
    LeftOvers plan = plan(List.of(found(1, 9, NOTHING, new LeftOvers.Offsets(3, 5))), 1);
    assertThat(plan.toSeal().get(0).damaged()).isTrue();
    assertThat(plan.toSeal().get(0).endOffset()).isEqualTo(9);
    assertThat(plan.troubles()).hasSize(1);
    assertThat(plan.troubles().get(0)).contains("offsets 3 to 4 are damaged");
  }

  @Test
  void countsWhatIsInDoubtAsShortAndReportsIt() {
    live(2);
    LeftOvers plan = plan(List.of(found(1, 7, new LeftOvers.Offsets(7, 9))), 1);
    assertThat(plan.toSeal().get(0).endOffset()).isEqualTo(7);
    assertThat(plan.toSeal().get(0).damaged()).isFalse();
    assertThat(plan.troubles()).hasSize(1);
    assertThat(plan.troubles().get(0)).contains("offsets 7 to 8");
  }

  @Test
  void deletesWhatNoPartitionListsUnlessItIsNewerThanTheMetadata() {
    roll(0, 1, 0); // empty: leaves the chain
    live(2);
    LeftOvers plan = plan(List.of(), 1, 2, 3, 4, 5);
    assertThat(plan.toDelete()).containsExactly(new SegmentId(1));
    assertThat(plan.unheardOf()).containsExactly(new SegmentId(4), new SegmentId(5));
  }
}
