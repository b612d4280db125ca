package io.floe.actors.partition;

import io.floe.storage.LogSlice;
import java.nio.ByteBuffer;
import java.nio.channels.WritableByteChannel;

/// A slice without bytes.
record FakeSlice(long nextOffset) implements LogSlice {
  @Override
  public int sizeBytes() {
    return 0;
  }

  @Override
  public long transferTo(long from, WritableByteChannel target) {
    return 0;
  }

  @Override
  public ByteBuffer asBuffer() {
    return ByteBuffer.allocate(0);
  }

  @Override
  public void close() {}
}
