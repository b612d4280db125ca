package io.floe.storage;

import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.WritableByteChannel;

/// A slice that lies in a segment's file, which it pins.
final class FileSlice implements LogSlice {
  private final StoredSegment segment;
  private final long position;
  private final int sizeBytes;
  private final long nextOffset;
  private boolean isClosed;

  /// Takes over one pin of the segment.
  FileSlice(StoredSegment segment, long position, int sizeBytes, long nextOffset) {
    this.segment = segment;
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
    // Asked for each time: an interrupted reader closes the channel for all of them.
    FileChannel channel = segment.channel();
    long sent = channel.transferTo(position + from, sizeBytes - from, target);
    if (sent == 0 && channel.size() < position + sizeBytes) {
      // A recovered segment can be sealed below what was readable; the caller would ask for ever.
      throw ended();
    }
    return sent;
  }

  private EOFException ended() {
    return new EOFException(segment.path + " ends before position " + (position + sizeBytes));
  }

  @Override
  public ByteBuffer asBuffer() throws IOException {
    refuseClosed();
    ByteBuffer copy = ByteBuffer.allocateDirect(sizeBytes);
    FileChannel channel = segment.channel();
    while (copy.hasRemaining()) {
      if (channel.read(copy, position + copy.position()) < 0) {
        throw ended();
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
