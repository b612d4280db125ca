package io.floe.model.batch;

import java.nio.ByteBuffer;

/// What the protocol cores need to know of a batch: everything that decides where it goes, nothing
/// of its payload.
///
/// @param sizeBytes bytes of the whole batch
/// @param recordCount offsets that it takes, 1 or more
/// @param maxTimestamp milliseconds since the epoch, as the producer said
/// @param producerId [BatchHeader#NO_PRODUCER_ID] when the producer is not idempotent
/// @param baseSequence sequence of the first record, -1 without producer id
public record BatchInfo(
    int sizeBytes,
    int recordCount,
    long maxTimestamp,
    long producerId,
    short producerEpoch,
    int baseSequence) {
  public BatchInfo {
    if (sizeBytes < BatchHeader.SIZE_BYTES || recordCount < 1) {
      throw new IllegalArgumentException(
          "batch of " + sizeBytes + " bytes with " + recordCount + " records");
    }
  }

  /// Reads the header at `position` of a batch that was validated before.
  public static BatchInfo of(ByteBuffer buffer, int position) {
    return new BatchInfo(
        BatchHeader.sizeBytes(buffer, position),
        BatchHeader.lastOffsetDelta(buffer, position) + 1,
        BatchHeader.maxTimestamp(buffer, position),
        BatchHeader.producerId(buffer, position),
        BatchHeader.producerEpoch(buffer, position),
        BatchHeader.baseSequence(buffer, position));
  }

  public boolean isIdempotent() {
    return producerId != BatchHeader.NO_PRODUCER_ID;
  }

  /// Sequence of the last record. Sequences wrap from the largest int to 0.
  public int lastSequence() {
    return (int) ((baseSequence + (recordCount - 1L)) & Integer.MAX_VALUE);
  }
}
