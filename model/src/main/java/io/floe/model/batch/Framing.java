package io.floe.model.batch;

/// The constants of the framings that no library used here reads safely: xerial's for snappy, the
/// LZ4 frame and gzip.
///
/// ```
/// snappy:  82 'S' 'N' 'A' 'P' 'P' 'Y' 00 | version 1 | oldest reader 1 | { length | raw snappy }…
/// lz4:     04 22 4D 18 | FLG | BD | [content size 8] | HC | { length | block | [xxh32] }… | 0 | [xxh32]
/// gzip:    1F 8B 08 | FLG | time 4 | XFL | OS | [extra] | [name] | [comment] | [crc16] | deflate | crc32 | size
/// ```
///
/// Snappy's numbers are big-endian, the others' little-endian. A set highest bit in an LZ4 length
/// marks a block that is stored as it is.
///
/// Source: snappy-java `SnappyOutputStream`; LZ4 Frame Format Description 1.6; RFC 1952.
final class Framing {
  static final int SNAPPY_MAGIC_HEAD = 0x82534E41;
  static final int SNAPPY_MAGIC_TAIL = 0x50505900;
  static final int SNAPPY_VERSION = 1;
  static final int SNAPPY_HEADER_BYTES = 16;
  // What Kafka's clients use.
  static final int SNAPPY_CHUNK_BYTES = 32 * 1024;

  static final int LZ4_MAGIC = 0x184D2204;
  static final int LZ4_STORED = 0x80000000;
  static final int LZ4_FLG_VERSION_MASK = 0xC0;
  static final int LZ4_FLG_VERSION_1 = 0x40;
  static final int LZ4_FLG_INDEPENDENT = 0x20;
  static final int LZ4_FLG_BLOCK_CHECKSUM = 0x10;
  static final int LZ4_FLG_CONTENT_SIZE = 0x08;
  static final int LZ4_FLG_CONTENT_CHECKSUM = 0x04;
  static final int LZ4_FLG_RESERVED = 0x03;
  static final int LZ4_BD_64_KIB = 0x40;
  static final int LZ4_BLOCK_BYTES = 64 * 1024;

  static final int GZIP_MAGIC = 0x088B1F;
  static final int GZIP_HEADER_BYTES = 10;
  static final int GZIP_TRAILER_BYTES = 8;
  static final int GZIP_FLG_HEADER_CRC = 0x02;
  static final int GZIP_FLG_EXTRA = 0x04;
  static final int GZIP_FLG_NAME = 0x08;
  static final int GZIP_FLG_COMMENT = 0x10;
  static final int GZIP_FLG_RESERVED = 0xE0;

  private Framing() {}
}
