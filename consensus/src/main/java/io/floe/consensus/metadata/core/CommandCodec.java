package io.floe.consensus.metadata.core;

import static io.floe.consensus.metadata.core.MetadataCodec.readBoolean;
import static io.floe.consensus.metadata.core.MetadataCodec.readChanges;
import static io.floe.consensus.metadata.core.MetadataCodec.readConfigs;
import static io.floe.consensus.metadata.core.MetadataCodec.readNode;
import static io.floe.consensus.metadata.core.MetadataCodec.readPartition;
import static io.floe.consensus.metadata.core.MetadataCodec.readReplicas;
import static io.floe.consensus.metadata.core.MetadataCodec.readTopicId;
import static io.floe.consensus.metadata.core.MetadataCodec.writeChange;
import static io.floe.consensus.metadata.core.MetadataCodec.writeConfigs;
import static io.floe.consensus.metadata.core.MetadataCodec.writeNode;
import static io.floe.consensus.metadata.core.MetadataCodec.writePartition;
import static io.floe.consensus.metadata.core.MetadataCodec.writeReplicas;
import static io.floe.consensus.metadata.core.MetadataCodec.writeTopicId;

import io.floe.consensus.metadata.core.MetadataCommand.AllocateProducerIds;
import io.floe.consensus.metadata.core.MetadataCommand.AlterTopicConfigs;
import io.floe.consensus.metadata.core.MetadataCommand.BeginSeal;
import io.floe.consensus.metadata.core.MetadataCommand.CreatePartitions;
import io.floe.consensus.metadata.core.MetadataCommand.CreateTopic;
import io.floe.consensus.metadata.core.MetadataCommand.DeleteTopic;
import io.floe.consensus.metadata.core.MetadataCommand.FoundCluster;
import io.floe.consensus.metadata.core.MetadataCommand.RegisterNode;
import io.floe.consensus.metadata.core.MetadataCommand.SealAndOpen;
import io.floe.consensus.metadata.core.MetadataCommand.SealAndOpenItem;
import io.floe.consensus.metadata.core.MetadataCommand.UnregisterNode;
import io.floe.model.NodeId;
import io.floe.model.ProcessIncarnation;
import io.floe.model.SegmentId;
import java.util.ArrayList;
import java.util.List;

/// The bytes of commands in the replicated log, and of what they came to in the sessions of those
/// who proposed them.
///
/// ```
///   0         1      2
///   +---------+------+----------------------------------------------
///   | version | type | fields of the type
///   |    1    |      |
///   +---------+------+----------------------------------------------
///
///   type  command              fields
///   1     FoundCluster         text cluster id
///   2     RegisterNode         node
///   3     CreateTopic          uuid, text name, i32 partitions, i32 replication factor, configs
///   4     DeleteTopic          uuid
///   5     CreatePartitions     uuid, i32 expected, i32 partitions
///   6     AlterTopicConfigs    uuid, i64 expected version, i32 n, n × {text, u8 isSet, text if set}
///   7     SealAndOpen          i32 n, n × {partition, i64 segment, i64 attempt, i64 end, i64 digest,
///                              u8 isDamaged, replicas, u8 keepEpoch, i32 node, i64 process,
///                              replicas, u16 ack quorum}
///   8     BeginSeal            partition, i64 segment, i32 sealer
///   9     AllocateProducerIds  i32 node, i32 count
///   10    UnregisterNode       i32 node
///
///   result: u8 version, u8 0 and i64 metadata version | u8 reason and text message
/// ```
///
/// The other forms, and the codes of reasons, are those of [MetadataCodec].
///
/// Thread-safety: stateless. Errors: [MalformedMetadata].
public final class CommandCodec {
  private static final int VERSION = MetadataCodec.VERSION;
  private static final int ITEM_BYTES_MIN = 20 + 8 + 8 + 8 + 8 + 1 + 2 + 1 + 12 + 2 + 2;

  private CommandCodec() {}

