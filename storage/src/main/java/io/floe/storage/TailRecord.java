package io.floe.storage;

import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;

/// What the tail journal says of one segment after one group: how far it is durable, with which
/// digest, and the bytes of its last, partly filled block.
///
/// ```
///   0      1      2            4     8    …            49          57          65
///   +------+------+------------+-----+------------------+-----------+-----------+----------
///   | kind | flags| image bytes| 0   | spec (41 bytes)  | from end  | from      | from
///   |      |      |            |     |                  | offset    | position  | digest
///   +------+------+------------+-----+------------------+-----------+-----------+----------
///   73          81         89       97
///   +-----------+----------+--------+---------
///   | end offset| position | digest | image…
///   +-----------+----------+--------+---------
/// ```
///
/// A record of kind RELEASED has the first 16 bytes only, the segment's id in the last 8: from now
/// on the journal speaks no longer of that segment, because a footer does or because it is deleted.
///
/// @param group the group under whose sync it was written
/// @param isCarried written again at a switch of files: the end was durable before
/// @param fromEnd durable end before the group; the group holds [fromEnd, end)
/// @param image bytes from the start of the last block to `position`, empty when the block is full
///   or when the block is not to be written again before another image of it was
record TailRecord(
    SegmentSpec spec,
    long group,
    boolean isCarried,
    long fromEnd,
    long fromPosition,
    long fromDigest,
    long end,
    long position,
    long digest,
    @SuppressWarnings("ArrayRecordComponent") byte[] image) {
  static final int HEADER_BYTES = 97;
  static final int RELEASED_BYTES = 16;

  static final byte KIND_END = 1;
  static final byte KIND_RELEASED = 2;

  private static final byte FLAG_CARRIED = 1;

  /// Largest record: an image is smaller than a block.
  static final int BYTES_MAX = HEADER_BYTES + TailJournal.BLOCK_BYTES - 1;

  /// Writes a record whose image lies in native memory.
  static void put(
      ByteBuffer target,
      SegmentSpec spec,
      boolean isCarried,
      long fromEnd,
      long fromPosition,
      long fromDigest,
      long end,
      long position,
      long digest,
      MemorySegment image) {
    target.put(KIND_END).put(isCarried ? FLAG_CARRIED : 0);
    target.putShort((short) image.byteSize()).putInt(0);
    SegmentDescriptor.putSpec(target, spec);
    target.putLong(fromEnd).putLong(fromPosition).putLong(fromDigest);
    target.putLong(end).putLong(position).putLong(digest);
    MemorySegment.copy(image, 0, MemorySegment.ofBuffer(target), 0, image.byteSize());
    target.position(target.position() + (int) image.byteSize());
  }

  static void putReleased(ByteBuffer target, long segment) {
    target.put(KIND_RELEASED).put((byte) 0).putShort((short) 0).putInt(0).putLong(segment);
  }

  /// The record after its kind was peeked at.
  static TailRecord get(ByteBuffer source, long group) {
    source.get();
    boolean isCarried = (source.get() & FLAG_CARRIED) != 0;
    byte[] image = new byte[source.getShort()];
    source.getInt();
    SegmentSpec spec = SegmentDescriptor.spec(source);
    long fromEnd = source.getLong();
    long fromPosition = source.getLong();
    long fromDigest = source.getLong();
    long end = source.getLong();
    long position = source.getLong();
    long digest = source.getLong();
    source.get(image);
    return new TailRecord(
        spec, group, isCarried, fromEnd, fromPosition, fromDigest, end, position, digest, image);
  }
}
