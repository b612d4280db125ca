package io.floe.consensus.metadata.core;

import io.floe.consensus.metadata.core.MetadataCommand.ConfigChange;
import io.floe.consensus.metadata.core.MetadataEvent.ClusterFounded;
import io.floe.consensus.metadata.core.MetadataEvent.NodeRegistered;
import io.floe.consensus.metadata.core.MetadataEvent.NodeUnregistered;
import io.floe.consensus.metadata.core.MetadataEvent.PartitionsCreated;
import io.floe.consensus.metadata.core.MetadataEvent.ProducerIdsAllocated;
import io.floe.consensus.metadata.core.MetadataEvent.SealRefused;
import io.floe.consensus.metadata.core.MetadataEvent.SealedAndOpened;
import io.floe.consensus.metadata.core.MetadataEvent.SegmentSealingBegun;
import io.floe.consensus.metadata.core.MetadataEvent.SegmentsSealedAndOpened;
import io.floe.consensus.metadata.core.MetadataEvent.TopicConfigsAltered;
import io.floe.consensus.metadata.core.MetadataEvent.TopicCreated;
import io.floe.consensus.metadata.core.MetadataEvent.TopicDeleted;
import io.floe.model.NodeId;
import io.floe.model.PartitionId;
import io.floe.model.ProcessIncarnation;
import io.floe.model.SegmentId;
import io.floe.model.StoreIncarnation;
import io.floe.model.TopicId;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.UUID;
import org.pcollections.PSortedMap;
import org.pcollections.TreePMap;

/// The stored form of metadata events. [MetadataSnapshot] is that of whole states, with the same
/// pieces.
///
/// ```
///   0         1      2
///   +---------+------+----------------------------------------------
///   | version | type | fields of the type
///   |    1    |      |
///   +---------+------+----------------------------------------------
///
///   type  event                   fields
///   1     ClusterFounded          text cluster id
///   2     NodeRegistered          node
///   3     TopicCreated            uuid, text name, u16 replication factor, configs, segments
///   4     TopicDeleted            uuid
///   5     PartitionsCreated       uuid, i32 first partition, segments
///   6     TopicConfigsAltered     uuid, i32 n, n × {text name, u8 isSet, text value if set}
///   7     SegmentsSealedAndOpened i32 n, n × {partition, i64 segment, sealed, segment record},
///                                 i32 m, m × {partition, i64 segment, u8 reason, text message}
///   8     SegmentSealingBegun     partition, i64 segment, i64 attempt, i32 sealer
///   9     ProducerIdsAllocated    i32 node, i64 first id, i32 count
///   10    NodeUnregistered        i32 node
///
///   text       u16 length, UTF-8          uuid      i64 high, i64 low
///   partition  uuid, i32 index            replica   i32 node, i64 store incarnation
///   replicas   u16 n, n × replica         configs   i32 n, n × {text name, text value}
///   node       i32 id, i64 store, i64 process, text host, u16 port, u8 hasRack, text rack if so
///   sealed     i64 end offset, i64 digest, replicas, u8 isDamaged
///   segments   i32 n, n × segment record
///   segment    i64 id, i32 epoch, i64 base offset, i32 writer node, i64 writer process,
///    record    replicas, u16 ack quorum, u8 state: 0 open
///                                                  1 sealing, i64 attempt, i32 sealer
///                                                  2 sealed, as above
///   reason     1 to 11, in the order of [Refusal.Reason]
/// ```
///
/// All numbers are big-endian. A change of any of this takes a new version number; older versions
/// stay readable.
///
/// Thread-safety: stateless. Errors: [MalformedMetadata]; no length in the bytes makes a decoder
/// allocate more than a small multiple of the bytes that are there.
public final class MetadataCodec {
  static final int VERSION = 1;

  /// Smallest size of a stored segment record: what bounds a hostile count of them.
  static final int SEGMENT_BYTES_MIN = 8 + 4 + 8 + 4 + 8 + 2 + 2 + 1;

  private static final int UUID_BYTES = 16;
  private static final int PARTITION_BYTES = UUID_BYTES + 4;

  private MetadataCodec() {}

