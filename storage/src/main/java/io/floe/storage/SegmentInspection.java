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
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.OptionalLong;
import java.util.UUID;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/// Looks at one data file without a store: lists its batches, verifies each, and says exactly what
/// is damaged. Needs no lock and changes nothing; any Kafka log file will do.
///
/// What a store holds beyond a segment's end (pre-written zeros, or an older segment's batches in a
/// recycled file) is reported as a tail, not as damage: without a footer only the tail journal
/// knows the end.
///
/// Thread-safety: stateless.
public final class SegmentInspection {
  private static final int INDEX_INTERVAL_BYTES = 16 << 10;

  private SegmentInspection() {}

  /// A batch that was found.
  ///
  /// @param count offsets that it takes
  /// @param baseSequence -1 without a producer
  public record Batch(
      long position,
      int sizeBytes,
      long baseOffset,
      int count,
      int epoch,
      long baseTimestamp,
      long maxTimestamp,
      long producerId,
      short producerEpoch,
      int baseSequence) {}

  /// Bytes that are not a valid continuation.
  ///
  /// @param kind what the check found first, in lower case: `crc`, `epoch`, `offset`, `size`,
  ///   `magic` or `truncated`
  /// @param fromOffset the first offset that is missing
  /// @param toOffset the next offset that is there again, or -1 when nothing follows
  public record Damage(
      long position, long endPosition, long fromOffset, long toOffset, String kind) {}

  /// What was found.
  ///
  /// @param footer `valid`, `none`, or what is wrong with it
  /// @param problems disagreements of footer and data, empty when they agree
  /// @param tailBytes bytes after the last valid batch, when there is no footer to call them damage
  public record Report(
      Path file,
      long batches,
      long baseOffset,
      long endOffset,
      long sizeBytes,
      long digest,
      String footer,
      List<String> problems,
      List<Damage> damages,
      long tailBytes) {
    public Report {
      problems = List.copyOf(problems);
      damages = List.copyOf(damages);
    }

    public boolean isSound() {
      return problems.isEmpty() && damages.isEmpty();
    }
  }

  /// Inspects a data file, with the footer or descriptor beside it if there is one.
  ///
  /// @param onBatch is told each valid batch in order
  public static Report inspect(Path log, Consumer<Batch> onBatch)
      throws IOException, StoreException {
    String name = String.valueOf(log.getFileName());
    OptionalLong number = StoreLayout.number(name, StoreLayout.LOG);
    Path footerPath = log.resolveSibling(name.replace(StoreLayout.LOG, StoreLayout.FOOTER));
    SegmentFooter footer = null;
    String footerState = "none";
    if (!footerPath.equals(log) && Files.exists(footerPath)) {
      try {
        footer = SegmentFooter.decode(Files.readAllBytes(footerPath), footerPath);
        footerState = "valid";
      } catch (StoreException e) {
        footerState = String.valueOf(e.getMessage());
      }
    }
    try (FileChannel channel = FileChannel.open(log, StandardOpenOption.READ)) {
      return new Pass(log, channel, number.orElse(0), footer, footerState, onBatch).run();
    }
  }

  /// One pass over a file.
  private static final class Pass {
    private final Path log;
    private final ByteWindow window;
    private final long fileBytes;
    private final @Nullable SegmentFooter footer;
    private final String footerState;
    private final Consumer<Batch> onBatch;
    private final long segment;
    private final List<Damage> damages = new ArrayList<>();
    private final List<String> problems = new ArrayList<>();
    private long batches;

    Pass(
        Path log,
        FileChannel channel,
        long segment,
        @Nullable SegmentFooter footer,
        String footerState,
        Consumer<Batch> onBatch)
        throws IOException {
      this.log = log;
      this.segment = segment;
      this.footer = footer;
      this.footerState = footerState;
      this.onBatch = onBatch;
      this.fileBytes = channel.size();
      this.window =
          new ByteWindow(
              (position, target) -> SegmentInspection.read(channel, position, target),
              SegmentScan.WINDOW_BYTES,
              List.of());
    }

