package io.floe.actors.metadata;

import io.floe.actors.log.ClusterChange;
import io.floe.actors.node.HostPort;
import io.floe.consensus.raft.core.MalformedRaft;
import io.floe.consensus.raft.core.MemberId;
import io.floe.consensus.raft.core.Outcome;
import io.floe.consensus.raft.core.Payload;
import io.floe.consensus.raft.core.RaftCodec;
import io.floe.model.NodeId;
import io.floe.model.StoreIncarnation;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.NotSerializableException;
import java.io.UncheckedIOException;
import org.apache.pekko.serialization.SerializerWithStringManifest;
import org.jspecify.annotations.Nullable;

/// The bytes of what the metadata node stores and sends. The manifest names the type; each form
/// begins with a version.
///
/// ```
///   batch     RaftCodec's batch                         in the journal
///   log       RaftCodec's state                         in the snapshot store
///   peer      u8 1, address, message of RaftCodec       between nodes, as the following
///   command   u8 1, session command
///   open      u8 1, address, i64 nonce
///   opened    u8 1, i64 nonce, i64 session
///   change    u8 1, address, i64 nonce, text change, i32 node
///   changed   u8 1, i64 nonce, text reason (empty = done), text
///   probe     u8 1, address, member, u8 hasCluster [text]
///   reply     u8 1, address, member, u8 hasCluster [text], text problem, u8 isFatal
///   ask       u8 1, address, i64 nonce, i64 version
///   reached   u8 1, i64 nonce, i32 node
///
///   address  text host, u16 port     member  i32 node, i64 incarnation     text  modified UTF-8
/// ```
public final class RaftSerializer extends SerializerWithStringManifest {
  private static final int IDENTIFIER = 1_717_002;
  private static final int VERSION = 1;

  @Override
  public int identifier() {
    return IDENTIFIER;
  }

  @Override
  public String manifest(Object message) {
    return switch (message) {
      case RaftBatch batch -> "batch";
      case RaftLogState state -> "log";
      case MetadataProtocol.Peer peer -> "peer";
      case MetadataProtocol.Forwarded forwarded -> "command";
      case MetadataProtocol.OpenSession open -> "open";
      case MetadataProtocol.SessionOpened opened -> "opened";
      case MetadataProtocol.ForwardedChange change -> "change";
      case MetadataProtocol.ChangeAnswered answered -> "changed";
      case MetadataProtocol.Probe probe -> "probe";
      case MetadataProtocol.ProbeReply reply -> "reply";
      case MetadataProtocol.AskApplied ask -> "ask";
      case MetadataProtocol.AppliedReached reached -> "reached";
      default ->
          throw new IllegalArgumentException(message.getClass() + " is neither stored nor sent");
    };
  }

  @Override
  public byte[] toBinary(Object message) {
    return switch (message) {
      case RaftBatch batch -> RaftCodec.encodeBatch(batch.events());
      case RaftLogState state -> RaftCodec.encodeState(state.durable());
      default -> write(message);
    };
  }