  /// The stored form of an event.
  public static byte[] encode(MetadataEvent event) {
    ByteWriter out = new ByteWriter().u8(VERSION);
    switch (event) {
      case ClusterFounded e -> out.u8(1).text(e.clusterId());
      case NodeRegistered e -> writeNode(out.u8(2), e.node());
      case TopicCreated e -> {
        writeTopicId(out.u8(3), e.id());
        out.text(e.name()).u16(e.replicationFactor());
        writeConfigs(out, e.configs());
        writeSegments(out, e.segments());
      }
      case TopicDeleted e -> writeTopicId(out.u8(4), e.id());
      case PartitionsCreated e -> {
        writeTopicId(out.u8(5), e.id());
        writeSegments(out.i32(e.firstPartition()), e.segments());
      }
      case TopicConfigsAltered e -> {
        writeTopicId(out.u8(6), e.id());
        out.i32(e.changes().size());
        e.changes().forEach(change -> writeChange(out, change));
      }
      case SegmentsSealedAndOpened e -> {
        out.u8(7).i32(e.applied().size());
        for (SealedAndOpened item : e.applied()) {
          writePartition(out, item.partition());
          writeSealed(out.i64(item.segment().value()), item.sealed());
          writeSegment(out, item.next());
        }
        out.i32(e.refused().size());
        for (SealRefused item : e.refused()) {
          writePartition(out, item.partition());
          out.i64(item.segment().value()).u8(reasonCode(item.refusal().reason()));
          out.text(item.refusal().message());
        }
      }
      case SegmentSealingBegun e -> {
        writePartition(out.u8(8), e.partition());
        out.i64(e.segment().value()).i64(e.attempt()).i32(e.sealer().value());
      }
      case ProducerIdsAllocated e ->
          out.u8(9).i32(e.node().value()).i64(e.firstId()).i32(e.count());
      case NodeUnregistered e -> out.u8(10).i32(e.node().value());
    }
    return out.toBytes();
  }

  /// The event that was stored.
  public static MetadataEvent decode(byte[] bytes) {
    ByteReader in = new ByteReader(bytes);
    checkVersion(in);
    try {
      MetadataEvent event = readEvent(in);
      in.end();
      return event;
    } catch (IllegalArgumentException invalid) {
      // A record's own constructor refused what the bytes say.
      throw new MalformedMetadata("metadata event: " + invalid.getMessage(), invalid);
    }
  }

  static void checkVersion(ByteReader in) {
    int version = in.u8();
    if (version != VERSION) {
      throw new MalformedMetadata(
          "metadata of format version " + version + "; this program reads version " + VERSION);
    }
  }

  private static MetadataEvent readEvent(ByteReader in) {
    int type = in.u8();
    return switch (type) {
      case 1 -> new ClusterFounded(in.text());
      case 2 -> new NodeRegistered(readNode(in));
      case 3 ->
          new TopicCreated(readTopicId(in), in.text(), in.u16(), readConfigs(in), readSegments(in));
      case 4 -> new TopicDeleted(readTopicId(in));
      case 5 -> new PartitionsCreated(readTopicId(in), in.i32(), readSegments(in));
      case 6 -> readConfigsAltered(in);
      case 7 -> readSealedAndOpened(in);
      case 8 ->
          new SegmentSealingBegun(
              readPartition(in), new SegmentId(in.i64()), in.i64(), new NodeId(in.i32()));
      case 9 -> new ProducerIdsAllocated(new NodeId(in.i32()), in.i64(), in.i32());
      case 10 -> new NodeUnregistered(new NodeId(in.i32()));
      default -> throw new MalformedMetadata("unknown type " + type + " of a metadata event");
    };
  }

  private static TopicConfigsAltered readConfigsAltered(ByteReader in) {
    return new TopicConfigsAltered(readTopicId(in), readChanges(in));
  }

  static List<ConfigChange> readChanges(ByteReader in) {
    int count = in.count(3);
    List<ConfigChange> changes = new ArrayList<>(count);
    for (int i = 0; i < count; i++) {
      changes.add(new ConfigChange(in.text(), readBoolean(in) ? in.text() : null));
    }
    return changes;
  }

  private static SegmentsSealedAndOpened readSealedAndOpened(ByteReader in) {
    int appliedCount = in.count(PARTITION_BYTES + SEGMENT_BYTES_MIN);
    List<SealedAndOpened> applied = new ArrayList<>(appliedCount);
    for (int i = 0; i < appliedCount; i++) {
      applied.add(
          new SealedAndOpened(
              readPartition(in), new SegmentId(in.i64()), readSealed(in), readSegment(in)));
    }
    int refusedCount = in.count(PARTITION_BYTES + 8 + 1 + 2);
    List<SealRefused> refused = new ArrayList<>(refusedCount);
    for (int i = 0; i < refusedCount; i++) {
      refused.add(
          new SealRefused(
              readPartition(in), new SegmentId(in.i64()), new Refusal(readReason(in), in.text())));
    }
    return new SegmentsSealedAndOpened(applied, refused);
  }

  static void writeNode(ByteWriter out, NodeRecord node) {
    out.i32(node.id().value()).i64(node.store().value()).i64(node.process().value());
    out.text(node.kafkaHost()).u16(node.kafkaPort());
    String rack = node.rack();
    out.u8(rack == null ? 0 : 1);
    if (rack != null) {
      out.text(rack);
    }
  }

  static NodeRecord readNode(ByteReader in) {
    return new NodeRecord(
        new NodeId(in.i32()),
        new StoreIncarnation(in.i64()),
        new ProcessIncarnation(in.i64()),
        in.text(),
        in.u16(),
        readBoolean(in) ? in.text() : null);
  }

  static void writeTopicId(ByteWriter out, TopicId id) {
    out.i64(id.value().getMostSignificantBits()).i64(id.value().getLeastSignificantBits());
  }

  static TopicId readTopicId(ByteReader in) {
    return new TopicId(new UUID(in.i64(), in.i64()));
  }