  public static byte[] encode(MetadataCommand command) {
    ByteWriter out = new ByteWriter().u8(VERSION);
    switch (command) {
      case FoundCluster c -> out.u8(1).text(c.clusterId());
      case RegisterNode c -> writeNode(out.u8(2), c.node());
      case CreateTopic c -> {
        writeTopicId(out.u8(3), c.id());
        out.text(c.name()).i32(c.partitions()).i32(c.replicationFactor());
        writeConfigs(out, c.configs());
      }
      case DeleteTopic c -> writeTopicId(out.u8(4), c.id());
      case CreatePartitions c -> {
        writeTopicId(out.u8(5), c.id());
        out.i32(c.expectedPartitions()).i32(c.partitions());
      }
      case AlterTopicConfigs c -> {
        writeTopicId(out.u8(6), c.id());
        out.i64(c.expectedVersion()).i32(c.changes().size());
        c.changes().forEach(change -> writeChange(out, change));
      }
      case SealAndOpen c -> {
        out.u8(7).i32(c.items().size());
        c.items().forEach(item -> writeItem(out, item));
      }
      case BeginSeal c -> {
        writePartition(out.u8(8), c.partition());
        out.i64(c.segment().value()).i32(c.sealer().value());
      }
      case AllocateProducerIds c -> out.u8(9).i32(c.node().value()).i32(c.count());
      case UnregisterNode c -> out.u8(10).i32(c.node().value());
    }
    return out.toBytes();
  }

  private static void writeItem(ByteWriter out, SealAndOpenItem item) {
    writePartition(out, item.partition());
    out.i64(item.segment().value()).i64(item.attempt()).i64(item.endOffset()).i64(item.digest());
    writeReplicas(out.u8(item.damaged() ? 1 : 0), item.finalReplicas());
    out.u8(item.keepEpoch() ? 1 : 0);
    out.i32(item.writer().node().value()).i64(item.writer().incarnation().value());
    writeReplicas(out, item.nextReplicas());
    out.u16(item.nextAckQuorum());
  }

  public static MetadataCommand decode(byte[] bytes) {
    ByteReader in = new ByteReader(bytes);
    MetadataCodec.checkVersion(in);
    try {
      MetadataCommand command = read(in);
      in.end();
      return command;
    } catch (IllegalArgumentException invalid) {
      throw new MalformedMetadata("metadata command: " + invalid.getMessage(), invalid);
    }
  }

  private static MetadataCommand read(ByteReader in) {
    int type = in.u8();
    return switch (type) {
      case 1 -> new FoundCluster(in.text());
      case 2 -> new RegisterNode(readNode(in));
      case 3 -> new CreateTopic(readTopicId(in), in.text(), in.i32(), in.i32(), readConfigs(in));
      case 4 -> new DeleteTopic(readTopicId(in));
      case 5 -> new CreatePartitions(readTopicId(in), in.i32(), in.i32());
      case 6 -> new AlterTopicConfigs(readTopicId(in), in.i64(), readChanges(in));
      case 7 -> readSealAndOpen(in);
      case 8 -> new BeginSeal(readPartition(in), new SegmentId(in.i64()), new NodeId(in.i32()));
      case 9 -> new AllocateProducerIds(new NodeId(in.i32()), in.i32());
      case 10 -> new UnregisterNode(new NodeId(in.i32()));
      default -> throw new MalformedMetadata("unknown type " + type + " of a metadata command");
    };
  }

  private static SealAndOpen readSealAndOpen(ByteReader in) {
    int count = in.count(ITEM_BYTES_MIN);
    List<SealAndOpenItem> items = new ArrayList<>(count);
    for (int i = 0; i < count; i++) {
      items.add(
          new SealAndOpenItem(
              readPartition(in),
              new SegmentId(in.i64()),
              in.i64(),
              in.i64(),
              in.i64(),
              readBoolean(in),
              readReplicas(in),
              readBoolean(in),
              new WriterId(new NodeId(in.i32()), new ProcessIncarnation(in.i64())),
              readReplicas(in),
              in.u16()));
    }
    return new SealAndOpen(items);
  }

  /// The bytes of what a command came to.
  public static byte[] encodeResult(CommandResult result) {
    ByteWriter out = new ByteWriter().u8(VERSION);
    switch (result) {
      case CommandResult.Applied applied -> out.u8(0).i64(applied.version());
      case CommandResult.Refused refused ->
          out.u8(MetadataCodec.reasonCode(refused.refusal().reason()))
              .text(refused.refusal().message());
    }
    return out.toBytes();
  }

  public static CommandResult decodeResult(byte[] bytes) {
    ByteReader in = new ByteReader(bytes);
    MetadataCodec.checkVersion(in);
    CommandResult result;
    int code = in.u8();
    if (code == 0) {
      result = new CommandResult.Applied(in.i64());
    } else {
      result = new CommandResult.Refused(new Refusal(MetadataCodec.reasonOf(code), in.text()));
    }
    in.end();
    return result;
  }
}
