package io.floe.consensus.raft.core;

import io.floe.model.NodeId;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.List;
import java.util.UUID;

/// Numbers of variable length and bytes into a growing array. The counterpart of [RaftReader].
public final class RaftWriter {
  private static final int VAR_BYTES_MAX = 9;

  private ByteBuffer buffer;

  public RaftWriter(int expectedBytes) {
    buffer = ByteBuffer.allocate(expectedBytes);
  }

  public RaftWriter u8(int value) {
    room(1).put((byte) value);
    return this;
  }

  public RaftWriter flag(boolean value) {
    return u8(value ? 1 : 0);
  }

  public RaftWriter i32(int value) {
    room(4).putInt(value);
    return this;
  }

  public RaftWriter i64(long value) {
    room(8).putLong(value);
    return this;
  }

  /// Seven bits a byte, the lowest first; 1 byte up to 127, 9 bytes at most.
  public RaftWriter var(long value) {
    if (value < 0) {
      throw new IllegalArgumentException(value + " is negative");
    }
    ByteBuffer to = room(VAR_BYTES_MAX);
    long rest = value;
    while (rest > 0x7F) {
      to.put((byte) (rest | 0x80));
      rest >>>= 7;
    }
    to.put((byte) rest);
    return this;
  }

  public RaftWriter bytes(Payload payload) {
    var(payload.sizeBytes());
    room(payload.sizeBytes()).put(payload.bytes());
    return this;
  }

  RaftWriter uuid(UUID value) {
    return i64(value.getMostSignificantBits()).i64(value.getLeastSignificantBits());
  }

  RaftWriter node(NodeId node) {
    return var(node.value());
  }

  RaftWriter member(MemberId member) {
    return node(member.node()).i64(member.incarnation().value());
  }

  RaftWriter members(List<MemberId> members) {
    var(members.size());
    members.forEach(this::member);
    return this;
  }

  RaftWriter membership(Membership membership) {
    return members(membership.voters()).members(membership.observers());
  }

  RaftWriter snapshot(Snapshot snapshot) {
    return var(snapshot.lastIndex())
        .var(snapshot.lastTerm())
        .membership(snapshot.membership())
        .bytes(snapshot.data());
  }

  /// Entries whose indexes the reader knows.
  RaftWriter entries(List<Entry> entries) {
    var(entries.size());
    for (Entry entry : entries) {
      var(entry.term()).u8(kind(entry.kind())).bytes(entry.payload());
    }
    return this;
  }

  private static int kind(Entry.Kind kind) {
    return switch (kind) {
      case NOOP -> 0;
      case CONFIG -> 1;
      case COMMAND -> 2;
    };
  }

  public byte[] toBytes() {
    return buffer.position() == buffer.capacity()
        ? buffer.array()
        : Arrays.copyOf(buffer.array(), buffer.position());
  }

  private ByteBuffer room(int bytes) {
    if (buffer.remaining() < bytes) {
      int size = Math.max(buffer.capacity() * 2, buffer.position() + bytes);
      buffer = ByteBuffer.allocate(size).put(buffer.flip());
    }
    return buffer;
  }
}