  static void writePartition(ByteWriter out, PartitionId id) {
    writeTopicId(out, id.topic());
    out.i32(id.index());
  }

  static PartitionId readPartition(ByteReader in) {
    return new PartitionId(readTopicId(in), in.i32());
  }

  static void writeConfigs(ByteWriter out, SortedMap<String, String> configs) {
    out.i32(configs.size());
    for (Map.Entry<String, String> config : configs.entrySet()) {
      out.text(config.getKey()).text(config.getValue());
    }
  }

  static PSortedMap<String, String> readConfigs(ByteReader in) {
    int count = in.count(4);
    PSortedMap<String, String> configs = TreePMap.empty();
    for (int i = 0; i < count; i++) {
      configs = configs.plus(in.text(), in.text());
    }
    return configs;
  }

  static void writeChange(ByteWriter out, ConfigChange change) {
    String value = change.value();
    out.text(change.name()).u8(value == null ? 0 : 1);
    if (value != null) {
      out.text(value);
    }
  }

  private static void writeSegments(ByteWriter out, List<SegmentRecord> segments) {
    out.i32(segments.size());
    segments.forEach(segment -> writeSegment(out, segment));
  }

  private static List<SegmentRecord> readSegments(ByteReader in) {
    int count = in.count(SEGMENT_BYTES_MIN);
    List<SegmentRecord> segments = new ArrayList<>(count);
    for (int i = 0; i < count; i++) {
      segments.add(readSegment(in));
    }
    return segments;
  }

  static void writeSegment(ByteWriter out, SegmentRecord segment) {
    out.i64(segment.id().value()).i32(segment.epoch()).i64(segment.baseOffset());
    out.i32(segment.writer().node().value()).i64(segment.writer().incarnation().value());
    writeReplicas(out, segment.replicas());
    out.u16(segment.ackQuorum());
    switch (segment.state()) {
      case SegmentState.Open open -> out.u8(0);
      case SegmentState.Sealing sealing ->
          out.u8(1).i64(sealing.attempt()).i32(sealing.sealer().value());
      case SegmentState.Sealed sealed -> writeSealed(out.u8(2), sealed);
    }
  }

  static SegmentRecord readSegment(ByteReader in) {
    return new SegmentRecord(
        new SegmentId(in.i64()),
        in.i32(),
        in.i64(),
        new WriterId(new NodeId(in.i32()), new ProcessIncarnation(in.i64())),
        readReplicas(in),
        in.u16(),
        readSegmentState(in));
  }

  private static SegmentState readSegmentState(ByteReader in) {
    int state = in.u8();
    return switch (state) {
      case 0 -> new SegmentState.Open();
      case 1 -> new SegmentState.Sealing(in.i64(), new NodeId(in.i32()));
      case 2 -> readSealed(in);
      default -> throw new MalformedMetadata("unknown state " + state + " of a segment");
    };
  }

  private static void writeSealed(ByteWriter out, SegmentState.Sealed sealed) {
    out.i64(sealed.endOffset()).i64(sealed.digest());
    writeReplicas(out, sealed.replicas());
    out.u8(sealed.damaged() ? 1 : 0);
  }

  private static SegmentState.Sealed readSealed(ByteReader in) {
    return new SegmentState.Sealed(in.i64(), in.i64(), readReplicas(in), readBoolean(in));
  }

  static void writeReplicas(ByteWriter out, List<ReplicaId> replicas) {
    out.u16(replicas.size());
    for (ReplicaId replica : replicas) {
      out.i32(replica.node().value()).i64(replica.incarnation().value());
    }
  }

  static List<ReplicaId> readReplicas(ByteReader in) {
    int count = in.u16();
    List<ReplicaId> replicas = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      replicas.add(new ReplicaId(new NodeId(in.i32()), new StoreIncarnation(in.i64())));
    }
    return replicas;
  }

  static boolean readBoolean(ByteReader in) {
    int value = in.u8();
    if (value > 1) {
      throw new MalformedMetadata(value + " is neither 0 nor 1");
    }
    return value == 1;
  }

  /// Written out, so that a reordered enum does not change what is stored.
  static int reasonCode(Refusal.Reason reason) {
    return switch (reason) {
      case INVALID_NAME -> 1;
      case INVALID_PARTITIONS -> 2;
      case INVALID_REPLICATION_FACTOR -> 3;
      case INVALID_CONFIG -> 4;
      case TOPIC_EXISTS -> 5;
      case UNKNOWN_TOPIC -> 6;
      case UNKNOWN_SEGMENT -> 7;
      case UNKNOWN_NODE -> 8;
      case CONFLICT -> 9;
      case LIMIT_REACHED -> 10;
      case NOT_STORED -> 11;
    };
  }

  static Refusal.Reason readReason(ByteReader in) {
    return reasonOf(in.u8());
  }

  static Refusal.Reason reasonOf(int code) {
    for (Refusal.Reason reason : Refusal.Reason.values()) {
      if (reasonCode(reason) == code) {
        return reason;
      }
    }
    throw new MalformedMetadata("unknown refusal " + code);
  }
}
