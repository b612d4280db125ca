package io.floe.storage;

import io.floe.storage.io.AlignedMemory;
import io.floe.storage.io.StorageFile;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.util.zip.CRC32C;

/// The writing side of the tail journal: two pre-written files, used in turn.
///
/// Each group writes one *frame* of whole blocks under the same sync as its data; no block is
/// written twice within a generation, so the journal has no last-block problem of its own. When a
/// frame does not fit, the other file takes over with the next generation: its first frame carries
/// the newest record of every unsealed segment with data, and the group's own. Until that frame is
/// synced the old file is untouched.
///
/// ```
///   0       4        8             16           24      32      36      40       44       48
///   +-------+--------+-------------+------------+-------+-------+-------+--------+--------+--------
///   | magic | crc32c | incarnation | generation | group | index | count | payload| flags  | payload
///   | FTJ1  |        |             |            |       | in frame      | bytes  |        | to 4096
///   +-------+--------+-------------+------------+-------+-------+-------+--------+--------+--------
/// ```
///
/// All numbers are big-endian; the CRC covers the block from `incarnation` to its end. A frame's
/// payload is that of its blocks, one after the other: [TailRecord]s back to back, terminated by a
/// zero kind or the end. `flags`: 1 = first frame of its generation.
///
/// Thread-safety: the store's thread, except where said.
final class TailJournal {
  static final int BLOCK_BYTES = 4096;
  static final int BLOCK_HEADER_BYTES = 48;
  static final int BLOCK_PAYLOAD_BYTES = BLOCK_BYTES - BLOCK_HEADER_BYTES;
  static final int MAGIC = 0x46544A31;
  static final int FLAG_FIRST = 1;

  private final long incarnation;
  private final StorageFile[] files;
  private final CRC32C crc = new CRC32C();

  /// Read by the thread that grows the files.
  private volatile long capacityBytes;

  private int active;
  private long generation;
  private long group;
  private long position;
  private boolean isFirst;

  private MemorySegment frame = MemorySegment.NULL;
  private ByteBuffer frameBytes = ByteBuffer.allocate(0);
  private ByteBuffer payload = ByteBuffer.allocateDirect(64 << 10);

  /// @param active the file that may be written next; the other one holds what counts now
  TailJournal(
      long incarnation,
      StorageFile[] files,
      int active,
      long generation,
      long group,
      long capacityBytes) {
    this.incarnation = incarnation;
    this.files = files;
    this.active = active;
    this.generation = generation;
    this.group = group;
    this.capacityBytes = capacityBytes;
    this.isFirst = true;
  }

  /// Bytes of each file that were written before. Any thread.
  long capacityBytes() {
    return capacityBytes;
  }

  void capacityBytes(long bytes) {
    capacityBytes = bytes;
  }

  StorageFile[] files() {
    return files;
  }

  StorageFile activeFile() {
    return files[active];
  }

  /// Where the frame that was made last goes.
  long framePosition() {
    return position;
  }

  /// The buffer to put a frame's records into, with room for `sizeBytes` more.
  ByteBuffer begin(long sizeBytes) {
    payload.clear();
    return room(sizeBytes);
  }

  ByteBuffer room(long sizeBytes) {
    if (payload.remaining() < sizeBytes) {
      long needed = payload.position() + sizeBytes;
      ByteBuffer larger =
          ByteBuffer.allocateDirect(Math.toIntExact(Math.max(needed, 2L * payload.capacity())));
      payload = larger.put(payload.flip());
    }
    return payload;
  }

  /// Whether a frame of so many bytes of records goes into the active file. If not, the caller
  /// calls [#switchFiles()] and begins the frame again with the carried records.
  boolean fits(long recordBytes) {
    return isFirst || position + blocks(recordBytes) * BLOCK_BYTES <= capacityBytes;
  }

  /// Whether the next frame opens a generation and must carry every unsealed segment.
  boolean isFirst() {
    return isFirst;
  }

  void switchFiles() {
    active = 1 - active;
    generation++;
    position = 0;
    isFirst = true;
  }

  /// Makes the frame of what was put since [#begin]; valid until the next call.
  MemorySegment seal() {
    payload.flip();
    int count = Math.toIntExact(blocks(payload.remaining()));
    long frameSize = (long) count * BLOCK_BYTES;
    if (position + frameSize > capacityBytes) {
      throw new IllegalStateException(
          "tail journal of " + capacityBytes + " bytes cannot take a frame of " + frameSize);
    }
    if (frame.byteSize() < frameSize) {
      frame = AlignedMemory.allocate(Arena.ofAuto(), Long.highestOneBit(frameSize) * 2);
      frameBytes = frame.asByteBuffer();
    }
    group++;
    for (int i = 0; i < count; i++) {
      putBlock(i, count);
    }
    return frame.asSlice(0, frameSize);
  }

  private void putBlock(int index, int count) {
    int at = index * BLOCK_BYTES;
    int length = Math.min(BLOCK_PAYLOAD_BYTES, payload.remaining());
    frameBytes.putInt(at, MAGIC);
    frameBytes.putLong(at + 8, incarnation);
    frameBytes.putLong(at + 16, generation);
    frameBytes.putLong(at + 24, group);
    frameBytes.putInt(at + 32, index);
    frameBytes.putInt(at + 36, count);
    frameBytes.putInt(at + 40, length);
    frameBytes.putInt(at + 44, isFirst ? FLAG_FIRST : 0);
    frameBytes.put(at + BLOCK_HEADER_BYTES, payload, payload.position(), length);
    payload.position(payload.position() + length);
    frame.asSlice(at + BLOCK_HEADER_BYTES + length, BLOCK_PAYLOAD_BYTES - length).fill((byte) 0);
    frameBytes.putInt(at + 4, blockCrc(frameBytes, at, crc));
  }

  /// Says that the frame is durable.
  void written(long frameSize) {
    position += frameSize;
    isFirst = false;
  }

  static long blocks(long recordBytes) {
    return Math.max(1, (recordBytes + BLOCK_PAYLOAD_BYTES - 1) / BLOCK_PAYLOAD_BYTES);
  }

  static int blockCrc(ByteBuffer bytes, int at, CRC32C crc) {
    crc.reset();
    crc.update(bytes.slice(at + 8, BLOCK_BYTES - 8));
    return (int) crc.getValue();
  }
}
