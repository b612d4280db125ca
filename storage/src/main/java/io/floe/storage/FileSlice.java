package io.floe.storage;

import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.WritableByteChannel;

/// A slice that lies in a segment's file, which it pins.
final class FileSlice implements LogSlice {
  private final StoredSegment segment;
  private final FileChannel channel;
  private final long position;
  private final int sizeBytes;
  private final long nextOffset;
  private boolean isClosed;

  /// Takes over one pin of the segment.
  FileSlice(
      StoredSegment segment, FileChannel channel, long position, int sizeBytes, long nextOffset) {
    this.segment = segment;
    this.channel = channel;
    this.position = position;
    this.sizeBytes = sizeBytes;
    this.nextOffset = nextOffset;
  }

  @Override
  public int sizeBytes() {
    return sizeBytes;
  }

  @Override
  public long nextOffset() {
    return nextOffset;
  }

  @Override
  public long transferTo(long from, WritableByteChannel target) throws IOException {
    refuseClosed();
    if (from >= sizeBytes) {
      return 0;
    }
    return channel.transferTo(position + from, sizeBytes - from, target);
  }

  @Override
  public ByteBuffer asBuffer() throws IOException {
    refuseClosed();
    ByteBuffer copy = ByteBuffer.allocateDirect(sizeBytes);
    while (copy.hasRemaining()) {
      if (channel.read(copy, position + copy.position()) < 0) {
        throw new EOFException(segment.path + " ends before position " + (position + sizeBytes));
      }
    }
    return copy.flip().asReadOnlyBuffer();
  }

  private void refuseClosed() {
    if (isClosed) {
      throw new IllegalStateException("slice is closed");
    }
  }

  @Override
  public void close() {
    if (!isClosed) {
      isClosed = true;
      segment.unpin();
    }
  }
}
