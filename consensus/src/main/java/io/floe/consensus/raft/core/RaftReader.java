package io.floe.consensus.raft.core;

import io.floe.model.NodeId;
import io.floe.model.StoreIncarnation;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;

/// Reads what a [RaftWriter] wrote. Nothing that is read decides how much is allocated before it is
/// known that so many bytes are there.
///
/// Errors: [MalformedRaft] whenever the bytes end early or say what cannot be.
public final class RaftReader {
  private static final int MEMBER_BYTES_MIN = 9;
  private static final int ENTRY_BYTES_MIN = 3;

  private final ByteBuffer buffer;

  public RaftReader(byte[] bytes) {
    buffer = ByteBuffer.wrap(bytes);
  }

  public int u8() {
    return need(1).get() & 0xFF;
  }

  public boolean flag() {
    int value = u8();
    if (value > 1) {
      throw new MalformedRaft("flag of value " + value);
    }
    return value == 1;
  }

  public int i32() {
    return need(4).getInt();
  }

  public long i64() {
    return need(8).getLong();
  }

  public long var() {
    long value = 0;
    for (int shift = 0; shift < 63; shift += 7) {
      int next = u8();
      value |= (long) (next & 0x7F) << shift;
      if ((next & 0x80) == 0) {
        return value;
      }
    }
    throw new MalformedRaft("number of more than 63 bits before byte " + buffer.position());
  }

  /// A number that fits 31 bits.
  public int varInt() {
    long value = var();
    if (value > Integer.MAX_VALUE) {
      throw new MalformedRaft("number " + value + " is too large");
    }
    return (int) value;
  }

  private int count(int elementBytesMin) {
    int count = varInt();
    if ((long) count * elementBytesMin > buffer.remaining()) {
      throw new MalformedRaft(
          count
              + " elements of at least "
              + elementBytesMin
              + " bytes cannot be in the "
              + buffer.remaining()
              + " bytes that are left");
    }
    return count;
  }

  public Payload bytes() {
    byte[] bytes = new byte[count(1)];
    buffer.get(bytes);
    return Payload.of(bytes);
  }

  UUID uuid() {
    return new UUID(i64(), i64());
  }

  NodeId node() {
    return new NodeId(varInt());
  }

  MemberId member() {
    return new MemberId(node(), new StoreIncarnation(i64()));
  }

  List<MemberId> members() {
    int count = count(MEMBER_BYTES_MIN);
    List<MemberId> members = new ArrayList<>(count);
    for (int i = 0; i < count; i++) {
      members.add(member());
    }
    return members;
  }

  Membership membership() {
    return new Membership(members(), members());
  }

  Snapshot snapshot() {
    return new Snapshot(var(), var(), membership(), bytes());
  }

  /// @param prevIndex of the entry before the first one
  List<Entry> entries(long prevIndex) {
    int count = count(ENTRY_BYTES_MIN);
    List<Entry> entries = new ArrayList<>(count);
    for (int i = 1; i <= count; i++) {
      entries.add(new Entry(Math.addExact(prevIndex, i), var(), kind(), bytes()));
    }
    return entries;
  }

  private Entry.Kind kind() {
    return switch (u8()) {
      case 0 -> Entry.Kind.NOOP;
      case 1 -> Entry.Kind.CONFIG;
      case 2 -> Entry.Kind.COMMAND;
      default -> throw new MalformedRaft("unknown kind of entry before byte " + buffer.position());
    };
  }

  public void end() {
    if (buffer.hasRemaining()) {
      throw new MalformedRaft(buffer.remaining() + " bytes too many");
    }
  }

  private ByteBuffer need(int bytes) {
    if (buffer.remaining() < bytes) {
      throw new MalformedRaft(
          "ends at byte " + buffer.limit() + ", where " + bytes + " more are needed");
    }
    return buffer;
  }
}
