package io.floe.storage;

import io.floe.model.PartitionId;
import io.floe.model.SegmentId;
import io.floe.model.TopicId;
import io.floe.model.batch.BatchHeader;
import io.floe.model.batch.ChainDigest;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.UUID;

final class SegmentInspection {
  private SegmentInspection() {}

  /// Makes what a footer says, except the producer table, from the data.
  static SegmentFooter rebuild(SegmentId id, Path log, int indexIntervalBytes)
      throws IOException, StoreException {
    try (FileChannel channel = FileChannel.open(log, StandardOpenOption.READ)) {
      ByteWindow window =
          new ByteWindow(
              (position, target) -> read(channel, position, target),
              SegmentScan.WINDOW_BYTES,
              List.of());
      if (!window.has(0, BatchHeader.SIZE_BYTES)) {
        throw new StoreException(StoreException.Category.DAMAGED, log + " holds no batch");
      }
      long baseOffset = BatchHeader.baseOffset(window.bytes(), 0);
      int epoch = BatchHeader.epoch(window.bytes(), 0);
      SegmentScan scan =
          new SegmentScan(
              window,
              channel.size(),
              baseOffset,
              epoch,
              ChainDigest.start(id.value()),
              indexIntervalBytes);
      while (!scan.isAtLimit()) {
        SegmentScan.Finding finding = scan.next();
        if (finding != SegmentScan.Finding.VALID) {
          throw new StoreException(
              StoreException.Category.DAMAGED,
              log
                  + " is damaged at position "
                  + scan.position()
                  + ", offset "
                  + scan.offset()
                  + ": "
                  + finding);
        }
      }
      PartitionId unknown = new PartitionId(new TopicId(new UUID(0, 0)), 0);
      return new SegmentFooter(
          new SegmentSpec(id, unknown, baseOffset, epoch, false),
          scan.offset(),
          scan.position(),
          scan.digest(),
          scan.maxTimestamp(),
          scan.index(),
          new byte[0]);
    }
  }

  static long read(FileChannel channel, long position, MemorySegment target) throws IOException {
    ByteBuffer bytes = target.asByteBuffer();
    while (bytes.hasRemaining()) {
      if (channel.read(bytes, position + bytes.position()) < 0) {
        break;
      }
    }
    return bytes.position();
  }
}
