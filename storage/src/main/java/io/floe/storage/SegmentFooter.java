package io.floe.storage;

import java.nio.ByteBuffer;

/// What makes a segment sealed (`.footer`): its end, its digest, its index and the producer table
/// at its end. It lies beside the data, so that the data file holds nothing but batches.
///
/// ```
///   0      41           49         57       65              73            77       …
///   +------+------------+----------+--------+---------------+-------------+--------+-----------
///   | spec | end offset | size     | digest | max timestamp | index count | index… | producer
///   |      |            | in bytes |        |               |             |        | table…
///   +------+------------+----------+--------+---------------+-------------+--------+-----------
/// ```
///
/// @param sizeBytes of the data; the file may be longer after a crash during the seal
record SegmentFooter(
    SegmentSpec spec,
    long endOffset,
    long sizeBytes,
    long digest,
    long maxTimestamp,
    SparseIndex index,
    @SuppressWarnings("ArrayRecordComponent") byte[] producerTable) {

  byte[] encode() {
    byte[] entries = index.encode(sizeBytes);
    ByteBuffer payload =
        ByteBuffer.allocate(
            SegmentDescriptor.SPEC_BYTES + 36 + entries.length + producerTable.length);
    SegmentDescriptor.putSpec(payload, spec);
    payload.putLong(endOffset).putLong(sizeBytes).putLong(digest).putLong(maxTimestamp);
    payload.putInt(entries.length / SparseIndex.ENTRY_BYTES).put(entries).put(producerTable);
    return SealedFile.encode(SealedFile.Kind.FOOTER, payload.array());
  }

  static SegmentFooter decode(byte[] file, Object name) throws StoreException {
    ByteBuffer payload = SealedFile.decode(SealedFile.Kind.FOOTER, file, name);
    SegmentSpec spec = SegmentDescriptor.spec(payload);
    long endOffset = payload.getLong();
    long sizeBytes = payload.getLong();
    long digest = payload.getLong();
    long maxTimestamp = payload.getLong();
    SparseIndex index = SparseIndex.decode(payload, payload.getInt());
    byte[] table = new byte[payload.remaining()];
    payload.get(table);
    return new SegmentFooter(spec, endOffset, sizeBytes, digest, maxTimestamp, index, table);
  }
}
