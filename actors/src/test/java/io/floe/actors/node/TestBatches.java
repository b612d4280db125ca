package io.floe.actors.node;

import io.floe.model.batch.BatchBuilder;
import io.floe.model.batch.Compression;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;

/// Batches of one record.
final class TestBatches {
  private TestBatches() {}

  static ByteBuffer of(String value) {
    return new BatchBuilder(Compression.NONE, 1 << 16)
        .begin(0)
        .append(1_000, null, ByteBuffer.wrap(value.getBytes(StandardCharsets.UTF_8)))
        .build();
  }

  static ByteBuffer of(long producerId, int sequence, String value) {
    return new BatchBuilder(Compression.NONE, 1 << 16)
        .begin(0)
        .producer(producerId, (short) 0, sequence)
        .append(1_000, null, ByteBuffer.wrap(value.getBytes(StandardCharsets.UTF_8)))
        .build();
  }
}