    Report run() throws IOException, StoreException {
      long limit = footer == null ? fileBytes : footer.sizeBytes();
      long baseOffset = 0;
      int epoch = 0;
      if (footer != null) {
        baseOffset = footer.spec().baseOffset();
        epoch = footer.spec().epoch();
      } else if (window.has(0, BatchHeader.SIZE_BYTES)) {
        baseOffset = BatchHeader.baseOffset(window.bytes(), 0);
        epoch = BatchHeader.epoch(window.bytes(), 0);
      }
      if (fileBytes < limit) {
        problems.add("file has " + fileBytes + " bytes, its footer says " + limit);
      }
      SegmentScan scan =
          new SegmentScan(
              window, limit, baseOffset, epoch, ChainDigest.start(segment), INDEX_INTERVAL_BYTES);
      long tailBytes = scanAll(scan, footer == null ? Long.MAX_VALUE - 1 : footer.endOffset() - 1);
      if (footer != null) {
        compare(scan, footer);
      } else if (!"none".equals(footerState)) {
        problems.add("footer: " + footerState);
      }
      return new Report(
          log,
          batches,
          baseOffset,
          scan.offset(),
          scan.position(),
          scan.digest(),
          footerState,
          problems,
          damages,
          tailBytes);
    }

    private long scanAll(SegmentScan scan, long offsetMax) throws IOException, StoreException {
      while (!scan.isAtLimit()) {
        long position = scan.position();
        long offset = scan.offset();
        SegmentScan.Finding finding = scan.next();
        if (finding == SegmentScan.Finding.VALID) {
          batches++;
          onBatch.accept(batch(position));
          continue;
        }
        String kind = finding.name().toLowerCase(Locale.ROOT);
        if (scan.skipDamage(offsetMax)) {
          damages.add(new Damage(position, scan.position(), offset, scan.offset(), kind));
        } else if (footer != null) {
          damages.add(new Damage(position, footer.sizeBytes(), offset, -1, kind));
          return 0;
        } else {
          return fileBytes - position;
        }
      }
      return 0;
    }

    private Batch batch(long position) {
      ByteBuffer bytes = window.bytes();
      int at = window.at(position);
      return new Batch(
          position,
          BatchHeader.sizeBytes(bytes, at),
          BatchHeader.baseOffset(bytes, at),
          BatchHeader.lastOffsetDelta(bytes, at) + 1,
          BatchHeader.epoch(bytes, at),
          BatchHeader.baseTimestamp(bytes, at),
          BatchHeader.maxTimestamp(bytes, at),
          BatchHeader.producerId(bytes, at),
          BatchHeader.producerEpoch(bytes, at),
          BatchHeader.baseSequence(bytes, at));
    }

    private void compare(SegmentScan scan, SegmentFooter footer) {
      if (!damages.isEmpty()) {
        return;
      }
      if (scan.offset() != footer.endOffset()) {
        problems.add(
            "batches end at offset " + scan.offset() + ", the footer says " + footer.endOffset());
      }
      if (scan.digest() != footer.digest()) {
        problems.add("chain digest differs from the footer's: not the batches that were written");
      }
    }
  }

  /// Whether a file begins with a whole batch whose checksum is right.
  static boolean beginsWithBatch(Path log) throws IOException {
    try (FileChannel channel = FileChannel.open(log, StandardOpenOption.READ)) {
      ByteBuffer header = ByteBuffer.allocate(BatchHeader.SIZE_BYTES);
      while (header.hasRemaining() && channel.read(header, header.position()) >= 0) {
        // Goes on until it is whole or the file ends.
      }
      if (header.hasRemaining() || BatchHeader.magic(header, 0) != BatchHeader.MAGIC_V2) {
        return false;
      }
      int sizeBytes = BatchHeader.sizeBytes(header, 0);
      if (sizeBytes < BatchHeader.SIZE_BYTES || sizeBytes > channel.size()) {
        return false;
      }
      ByteBuffer batch = ByteBuffer.allocate(sizeBytes);
      while (batch.hasRemaining() && channel.read(batch, batch.position()) >= 0) {
        // As above.
      }
      return !batch.hasRemaining()
          && BatchHeader.computeCrc(batch, 0, sizeBytes) == BatchHeader.crc(batch, 0);
    }
  }

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
