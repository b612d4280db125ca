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
    return value(VALUE_BYTES);
  }

  private static byte[] value(int sizeBytes) {
    byte[] value = new byte[sizeBytes];
    new SplittableRandom(SEED).nextBytes(value);
    return value;
  }

  /// The value as a client would send it.
  static ByteBuffer batch() {
    return batch(VALUE_BYTES);
  }

  /// One with a value of another size.
  static ByteBuffer batch(int valueBytes) {
    SimpleRecord record = new SimpleRecord(System.currentTimeMillis(), value(valueBytes));
    return MemoryRecords.withRecords(Compression.NONE, record).buffer().slice();
  }
}
