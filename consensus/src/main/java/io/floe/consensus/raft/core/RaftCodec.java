package io.floe.consensus.raft.core;

import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/// The bytes of messages, of persisted batches and of the durable state.
///
/// ```
/// message     version(1)=1 type(1) group(16) from to term(v) fields…
/// batch       version(1)=1 count(v) { type(1) fields… }…
/// state       version(1)=1 term(v) vote snapshot baseIndex(v) baseTerm(v) entries
/// membership  version(1)=1 voters observers
///
/// member   node(v) incarnation(8)        members  count(v) member…
/// entries  count(v) { term(v) kind(1) length(v) payload }…    indexes follow from the entry before
/// snapshot lastIndex(v) lastTerm(v) voters observers length(v) data
/// vote     given(1) [member]
/// (v): 7 bits a byte, lowest first, 1 to 9 bytes; others big-endian
/// ```
///
/// Thread-safety: stateless. Errors: [MalformedRaft] from every `decode…` for bytes that no
/// `encode…` of this version wrote.
public final class RaftCodec {
  /// What an entry takes in a message besides its payload, at most: term, kind, length.
  static final int ENTRY_OVERHEAD_BYTES_MAX = 9 + 1 + 5;

  private static final int VERSION = 1;
  private static final int HEAD_BYTES = 96;

  private static final int REQUEST_VOTE = 1;
  private static final int VOTE = 2;
  private static final int APPEND_ENTRIES = 3;
  private static final int APPEND_ACK = 4;
  private static final int APPEND_REJECT = 5;
  private static final int HEARTBEAT = 6;
  private static final int HEARTBEAT_ACK = 7;
  private static final int INSTALL_SNAPSHOT = 8;
  private static final int SNAPSHOT_PROGRESS = 9;
  private static final int TIMEOUT_NOW = 10;
  private static final int READ_REQUEST = 11;
  private static final int READ_REPLY = 12;

  private static final int HARD_STATE = 1;
  private static final int APPENDED = 2;
  private static final int SNAPSHOT_INSTALLED = 3;
  private static final int COMPACTED = 4;

  private RaftCodec() {}

  // ---- messages

  public static byte[] encodeMessage(RaftMessage message) {
    RaftWriter out = new RaftWriter(HEAD_BYTES + payloadBytes(message)).u8(VERSION);
    switch (message) {
      case RaftMessage.RequestVote m ->
          head(out, REQUEST_VOTE, m)
              .flag(m.isPreVote())
              .flag(m.isTransfer())
              .var(m.lastIndex())
              .var(m.lastTerm());
      case RaftMessage.Vote m -> head(out, VOTE, m).flag(m.isPreVote()).flag(m.isGranted());
      case RaftMessage.AppendEntries m ->
          head(out, APPEND_ENTRIES, m)
              .var(m.prevIndex())
              .var(m.prevTerm())
              .var(m.commitIndex())
              .entries(m.entries());
      case RaftMessage.AppendAck m -> head(out, APPEND_ACK, m).var(m.matchIndex());
      case RaftMessage.AppendReject m ->
          head(out, APPEND_REJECT, m)
              .var(m.prevIndex())
              .var(m.conflictTerm())
              .var(m.conflictIndex());
      case RaftMessage.Heartbeat m -> head(out, HEARTBEAT, m).var(m.commitIndex()).var(m.round());
      case RaftMessage.HeartbeatAck m -> head(out, HEARTBEAT_ACK, m).var(m.round());
      case RaftMessage.InstallSnapshot m ->
          head(out, INSTALL_SNAPSHOT, m)
              .var(m.lastIndex())
              .var(m.lastTerm())
              .membership(m.membership())
              .var(m.snapshotBytes())
              .i32(m.checksum())
              .var(m.offset())
              .bytes(m.chunk());
      case RaftMessage.SnapshotProgress m ->
          head(out, SNAPSHOT_PROGRESS, m).var(m.lastIndex()).var(m.nextOffset());
      case RaftMessage.TimeoutNow m -> head(out, TIMEOUT_NOW, m);
      case RaftMessage.ReadRequest m -> head(out, READ_REQUEST, m).i64(m.readId());
      case RaftMessage.ReadReply m -> head(out, READ_REPLY, m).i64(m.readId()).var(m.readIndex());
    }
    return out.toBytes();
  }

  private static int payloadBytes(RaftMessage message) {
    return switch (message) {
      case RaftMessage.AppendEntries m ->
          m.entries().stream().mapToInt(Entry::encodedBytesMax).sum();
      case RaftMessage.InstallSnapshot m -> m.chunk().sizeBytes() + HEAD_BYTES;
      default -> 0;
    };
  }

  private static RaftWriter head(RaftWriter out, int type, RaftMessage message) {
    RaftMessage.Header header = message.header();
    return out.u8(type)
        .uuid(header.group().value())
        .member(header.from())
        .member(header.to())
        .var(header.term());
  }

  public static RaftMessage decodeMessage(byte[] bytes) {
    return decode(bytes, RaftCodec::message);
  }

