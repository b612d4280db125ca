package io.floe.consensus.metadata.core;

import static io.floe.consensus.metadata.core.MetadataFixture.topicId;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.floe.consensus.metadata.core.MetadataCommand.ConfigChange;
import io.floe.model.NodeId;
import io.floe.model.PartitionId;
import io.floe.model.ProcessIncarnation;
import io.floe.model.SegmentId;
import io.floe.model.StoreIncarnation;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.pcollections.TreePMap;

/// The bytes of version 1, written out: a change of any of them loses what clusters have stored.
class MetadataCodecTest {
  private static final String TOPIC = "00000000000000070000000000000001";
  private static final ReplicaId REPLICA = new ReplicaId(new NodeId(1), new StoreIncarnation(10));
  private static final String REPLICAS = "0001" + "00000001" + "000000000000000a";
  private static final String SEGMENT =
      "0000000000000003" // id
          + "00000004" // epoch
          + "0000000000000005" // base offset
          + "00000001" // writer node
          + "0000000000000002" // writer process
          + REPLICAS
          + "0001"; // ack quorum
  private static final String SEALED =
      "0000000000000009" + "00000000000000ff" + REPLICAS + "01"; // damaged

  private static SegmentRecord segment(SegmentState state) {
    return new SegmentRecord(
        new SegmentId(3),
        4,
        5,
        new WriterId(new NodeId(1), new ProcessIncarnation(2)),
        List.of(REPLICA),
        1,
        state);
  }

  private static void assertGolden(MetadataEvent event, String hex) {
    assertThat(HexFormat.of().formatHex(MetadataCodec.encode(event))).isEqualTo(hex);
    assertThat(MetadataCodec.decode(HexFormat.of().parseHex(hex))).isEqualTo(event);
  }

  @Test
  void goldenBytesOfVersion1() {
    SegmentState.Sealed sealed = new SegmentState.Sealed(9, 255, List.of(REPLICA), true);
    PartitionId partition = new PartitionId(topicId(1), 6);
    assertGolden(new MetadataEvent.ClusterFounded("ab"), "0101" + "0002" + "6162");
    assertGolden(
        new MetadataEvent.NodeRegistered(
            new NodeRecord(
                new NodeId(1),
                new StoreIncarnation(10),
                new ProcessIncarnation(2),
                "h",
                9092,
                "r")),
        "0102"
            + "00000001"
            + "000000000000000a"
            + "0000000000000002"
            + "000168"
            + "2384"
            + "01"
            + "000172");
    assertGolden(
        new MetadataEvent.TopicCreated(
            topicId(1),
            "t",
            3,
            TreePMap.singleton("k", "v"),
            List.of(segment(new SegmentState.Open()))),
        "0103"
            + TOPIC
            + "000174"
            + "0003"
            + "00000001"
            + "00016b"
            + "000176"
            + "00000001"
            + SEGMENT
            + "00");
    assertGolden(new MetadataEvent.TopicDeleted(topicId(1)), "0104" + TOPIC);
    assertGolden(
        new MetadataEvent.PartitionsCreated(
            topicId(1),
            2,
            List.of(segment(new SegmentState.Sealing(7, new NodeId(1))), segment(sealed))),
        "0105"
            + TOPIC
            + "00000002"
            + "00000002"
            + SEGMENT
            + "01"
            + "0000000000000007"
            + "00000001"
            + SEGMENT
            + "02"
            + SEALED);
    assertGolden(
        new MetadataEvent.TopicConfigsAltered(
            topicId(1), List.of(new ConfigChange("a", "b"), new ConfigChange("c", null))),
        "0106" + TOPIC + "00000002" + "000161" + "01" + "000162" + "000163" + "00");
    assertGolden(
        new MetadataEvent.SegmentsSealedAndOpened(
            List.of(
                new MetadataEvent.SealedAndOpened(
                    partition, new SegmentId(2), sealed, segment(new SegmentState.Open()))),
            List.of(
                new MetadataEvent.SealRefused(
                    partition, new SegmentId(8), new Refusal(Refusal.Reason.CONFLICT, "no")))),
        "0107"
            + "00000001"
            + TOPIC
            + "00000006"
            + "0000000000000002"
            + SEALED
            + SEGMENT
            + "00"
            + "00000001"
            + TOPIC
            + "00000006"
            + "0000000000000008"
            + "09"
            + "0002"
            + "6e6f");
    assertGolden(
        new MetadataEvent.SegmentSealingBegun(partition, new SegmentId(2), 5, new NodeId(1)),
        "0108" + TOPIC + "00000006" + "0000000000000002" + "0000000000000005" + "00000001");
    assertGolden(
        new MetadataEvent.ProducerIdsAllocated(new NodeId(1), 1_000, 16),
        "0109" + "00000001" + "00000000000003e8" + "00000010");
  }

