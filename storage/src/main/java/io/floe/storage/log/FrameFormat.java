package io.floe.storage.log;

import io.floe.storage.io.AlignedMemory;
import java.nio.ByteBuffer;
import java.util.zip.CRC32C;

/// The bytes of a log file.
///
/// A file is a row of blocks of 4096 bytes. The first is the file's header, then come groups: what
/// one sync covered. A group starts at a block and is padded with zeros to a whole number of
/// blocks, so that a block which holds durable bytes is never written again: a power loss may
/// destroy the sector that is being written, whatever it held before. In a group, frames follow
/// each other at multiples of 8 bytes.
///
/// ```
/// file header
///   0        8         12      16      24         28     32         40      44       48
///   +--------+---------+-------+-------+----------+------+----------+-------+--------+-----+
///   | magic  | version | crc   | log   | file     | run  | first    | file  | oldest | 0 … |
///   | FLOELOG|  1      | 32c   | id    | number   |      | sequence | bytes | file   |     |
///   +--------+---------+-------+-------+----------+------+----------+-------+--------+-----+
/// frame
///   0      4        8          16       20     24         28      32
///   +------+--------+----------+--------+------+----------+-------+----------
///   | crc  | length | sequence | file   | run  | index in | flags | entry …
///   | 32c  |        |          | number |      | group    |       |
///   +------+--------+----------+--------+------+----------+-------+----------
/// ```
///
/// All numbers are big-endian. Each CRC covers the log id and all of the header or frame but
/// itself: bytes of another log never count as valid. The **file number** tells live frames from
/// what a recycled file held before; the **run** (it counts the openings of the log) tells them
/// from what a torn group of an earlier run left further on. The **index in the group** says which
/// sequence was the first of the group, and so what had been synced when the frame was written.
///
/// The **oldest file** is the number of the first file that the log needed when the header was
/// written; the entry of a mark is that number, too (4 bytes). The newest of them tells a file that
/// was given up from one that somebody took away.
final class FrameFormat {
  static final int BLOCK_BYTES = AlignedMemory.ALIGNMENT_BYTES;
  static final int HEADER_BYTES = 32;
  static final int FRAME_ALIGNMENT = 8;

  /// Set in frames that only say "all before me is durable" and which file is the oldest.
  static final int FLAG_MARK = 1;

  /// Bytes of a mark's entry.
  static final int MARK_BYTES = Integer.BYTES;

  static final int CRC = 0;
  static final int LENGTH = 4;
  static final int SEQUENCE = 8;
  static final int FILE = 16;
  static final int RUN = 20;
  static final int INDEX_IN_GROUP = 24;
  static final int FLAGS = 28;

  private static final long FILE_MAGIC = 0x464C4F454C4F4700L;
  private static final int FILE_VERSION = 1;
  private static final int FILE_CRC = 12;
  private static final int FILE_LOG_ID = 16;
  private static final int FILE_NUMBER = 24;
  private static final int FILE_RUN = 28;
  private static final int FILE_FIRST_SEQUENCE = 32;
  private static final int FILE_BYTES = 40;
  private static final int FILE_OLDEST = 44;
  private static final int FILE_HEADER_BYTES = 48;

  private FrameFormat() {}

  /// The first block of a file, parsed.
  record FileHeader(
      long logId, int file, int run, long firstSequence, int fileBytes, int oldestFile) {}

  /// What is wrong with a file's header, or nothing.
  enum HeaderState {
    VALID,
    NOT_A_LOG,
    NEWER_VERSION,
    DAMAGED
  }

  static void putFileHeader(ByteBuffer block, FileHeader header) {
    block.putLong(0, FILE_MAGIC);
    block.putInt(8, FILE_VERSION);
    block.putLong(FILE_LOG_ID, header.logId());
    block.putInt(FILE_NUMBER, header.file());
    block.putInt(FILE_RUN, header.run());
    block.putLong(FILE_FIRST_SEQUENCE, header.firstSequence());
    block.putInt(FILE_BYTES, header.fileBytes());
    block.putInt(FILE_OLDEST, header.oldestFile());
    block.putInt(FILE_CRC, fileCrc(block));
  }

  static boolean hasMagic(ByteBuffer block) {
    return block.remaining() >= Long.BYTES && block.getLong(0) == FILE_MAGIC;
  }

  static HeaderState check(ByteBuffer block) {
    if (!hasMagic(block)) {
      return HeaderState.NOT_A_LOG;
    }
    if (block.getInt(8) > FILE_VERSION) {
      return HeaderState.NEWER_VERSION;
    }
    return block.getInt(FILE_CRC) == fileCrc(block) ? HeaderState.VALID : HeaderState.DAMAGED;
  }

  static FileHeader fileHeader(ByteBuffer block) {
    return new FileHeader(
        block.getLong(FILE_LOG_ID),
        block.getInt(FILE_NUMBER),
        block.getInt(FILE_RUN),
        block.getLong(FILE_FIRST_SEQUENCE),
        block.getInt(FILE_BYTES),
        block.getInt(FILE_OLDEST));
  }

  private static int fileCrc(ByteBuffer block) {
    CRC32C crc = new CRC32C();
    crc.update(block.slice(0, FILE_CRC));
    crc.update(block.slice(FILE_LOG_ID, FILE_HEADER_BYTES - FILE_LOG_ID));
    return (int) crc.getValue();
  }

  static int frameCrc(ByteBuffer buffer, int at, int length, long logId) {
    CRC32C crc = new CRC32C();
    crc.update(ByteBuffer.allocate(Long.BYTES).putLong(0, logId));
    crc.update(buffer.slice(at + LENGTH, HEADER_BYTES - LENGTH + length));
    return (int) crc.getValue();
  }

  /// Whether a whole frame of that log and file, with a matching CRC, lies at `at`.
  static boolean isFrame(ByteBuffer buffer, int at, int end, long logId, int file) {
    if (end - at < HEADER_BYTES || buffer.getInt(at + FILE) != file) {
      return false;
    }
    int length = buffer.getInt(at + LENGTH);
    if (length < 0 || length > end - at - HEADER_BYTES) {
      return false;
    }
    return buffer.getInt(at + CRC) == frameCrc(buffer, at, length, logId);
  }

  static int frameBytes(int entryBytes) {
    return (int) AlignedMemory.roundUp(HEADER_BYTES + (long) entryBytes, FRAME_ALIGNMENT);
  }

  static int blocks(int bytes) {
    return (int) AlignedMemory.roundUp(bytes, BLOCK_BYTES);
  }
}
