package io.floe.storage;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.WritableByteChannel;

/// Consecutive whole batches of one segment, pinned where they lie: in the tail cache or in the
/// file. Whoever gets a slice closes it, once; until then the memory is not reused and the file is
/// not recycled.
///
/// Thread-safety: one thread at a time.
public interface LogSlice extends AutoCloseable {

  int sizeBytes();

  /// Offset after the slice's last record: where the next read goes on.
  long nextOffset();

  /// Sends bytes to a channel: from memory by a write, from a file by `FileChannel.transferTo`
  /// (sendfile where the channel is a socket). May block on the disk.
  ///
  /// @param from bytes of the slice that were sent before
  /// @return bytes sent, may be 0 when a non-blocking channel takes none
  long transferTo(long from, WritableByteChannel target) throws IOException;

  /// The bytes as one read-only big-endian buffer: a view when they lie in memory together, else a
  /// copy read from the file. May block on the disk. Valid until [#close()].
  ByteBuffer asBuffer() throws IOException;

  @Override
  void close();
}
