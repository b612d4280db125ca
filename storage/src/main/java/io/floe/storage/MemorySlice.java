package io.floe.storage;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.WritableByteChannel;
import java.util.List;

/// A slice that lies in chunks of the tail cache.
final class MemorySlice implements LogSlice {
  private final List<TailChunk> chunks;
  private final long position;
  private final int sizeBytes;
  private final long nextOffset;
  private boolean isClosed;

  MemorySlice(List<TailChunk> chunks, long position, int sizeBytes, long nextOffset) {
    this.chunks = chunks;
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
    long done = 0;
    for (TailChunk chunk : chunks) {
      long start = position + from + done;
      if (start >= chunk.endPosition() || from + done >= sizeBytes) {
        continue;
      }
      ByteBuffer part = part(chunk, start);
      int written = target.write(part);
      done += written;
      if (part.hasRemaining()) {
        break;
      }
    }
    return done;
  }

  private ByteBuffer part(TailChunk chunk, long start) {
    long end = Math.min(position + sizeBytes, chunk.endPosition());
    return chunk.bytes.slice((int) (start - chunk.position()), (int) (end - start));
  }

  @Override
  public ByteBuffer asBuffer() {
    refuseClosed();
    if (sizeBytes == 0) {
      return ByteBuffer.allocate(0);
    }
    if (chunks.size() == 1) {
      return part(chunks.getFirst(), position).asReadOnlyBuffer();
    }
    ByteBuffer copy = ByteBuffer.allocateDirect(sizeBytes);
    for (TailChunk chunk : chunks) {
      copy.put(part(chunk, position + copy.position()));
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
      chunks.forEach(TailChunk::release);
    }
  }
}