  private static RaftMessage message(RaftReader in) {
    int type = in.u8();
    RaftMessage.Header header =
        new RaftMessage.Header(new GroupId(in.uuid()), in.member(), in.member(), in.var());
    return switch (type) {
      case REQUEST_VOTE ->
          new RaftMessage.RequestVote(header, in.flag(), in.flag(), in.var(), in.var());
      case VOTE -> new RaftMessage.Vote(header, in.flag(), in.flag());
      case APPEND_ENTRIES -> {
        long prevIndex = in.var();
        yield new RaftMessage.AppendEntries(
            header, prevIndex, in.var(), in.var(), in.entries(prevIndex));
      }
      case APPEND_ACK -> new RaftMessage.AppendAck(header, in.var());
      case APPEND_REJECT -> new RaftMessage.AppendReject(header, in.var(), in.var(), in.var());
      case HEARTBEAT -> new RaftMessage.Heartbeat(header, in.var(), in.var());
      case HEARTBEAT_ACK -> new RaftMessage.HeartbeatAck(header, in.var());
      case INSTALL_SNAPSHOT ->
          new RaftMessage.InstallSnapshot(
              header,
              in.var(),
              in.var(),
              in.membership(),
              in.varInt(),
              in.i32(),
              in.varInt(),
              in.bytes());
      case SNAPSHOT_PROGRESS -> new RaftMessage.SnapshotProgress(header, in.var(), in.varInt());
      case TIMEOUT_NOW -> new RaftMessage.TimeoutNow(header);
      case READ_REQUEST -> new RaftMessage.ReadRequest(header, in.i64());
      case READ_REPLY -> new RaftMessage.ReadReply(header, in.i64(), in.var());
      default -> throw new MalformedRaft("unknown message type " + type);
    };
  }

  // ---- what is persisted

  /// The events of one [RaftEffect.Persist].
  public static byte[] encodeBatch(List<DurableEvent> events) {
    RaftWriter out = new RaftWriter(HEAD_BYTES).u8(VERSION).var(events.size());
    for (DurableEvent event : events) {
      switch (event) {
        case DurableEvent.HardState e -> vote(out.u8(HARD_STATE).var(e.term()), e.votedFor());
        case DurableEvent.Appended e -> out.u8(APPENDED).var(e.prevIndex()).entries(e.entries());
        case DurableEvent.SnapshotInstalled e -> out.u8(SNAPSHOT_INSTALLED).snapshot(e.snapshot());
        case DurableEvent.Compacted e ->
            out.u8(COMPACTED).snapshot(e.snapshot()).var(e.baseIndex());
      }
    }
    return out.toBytes();
  }

  public static List<DurableEvent> decodeBatch(byte[] bytes) {
    return decode(
        bytes,
        in -> {
          int count = in.varInt();
          List<DurableEvent> events = new ArrayList<>();
          for (int i = 0; i < count; i++) {
            events.add(durableEvent(in));
          }
          return events;
        });
  }

  private static DurableEvent durableEvent(RaftReader in) {
    int type = in.u8();
    return switch (type) {
      case HARD_STATE -> new DurableEvent.HardState(in.var(), in.flag() ? in.member() : null);
      case APPENDED -> {
        long prevIndex = in.var();
        yield new DurableEvent.Appended(prevIndex, in.entries(prevIndex));
      }
      case SNAPSHOT_INSTALLED -> new DurableEvent.SnapshotInstalled(in.snapshot());
      case COMPACTED -> new DurableEvent.Compacted(in.snapshot(), in.var());
      default -> throw new MalformedRaft("unknown persisted event " + type);
    };
  }

  private static RaftWriter vote(RaftWriter out, @Nullable MemberId votedFor) {
    out.flag(votedFor != null);
    return votedFor == null ? out : out.member(votedFor);
  }

  /// A whole durable state, for a host whose log takes snapshots of itself.
  public static byte[] encodeState(DurableState state) {
    RaftWriter out = new RaftWriter(HEAD_BYTES).u8(VERSION).var(state.term());
    return vote(out, state.votedFor())
        .snapshot(state.snapshot())
        .var(state.baseIndex())
        .var(state.baseTerm())
        .entries(state.entries())
        .toBytes();
  }

  public static DurableState decodeState(byte[] bytes) {
    return decode(
        bytes,
        in -> {
          long term = in.var();
          MemberId votedFor = in.flag() ? in.member() : null;
          Snapshot snapshot = in.snapshot();
          long baseIndex = in.var();
          return new DurableState(
              term, votedFor, snapshot, baseIndex, in.var(), in.entries(baseIndex));
        });
  }

  /// The payload of a [Entry.Kind#CONFIG] entry.
  public static Payload encodeMembership(Membership membership) {
    return Payload.of(new RaftWriter(HEAD_BYTES).u8(VERSION).membership(membership).toBytes());
  }

  public static Membership decodeMembership(Payload payload) {
    return decode(payload.bytes(), RaftReader::membership);
  }

  private static <T> T decode(byte[] bytes, Function<RaftReader, T> body) {
    try {
      RaftReader in = new RaftReader(bytes);
      int version = in.u8();
      if (version != VERSION) {
        throw new MalformedRaft("version " + version + " is not known, only " + VERSION);
      }
      T decoded = body.apply(in);
      in.end();
      return decoded;
    } catch (IllegalArgumentException | ArithmeticException impossible) {
      throw new MalformedRaft("impossible value: " + impossible.getMessage(), impossible);
    }
  }
}