  @Test
  void goldenBytesOfASnapshotOfVersion1() {
    MetadataFixture single = MetadataFixture.ofNodes(1);
    single.createTopic(1, "t", 1, 1);
    List<byte[]> chunks = new ArrayList<>();
    MetadataSnapshot.write(single.state, chunks::add);
    assertThat(chunks).hasSize(1);
    assertThat(HexFormat.of().formatHex(chunks.getFirst()))
        .isEqualTo(
            "01"
                + "01"
                + "01"
                + "000c"
                + "746573742d636c7573746572"
                + "0000000000000003"
                + "0000000000000002"
                + "00000002"
                + "0000000000000000"
                + "02"
                + "00000000"
                + "0000000000000064"
                + "0000000000000001"
                + "0006"
                + "686f73742d30"
                + "2384"
                + "00"
                + "03"
                + TOPIC
                + "000174"
                + "0001"
                + "00000000"
                + "0000000000000003"
                + "04"
                + "0000000000000000"
                + "05"
                + "0000000000000001"
                + "00000001"
                + "0000000000000000"
                + "00000000"
                + "0000000000000001"
                + "0001"
                + "00000000"
                + "0000000000000064"
                + "0001"
                + "00"
                + "06"
                + "00000001"
                + "00000001"
                + "00000001");
  }

  @Test
  void refusesWhatANewerProgramWrote() {
    assertThatThrownBy(() -> MetadataCodec.decode(new byte[] {2, 1, 0, 0}))
        .isInstanceOf(MalformedMetadata.class)
        .hasMessage("metadata of format version 2; this program reads version 1");
    assertThatThrownBy(() -> new MetadataSnapshot.Assembler().add(new byte[] {7, 1}))
        .isInstanceOf(MalformedMetadata.class)
        .hasMessageContaining("version 7");
    assertThatThrownBy(() -> MetadataCodec.decode(new byte[] {1, 77}))
        .isInstanceOf(MalformedMetadata.class)
        .hasMessageContaining("unknown type 77");
  }

  @Test
  void refusesHostileLengths() {
    byte[] hugeCount = HexFormat.of().parseHex("0105" + TOPIC + "00000002" + "7fffffff" + "00");
    assertThatThrownBy(() -> MetadataCodec.decode(hugeCount))
        .isInstanceOf(MalformedMetadata.class)
        .hasMessageContaining("2147483647 elements");
    byte[] negative = HexFormat.of().parseHex("0105" + TOPIC + "00000002" + "ffffffff" + "00");
    assertThatThrownBy(() -> MetadataCodec.decode(negative)).isInstanceOf(MalformedMetadata.class);
    byte[] longText = HexFormat.of().parseHex("0101" + "ffff" + "61");
    assertThatThrownBy(() -> MetadataCodec.decode(longText)).isInstanceOf(MalformedMetadata.class);
    byte[] notUtf8 = HexFormat.of().parseHex("0101" + "0001" + "ff");
    assertThatThrownBy(() -> MetadataCodec.decode(notUtf8)).isInstanceOf(MalformedMetadata.class);
    byte[] tooMuch = HexFormat.of().parseHex("0101" + "0001" + "61" + "00");
    assertThatThrownBy(() -> MetadataCodec.decode(tooMuch)).isInstanceOf(MalformedMetadata.class);
  }
}
