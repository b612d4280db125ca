package io.floe.model.batch;

import com.github.luben.zstd.RecyclingBufferPool;
import com.github.luben.zstd.ZstdInputStreamNoFinalizer;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.util.zip.CRC32;
import java.util.zip.DataFormatException;
import java.util.zip.Inflater;
import net.jpountz.lz4.LZ4Exception;
import net.jpountz.lz4.LZ4Factory;
import net.jpountz.lz4.LZ4SafeDecompressor;
import net.jpountz.xxhash.XXHash32;
import net.jpountz.xxhash.XXHashFactory;
import org.xerial.snappy.Snappy;
import org.xerial.snappy.SnappyError;

/// Decompresses the records of a batch whose bytes nobody has checked.
///
/// The output is bounded by a limit, whatever the input claims: a length that the input announces
/// is compared with the limit, and with the bytes that are there, before anything is allocated for
/// it. That is why snappy's and LZ4's framings are read here and not by their libraries' streams,
/// which allocate what the input says. Gzip's is read here because the JDK's stream takes a stack
/// frame for each member: a megabyte of empty ones overflows the stack. A second member is refused;
/// no Kafka client writes one.
///
/// Snappy comes in two forms, both in use: xerial's framing (Java clients) and one raw block
/// (librdkafka). LZ4 blocks must be independent, as Kafka's are. An LZ4 content checksum is
/// skipped: Kafka's clients and the specification compute it differently, and the batch's own CRC
/// covers the same bytes.
///
/// Ownership: the result is this object's memory, overwritten by the next call.
///
/// Thread-safety: none. Errors: [InvalidBatchException].
final class Decompressor {
  /// The field that an [InvalidBatchException] names when the output passes the limit.
  static final String SIZE_FIELD = "decompressed size";

  private static final int STEP_BYTES = 64 * 1024;

  private final int limitBytes;
  private final GrowingBytes out = new GrowingBytes(0);
  private byte[] heapInput = new byte[0];

  Decompressor(int limitBytes) {
    this.limitBytes = limitBytes;
  }

  /// Decompresses `length` bytes at `position`; the result is [#view()] up to [#sizeBytes()].
  void decompress(Compression compression, ByteBuffer source, int position, int length) {
    out.resize(0);
    byte[] input;
    int start;
    if (source.hasArray()) {
      input = source.array();
      start = source.arrayOffset() + position;
    } else {
      if (heapInput.length < length) {
        heapInput = new byte[length];
      }
      source.get(position, heapInput, 0, length);
      input = heapInput;
      start = 0;
    }
    try {
      switch (compression) {
        case NONE -> throw new IllegalArgumentException("not compressed");
        case GZIP -> gzip(input, start, start + length);
        case SNAPPY -> snappy(input, start, start + length);
        case LZ4 -> lz4(input, start, start + length);
        case ZSTD -> {
          try (InputStream zstd =
              new ZstdInputStreamNoFinalizer(
                  new ByteArrayInputStream(input, start, length), RecyclingBufferPool.INSTANCE)) {
            drain(zstd);
          }
        }
      }
    } catch (IOException | DataFormatException | LZ4Exception | SnappyError e) {
      throw new InvalidBatchException(
          "records", "cannot be decompressed as " + compression + ": " + e.getMessage(), e);
    }
  }

  ByteBuffer view() {
    return out.view();
  }

  int sizeBytes() {
    return out.size();
  }

  private void drain(InputStream stream) throws IOException {
    while (true) {
      // One byte above the limit, to tell "just fits" from "too much".
      int room = (int) Math.min(STEP_BYTES, limitBytes + 1L - out.size());
      out.ensureRoom(room);
      int read = stream.read(out.array(), out.size(), room);
      if (read < 0) {
        return;
      }
      grow(read);
    }
  }

  /// Without progress there is no next round: no input can keep a loop going.
  private void grow(int more) {
    if (more <= 0) {
      throw new InvalidBatchException("records", "do not go on after " + out.size() + " bytes");
    }
    out.resize(out.size() + more);
    checkLimit(out.size());
  }

