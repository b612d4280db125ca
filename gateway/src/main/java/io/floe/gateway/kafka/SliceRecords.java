package io.floe.gateway.kafka;

import io.floe.storage.LogSlice;
import java.io.IOException;
import java.nio.channels.WritableByteChannel;
import org.apache.kafka.common.network.PlaintextTransportLayer;
import org.apache.kafka.common.network.TransferableChannel;
import org.apache.kafka.common.record.internal.UnalignedRecords;

/// Batches of the log on their way into a fetch response, sent from where they lie.
///
/// Ownership: whoever read the slice closes it, after the response was sent.
final class SliceRecords implements UnalignedRecords {
  private final LogSlice slice;

  SliceRecords(LogSlice slice) {
    this.slice = slice;
  }

  @Override
  public int sizeInBytes() {
    return slice.sizeBytes();
  }

  @Override
  public int writeTo(TransferableChannel channel, int position, int length) throws IOException {
    // The kernel sends from file to socket without a copy only if it is given the socket itself;
    // with TLS the bytes have to pass through the transport layer.
    WritableByteChannel target =
        channel instanceof PlaintextTransportLayer plain ? plain.socketChannel() : channel;
    return (int) slice.transferTo(position, target);
  }
}