  private static byte[] write(Object message) {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (DataOutputStream out = new DataOutputStream(bytes)) {
      out.writeByte(VERSION);
      writeFields(out, message);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return bytes.toByteArray();
  }

  private static void writeFields(DataOutputStream out, Object message) throws IOException {
    switch (message) {
      case MetadataProtocol.Peer m -> {
        writeAddress(out, m.from());
        out.write(m.message().bytes());
      }
      case MetadataProtocol.Forwarded m -> out.write(m.command().bytes());
      case MetadataProtocol.OpenSession m -> {
        writeAddress(out, m.from());
        out.writeLong(m.nonce());
      }
      case MetadataProtocol.SessionOpened m -> {
        out.writeLong(m.nonce());
        out.writeLong(m.session());
      }
      case MetadataProtocol.ForwardedChange m -> {
        writeAddress(out, m.from());
        out.writeLong(m.nonce());
        out.writeUTF(m.change().name());
        out.writeInt(m.node().value());
      }
      case MetadataProtocol.ChangeAnswered m -> {
        out.writeLong(m.nonce());
        Outcome.Reason reason = m.reply().reason();
        out.writeUTF(reason == null ? "" : reason.name());
        out.writeUTF(m.reply().message());
      }
      case MetadataProtocol.Probe m -> {
        writeAddress(out, m.from());
        writeMember(out, m.self());
        writeOptional(out, m.clusterId());
      }
      case MetadataProtocol.ProbeReply m -> {
        writeAddress(out, m.from());
        writeMember(out, m.self());
        writeOptional(out, m.clusterId());
        out.writeUTF(m.problem());
        out.writeBoolean(m.isFatal());
      }
      case MetadataProtocol.AskApplied m -> {
        writeAddress(out, m.from());
        out.writeLong(m.nonce());
        out.writeLong(m.version());
      }
      case MetadataProtocol.AppliedReached m -> {
        out.writeLong(m.nonce());
        out.writeInt(m.node().value());
      }
      default -> throw new IllegalArgumentException(message.getClass() + " is not sent");
    }
  }

  private static void writeAddress(DataOutputStream out, HostPort address) throws IOException {
    out.writeUTF(address.host());
    out.writeShort(address.port());
  }

  private static void writeMember(DataOutputStream out, MemberId member) throws IOException {
    out.writeInt(member.node().value());
    out.writeLong(member.incarnation().value());
  }

  private static void writeOptional(DataOutputStream out, @Nullable String text)
      throws IOException {
    out.writeBoolean(text != null);
    if (text != null) {
      out.writeUTF(text);
    }
  }

  @Override
  public Object fromBinary(byte[] bytes, String manifest) throws NotSerializableException {
    return switch (manifest) {
      // What is stored and cannot be read must stop the recovery, not be skipped.
      case "batch" -> new RaftBatch(RaftCodec.decodeBatch(bytes));
      case "log" -> new RaftLogState(RaftCodec.decodeState(bytes));
      default -> read(bytes, manifest);
    };
  }

  /// A message that cannot be read is dropped, as if it was lost: the manifest says who is to
  /// blame.
  private static Object read(byte[] bytes, String manifest) throws NotSerializableException {
    try (DataInputStream in = new DataInputStream(new ByteArrayInputStream(bytes))) {
      int version = in.readUnsignedByte();
      if (version != VERSION) {
        throw new NotSerializableException(manifest + " of version " + version);
      }
      return readFields(in, manifest);
    } catch (NotSerializableException e) {
      throw e;
    } catch (IOException | IllegalArgumentException | MalformedRaft e) {
      var malformed = new NotSerializableException("malformed " + manifest + ": " + e);
      malformed.initCause(e);
      throw malformed;
    }
  }

  private static Object readFields(DataInputStream in, String manifest) throws IOException {
    return switch (manifest) {
      case "peer" -> new MetadataProtocol.Peer(readAddress(in), Payload.of(in.readAllBytes()));
      case "command" -> new MetadataProtocol.Forwarded(Payload.of(in.readAllBytes()));
      case "open" -> new MetadataProtocol.OpenSession(readAddress(in), in.readLong());
      case "opened" -> new MetadataProtocol.SessionOpened(in.readLong(), in.readLong());
      case "change" ->
          new MetadataProtocol.ForwardedChange(
              readAddress(in),
              in.readLong(),
              ClusterChange.valueOf(in.readUTF()),
              new NodeId(in.readInt()));
      case "changed" -> {
        long nonce = in.readLong();
        String reason = in.readUTF();
        yield new MetadataProtocol.ChangeAnswered(
            nonce,
            new MetadataProtocol.MembershipReply(
                reason.isEmpty() ? null : Outcome.Reason.valueOf(reason), in.readUTF()));
      }
      case "probe" -> new MetadataProtocol.Probe(readAddress(in), readMember(in), readOptional(in));
      case "reply" ->
          new MetadataProtocol.ProbeReply(
              readAddress(in), readMember(in), readOptional(in), in.readUTF(), in.readBoolean());
      case "ask" -> new MetadataProtocol.AskApplied(readAddress(in), in.readLong(), in.readLong());
      case "reached" ->
          new MetadataProtocol.AppliedReached(in.readLong(), new NodeId(in.readInt()));
      default -> throw new NotSerializableException("unknown manifest " + manifest);
    };
  }

  private static HostPort readAddress(DataInputStream in) throws IOException {
    return new HostPort(in.readUTF(), in.readUnsignedShort());
  }

  private static MemberId readMember(DataInputStream in) throws IOException {
    return new MemberId(new NodeId(in.readInt()), new StoreIncarnation(in.readLong()));
  }

  private static @Nullable String readOptional(DataInputStream in) throws IOException {
    return in.readBoolean() ? in.readUTF() : null;
  }
}