  private void gzip(byte[] input, int start, int end) throws DataFormatException {
    int at = gzipData(input, start, end);
    Inflater inflater = new Inflater(true);
    try {
      inflater.setInput(input, at, end - at);
      while (true) {
        int room = (int) Math.min(STEP_BYTES, limitBytes + 1L - out.size());
        out.ensureRoom(room);
        int inflated = inflater.inflate(out.array(), out.size(), room);
        if (inflated == 0 && inflater.finished()) {
          break;
        }
        grow(inflated);
      }
      int rest = inflater.getRemaining();
      if (rest != Framing.GZIP_TRAILER_BYTES) {
        throw new InvalidBatchException(
            "gzip trailer", rest, "bytes follow the data, must be " + Framing.GZIP_TRAILER_BYTES);
      }
    } finally {
      inflater.end();
    }
    CRC32 crc = new CRC32();
    crc.update(out.array(), 0, out.size());
    int trailer = end - Framing.GZIP_TRAILER_BYTES;
    int expected = intLittleEndian(input, trailer);
    if (expected != (int) crc.getValue()) {
      throw new InvalidBatchException("gzip crc", expected, "must be " + (int) crc.getValue());
    }
    int size = intLittleEndian(input, trailer + Integer.BYTES);
    if (size != out.size()) {
      throw new InvalidBatchException("gzip size", size, "must be " + out.size());
    }
  }

  /// Where the deflated data starts.
  private static int gzipData(byte[] input, int start, int end) {
    requireBytes(Framing.GZIP_HEADER_BYTES, end - start);
    int magic = intLittleEndian(input, start) & 0xFFFFFF;
    if (magic != Framing.GZIP_MAGIC) {
      throw new InvalidBatchException("gzip magic", magic, "must be " + Framing.GZIP_MAGIC);
    }
    int flags = input[start + 3] & 0xFF;
    if ((flags & Framing.GZIP_FLG_RESERVED) != 0) {
      throw new InvalidBatchException("gzip flags", flags, "has reserved bits");
    }
    int at = start + Framing.GZIP_HEADER_BYTES;
    if ((flags & Framing.GZIP_FLG_EXTRA) != 0) {
      requireBytes(2, end - at);
      at += 2 + ((input[at] & 0xFF) | (input[at + 1] & 0xFF) << 8);
    }
    if ((flags & Framing.GZIP_FLG_NAME) != 0) {
      at = afterZero(input, at, end);
    }
    if ((flags & Framing.GZIP_FLG_COMMENT) != 0) {
      at = afterZero(input, at, end);
    }
    if ((flags & Framing.GZIP_FLG_HEADER_CRC) != 0) {
      at += 2;
    }
    requireBytes(Framing.GZIP_TRAILER_BYTES, end - at);
    return at;
  }

  private static int afterZero(byte[] input, int from, int end) {
    int at = from;
    while (at < end && input[at] != 0) {
      at++;
    }
    requireBytes(1, end - at);
    return at + 1;
  }

  private void snappy(byte[] input, int start, int end) throws IOException {
    if (end - start < Framing.SNAPPY_HEADER_BYTES
        || intBigEndian(input, start) != Framing.SNAPPY_MAGIC_HEAD
        || intBigEndian(input, start + 4) != Framing.SNAPPY_MAGIC_TAIL) {
      snappyBlock(input, start, end - start);
      return;
    }
    int oldestReader = intBigEndian(input, start + 12);
    if (oldestReader != Framing.SNAPPY_VERSION) {
      throw new InvalidBatchException("snappy version", oldestReader, "must be 1");
    }
    int at = start + Framing.SNAPPY_HEADER_BYTES;
    while (at < end) {
      requireBytes(Integer.BYTES, end - at);
      int length = intBigEndian(input, at);
      at += Integer.BYTES;
      if (length <= 0 || length > end - at) {
        throw new InvalidBatchException(
            "snappy chunk length", length, "must be 1 to the remaining " + (end - at));
      }
      snappyBlock(input, at, length);
      at += length;
    }
  }

  private void snappyBlock(byte[] input, int start, int length) throws IOException {
    requireBytes(1, length);
    int uncompressed = Snappy.uncompressedLength(input, start, length);
    if (uncompressed < 0) {
      checkLimit(Integer.toUnsignedLong(uncompressed));
    }
    checkLimit((long) out.size() + uncompressed);
    out.ensureRoom(uncompressed);
    int written = Snappy.uncompress(input, start, length, out.array(), out.size());
    out.resize(out.size() + written);
  }

