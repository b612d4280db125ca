package io.floe.consensus.replication.core;

import io.floe.model.batch.BatchHeader;
import io.floe.model.batch.BatchInfo;

/// Batches for tests.
final class Batches {
  static final int SIZE_BYTES = 100;

  private Batches() {}

  static BatchInfo plain(int records) {
    return new BatchInfo(SIZE_BYTES, records, 0, BatchHeader.NO_PRODUCER_ID, (short) -1, -1);
  }

  static BatchInfo of(long producer, int epoch, int sequence, int records) {
    return at(0, producer, epoch, sequence, records);
  }

  static BatchInfo at(long timestamp, long producer, int epoch, int sequence, int records) {
    return new BatchInfo(SIZE_BYTES, records, timestamp, producer, (short) epoch, sequence);
  }
}
