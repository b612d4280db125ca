package io.floe.journal;

import io.floe.storage.StoreException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.zip.CRC32C;

/// The bytes of a snapshot file.
///
/// ```
///   0        8         12      16         24         32
///   +--------+---------+-------+----------+----------+------------------------------------
///   | magic  | version | crc   | sequence | time-    | id length 4 | id | metadata length 4 |
///   | FLOESNP|  1      | 32c   |          | stamp    | metadata | length 4 | snapshot | 0 …
///   +--------+---------+-------+----------+----------+------------------------------------
/// ```
///
/// All numbers are big-endian; the CRC covers everything after itself to the end of the snapshot.
/// Zeros fill the last block of 4096 bytes.
final class SnapshotFormat {
  private static final long MAGIC = 0x464C4F45534E5000L;
  private static final int VERSION = 1;
  private static final int CRC = 12;
  private static final int BODY = 16;

  private SnapshotFormat() {}

  /// A snapshot read back.
  static final class Content {
    final byte[] metadata;
    final byte[] snapshot;

    private Content(byte[] metadata, byte[] snapshot) {
      this.metadata = metadata;
      this.snapshot = snapshot;
    }
  }

  static byte[] encode(
      String persistenceId, long sequence, long timestamp, byte[] metadata, byte[] snapshot) {
    byte[] id = persistenceId.getBytes(StandardCharsets.UTF_8);
    long size = BODY + 2L * Long.BYTES + 3L * Integer.BYTES;
    size += (long) id.length + metadata.length + snapshot.length;
    ByteBuffer file = ByteBuffer.allocate(Math.toIntExact(size));
    file.putLong(MAGIC).putInt(VERSION).putInt(0).putLong(sequence).putLong(timestamp);
    file.putInt(id.length).put(id);
    file.putInt(metadata.length).put(metadata);
    file.putInt(snapshot.length).put(snapshot);
    file.putInt(CRC, crc(file, file.position()));
    return file.array();
  }

  /// Checks that the bytes are whole and are the snapshot that the file's name promises.
  static Content decode(
      Path path, byte[] bytes, String persistenceId, long sequence, long timestamp)
      throws StoreException {
    ByteBuffer file = ByteBuffer.wrap(bytes);
    if (file.remaining() < BODY || file.getLong() != MAGIC) {
      throw damaged(path, "is not a snapshot");
    }
    int version = file.getInt();
    if (version > VERSION) {
      throw new StoreException(
          StoreException.Category.WRONG_IDENTITY,
          "snapshot " + path + " has version " + version + ", this program knows " + VERSION);
    }
    int crc = file.getInt();
    file.position(BODY + 2 * Long.BYTES);
    byte[] id = field(path, file);
    byte[] metadata = field(path, file);
    byte[] snapshot = field(path, file);
    int computed = crc(file, file.position());
    if (crc != computed) {
      throw damaged(path, "is damaged: its CRC does not match");
    }
    if (!new String(id, StandardCharsets.UTF_8).equals(persistenceId)
        || file.getLong(BODY) != sequence
        || file.getLong(BODY + Long.BYTES) != timestamp) {
      throw damaged(path, "is not the snapshot that its name promises");
    }
    return new Content(metadata, snapshot);
  }

  private static byte[] field(Path path, ByteBuffer file) throws StoreException {
    if (file.remaining() < Integer.BYTES) {
      throw damaged(path, "ends early");
    }
    int length = file.getInt();
    if (length < 0 || length > file.remaining()) {
      throw damaged(path, "ends early or is damaged");
    }
    byte[] field = new byte[length];
    file.get(field);
    return field;
  }

  private static int crc(ByteBuffer file, int end) {
    CRC32C crc = new CRC32C();
    crc.update(file.slice(BODY, end - BODY));
    return (int) crc.getValue();
  }

  private static StoreException damaged(Path path, String problem) {
    return new StoreException(StoreException.Category.DAMAGED, "snapshot " + path + " " + problem);
  }
}
