package io.floe.storage;

import java.nio.ByteBuffer;
import java.util.zip.CRC32C;

/// The envelope of every small file of a store: what it is, and a checksum over all of it.
///
/// ```
///   0       4         6      8        12       16
///   +-------+---------+------+--------+--------+----------
///   | magic | version | kind | crc32c | length | payload…
///   | FLOE  |         |      |        |        |
///   +-------+---------+------+--------+--------+----------
/// ```
///
/// All numbers are big-endian. The CRC covers the first 8 bytes and everything from `length` on;
/// the file ends where the payload ends. Such a file is never written in place: it is written
/// beside its target, synced and renamed, so that what carries the name is whole or damaged, never
/// torn.
///
/// Thread-safety: stateless.
final class SealedFile {
  static final int MAGIC = 0x464C4F45;
  static final short VERSION = 1;
  static final int HEADER_BYTES = 16;

  /// What a file holds. The numbers are on disk.
  enum Kind {
    META(1),
    DESCRIPTOR(2),
    FOOTER(3),
    MARKS(4);

    final short number;

    Kind(int number) {
      this.number = (short) number;
    }
  }

  private SealedFile() {}

  static byte[] encode(Kind kind, byte[] payload) {
    ByteBuffer file = ByteBuffer.allocate(HEADER_BYTES + payload.length);
    file.putInt(MAGIC).putShort(VERSION).putShort(kind.number).putInt(0);
    file.putInt(payload.length).put(payload);
    file.putInt(8, crc(file));
    return file.array();
  }

  /// The payload.
  ///
  /// @param name said in the message of an error
  static ByteBuffer decode(Kind kind, byte[] bytes, Object name) throws StoreException {
    ByteBuffer file = ByteBuffer.wrap(bytes);
    if (bytes.length < HEADER_BYTES) {
      throw damaged(name, "has " + bytes.length + " bytes, a header alone has " + HEADER_BYTES);
    }
    if (file.getInt(0) != MAGIC) {
      throw damaged(name, "does not begin with the magic number");
    }
    int length = file.getInt(12);
    if (length != bytes.length - HEADER_BYTES) {
      throw damaged(
          name, "has " + (bytes.length - HEADER_BYTES) + " bytes of payload, not " + length);
    }
    if (file.getInt(8) != crc(file)) {
      throw damaged(name, "fails its checksum");
    }
    if (file.getShort(4) != VERSION) {
      throw new StoreException(
          StoreException.Category.WRONG_IDENTITY,
          name + " has format version " + file.getShort(4) + ", this program knows " + VERSION);
    }
    if (file.getShort(6) != kind.number) {
      throw damaged(name, "is of kind " + file.getShort(6) + ", not " + kind);
    }
    return file.slice(HEADER_BYTES, length);
  }

  private static StoreException damaged(Object name, String what) {
    return new StoreException(StoreException.Category.DAMAGED, name + " " + what);
  }

  private static int crc(ByteBuffer file) {
    CRC32C crc = new CRC32C();
    crc.update(file.slice(0, 8));
    crc.update(file.slice(12, file.capacity() - 12));
    return (int) crc.getValue();
  }
}
