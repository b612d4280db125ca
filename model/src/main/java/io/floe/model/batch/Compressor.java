package io.floe.model.batch;

import com.github.luben.zstd.Zstd;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.zip.GZIPOutputStream;
import net.jpountz.lz4.LZ4Compressor;
import net.jpountz.lz4.LZ4Factory;
import net.jpountz.xxhash.XXHashFactory;
import org.xerial.snappy.Snappy;

/// Compresses the records of a batch in the framing that Kafka's clients read.
///
/// Thread-safety: stateless.
final class Compressor {
  private Compressor() {}

  /// Appends the compressed bytes to `target`.
  static void compress(
      Compression compression, byte[] source, int offset, int length, GrowingBytes target) {
    try {
      switch (compression) {
        case NONE -> target.write(source, offset, length);
        case GZIP -> gzip(source, offset, length, target);
        case SNAPPY -> snappy(source, offset, length, target);
        case LZ4 -> lz4(source, offset, length, target);
        case ZSTD -> zstd(source, offset, length, target);
      }
    } catch (IOException e) {
      // No sink here can fail.
      throw new UncheckedIOException(e);
    }
  }

  private static void gzip(byte[] source, int offset, int length, GrowingBytes target)
      throws IOException {
    try (GZIPOutputStream gzip = new GZIPOutputStream(target, 8 * 1024)) {
      gzip.write(source, offset, length);
    }
  }

  private static void snappy(byte[] source, int offset, int length, GrowingBytes target)
      throws IOException {
    target.writeIntBigEndian(Framing.SNAPPY_MAGIC_HEAD);
    target.writeIntBigEndian(Framing.SNAPPY_MAGIC_TAIL);
    target.writeIntBigEndian(Framing.SNAPPY_VERSION);
    target.writeIntBigEndian(Framing.SNAPPY_VERSION);
    for (int done = 0; done < length; done += Framing.SNAPPY_CHUNK_BYTES) {
      int chunk = Math.min(Framing.SNAPPY_CHUNK_BYTES, length - done);
      target.ensureRoom(4 + Snappy.maxCompressedLength(chunk));
      int start = target.size();
      int compressed =
          Snappy.compress(source, offset + done, chunk, target.array(), start + Integer.BYTES);
      target.writeIntBigEndian(compressed);
      target.resize(start + Integer.BYTES + compressed);
    }
  }

  private static void lz4(byte[] source, int offset, int length, GrowingBytes target) {
    LZ4Compressor compressor = LZ4Factory.fastestInstance().fastCompressor();
    target.writeIntLittleEndian(Framing.LZ4_MAGIC);
    int descriptor = target.size();
    target.write(Framing.LZ4_FLG_VERSION_1 | Framing.LZ4_FLG_INDEPENDENT);
    target.write(Framing.LZ4_BD_64_KIB);
    int hash = XXHashFactory.fastestInstance().hash32().hash(target.array(), descriptor, 2, 0);
    target.write(hash >>> 8);
    for (int done = 0; done < length; done += Framing.LZ4_BLOCK_BYTES) {
      int block = Math.min(Framing.LZ4_BLOCK_BYTES, length - done);
      int most = compressor.maxCompressedLength(block);
      target.ensureRoom(Integer.BYTES + most);
      int start = target.size();
      int compressed =
          compressor.compress(
              source, offset + done, block, target.array(), start + Integer.BYTES, most);
      if (compressed < block) {
        target.writeIntLittleEndian(compressed);
        target.resize(start + Integer.BYTES + compressed);
      } else {
        target.writeIntLittleEndian(block | Framing.LZ4_STORED);
        target.write(source, offset + done, block);
      }
    }
    target.writeIntLittleEndian(0);
  }

  private static void zstd(byte[] source, int offset, int length, GrowingBytes target) {
    int most = Math.toIntExact(Zstd.compressBound(length));
    target.ensureRoom(most);
    long compressed =
        Zstd.compressByteArray(
            target.array(),
            target.size(),
            most,
            source,
            offset,
            length,
            Zstd.defaultCompressionLevel());
    if (Zstd.isError(compressed)) {
      throw new IllegalStateException("zstd: " + Zstd.getErrorName(compressed));
    }
    target.resize(target.size() + (int) compressed);
  }
}