  private void lz4(byte[] input, int start, int end) {
    requireBytes(7, end - start);
    int magic = intLittleEndian(input, start);
    if (magic != Framing.LZ4_MAGIC) {
      throw new InvalidBatchException("lz4 magic", magic, "must be " + Framing.LZ4_MAGIC);
    }
    int flags = input[start + 4] & 0xFF;
    if ((flags & Framing.LZ4_FLG_VERSION_MASK) != Framing.LZ4_FLG_VERSION_1
        || (flags & Framing.LZ4_FLG_INDEPENDENT) == 0
        || (flags & Framing.LZ4_FLG_RESERVED) != 0) {
      throw new InvalidBatchException(
          "lz4 flags", flags, "must say version 1, independent blocks and no dictionary");
    }
    int blockCode = (input[start + 5] & 0xFF) >>> 4;
    if (blockCode < 4 || blockCode > 7 || (input[start + 5] & 0x0F) != 0) {
      throw new InvalidBatchException("lz4 block size code", blockCode, "must be 4 to 7");
    }
    int descriptorBytes = (flags & Framing.LZ4_FLG_CONTENT_SIZE) == 0 ? 2 : 10;
    int at = start + 4 + descriptorBytes;
    requireBytes(1, end - at);
    XXHash32 xxh32 = XXHashFactory.fastestInstance().hash32();
    int hash = xxh32.hash(input, start + 4, descriptorBytes, 0);
    if (input[at] != (byte) (hash >>> 8)) {
      throw new InvalidBatchException(
          "lz4 header checksum", input[at] & 0xFF, "must be " + ((hash >>> 8) & 0xFF));
    }
    at++;
    int blockBytesMax = 1 << (2 * blockCode + 8);
    LZ4SafeDecompressor decompressor = LZ4Factory.fastestInstance().safeDecompressor();
    while (true) {
      requireBytes(Integer.BYTES, end - at);
      int word = intLittleEndian(input, at);
      at += Integer.BYTES;
      if (word == 0) {
        // A content checksum may follow; see above.
        requireBytes((flags & Framing.LZ4_FLG_CONTENT_CHECKSUM) == 0 ? 0 : 4, end - at);
        return;
      }
      int length = word & ~Framing.LZ4_STORED;
      if (length == 0 || length > Math.min(blockBytesMax, end - at)) {
        throw new InvalidBatchException(
            "lz4 block length",
            length,
            "must be 1 to " + blockBytesMax + " and within the remaining " + (end - at));
      }
      if ((word & Framing.LZ4_STORED) != 0) {
        checkLimit((long) out.size() + length);
        out.write(input, at, length);
      } else {
        // The block's output size is not announced, so the room is that of the largest block.
        out.ensureRoom(blockBytesMax);
        int written =
            decompressor.decompress(input, at, length, out.array(), out.size(), blockBytesMax);
        checkLimit((long) out.size() + written);
        out.resize(out.size() + written);
      }
      if ((flags & Framing.LZ4_FLG_BLOCK_CHECKSUM) != 0) {
        requireBytes(Integer.BYTES, end - at - length);
        int expected = intLittleEndian(input, at + length);
        int actual = xxh32.hash(input, at, length, 0);
        if (expected != actual) {
          throw new InvalidBatchException("lz4 block checksum", expected, "must be " + actual);
        }
        at += Integer.BYTES;
      }
      at += length;
    }
  }

  private void checkLimit(long size) {
    if (size > limitBytes) {
      throw new InvalidBatchException(
          SIZE_FIELD, size, "is above the limit of " + limitBytes + " bytes");
    }
  }

  private static void requireBytes(int needed, int available) {
    if (available < needed) {
      throw new InvalidBatchException(
          "records", "end early: " + needed + " more bytes needed, " + available + " left");
    }
  }

  private static int intBigEndian(byte[] bytes, int at) {
    return Integer.reverseBytes(intLittleEndian(bytes, at));
  }

  private static int intLittleEndian(byte[] bytes, int at) {
    return (bytes[at] & 0xFF)
        | (bytes[at + 1] & 0xFF) << 8
        | (bytes[at + 2] & 0xFF) << 16
        | (bytes[at + 3] & 0xFF) << 24;
  }
}
