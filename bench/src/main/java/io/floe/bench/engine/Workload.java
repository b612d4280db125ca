package io.floe.bench.engine;

import java.nio.ByteBuffer;
import java.util.SplittableRandom;
import org.apache.kafka.common.compress.Compression;
import org.apache.kafka.common.record.internal.MemoryRecords;
import org.apache.kafka.common.record.internal.SimpleRecord;

/// What everyone appends: a record of 1 KiB, which makes a batch of its own since no writer has a
/// second one until the first is acknowledged.
final class Workload {
  static final int WRITERS = 16;
  static final int VALUE_BYTES = 1024;
  private static final long SEED = 42;

  private Workload() {}

  /// Bytes that no disk and no filesystem makes smaller.
  static byte[] value() {
    byte[] value = new byte[VALUE_BYTES];
    new SplittableRandom(SEED).nextBytes(value);
    return value;
  }

  /// The value as a client would send it.
  static ByteBuffer batch() {
    ByteBuffer batch =
        MemoryRecords.withRecords(
                Compression.NONE, new SimpleRecord(System.currentTimeMillis(), value()))
            .buffer();
    return batch.slice();
  }
}
