package io.floe.storage;

import io.floe.model.PartitionId;
import io.floe.model.SegmentId;
import io.floe.model.TopicId;
import io.floe.model.batch.BatchHeader;
import io.floe.model.batch.ChainDigest;
import io.floe.storage.log.FramedLog;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.SortedSet;
import java.util.TreeSet;
import java.util.UUID;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/// Looks at data files without opening their store: lists the batches, verifies each, and says
/// exactly what is damaged. Needs no lock and changes nothing; any Kafka log file will do.
///
/// Where a segment ends is taken from its footer; without one from the tail journal of the store
/// that the file lies in. What lies beyond is a tail, not damage: pre-written zeros, an older
/// segment's batches in a recycled file, or what was written and never acknowledged. When neither
/// knows the end, as for a log that no store wrote, it is where the valid batches end, and other
/// bytes than zeros behind it are damage.
///
/// Thread-safety: none; it keeps the journals that it has read. Errors: [IOException] for what
/// cannot be read at all.
public final class SegmentInspection {
  private static final int INDEX_INTERVAL_BYTES = 16 << 10;

  private final Map<Path, Store> stores = new HashMap<>();

  /// A batch that was found.
  ///
  /// @param count offsets that it takes
  /// @param producerId -1 without a producer
  public record Batch(
      long position,
      int sizeBytes,
      long baseOffset,
      int count,
      int epoch,
      long baseTimestamp,
      long maxTimestamp,
      short attributes,
      long producerId,
      short producerEpoch,
      int baseSequence) {}

  /// Is told each valid batch in order.
  @FunctionalInterface
  public interface BatchListener {
    /// A batch is valid.
    ///
    /// @param bytes the whole batch, from 0; valid during the call
    void onBatch(Batch batch, ByteBuffer bytes);
  }

  /// Bytes that are not a valid continuation.
  ///
  /// @param kind what the check found first, in lower case: `crc`, `epoch`, `offset`, `size`,
  ///   `magic` or `truncated`
  /// @param fromOffset the first offset that is missing
  /// @param toOffset the first behind the missing ones, or -1 when that is unknown
  public record Damage(
      long position, long endPosition, long fromOffset, long toOffset, String kind) {}

  /// Which segment a file holds, as its footer or descriptor says.
  public record Identity(SegmentId segment, PartitionId partition, int epoch) {}

  /// What says where a segment ends.
  public enum EndSource {
    FOOTER,
    JOURNAL,
    /// Nothing does; the valid batches end there.
    BATCHES
  }

  /// What was found.
  ///
  /// @param identity null for a log that no store wrote
  /// @param endOffset as the source of the end says
  /// @param sizeBytes of the batches, damaged ones included
  /// @param problems what disagrees or is missing, empty when nothing is
  /// @param notes what is worth to know and no damage
  /// @param tailBytes bytes behind the end
  public record Report(
      Path file,
      @Nullable Identity identity,
      long batches,
      long baseOffset,
      long endOffset,
      long sizeBytes,
      EndSource endSource,
      List<String> problems,
      List<String> notes,
      List<Damage> damages,
      long tailBytes) {
    public Report {
      problems = List.copyOf(problems);
      notes = List.copyOf(notes);
      damages = List.copyOf(damages);
    }

    public boolean isSound() {
      return problems.isEmpty() && damages.isEmpty();
    }
  }

  /// A store's tail journal.
  private record Store(@Nullable TailJournalReader journal, @Nullable String problem) {}

  /// The data files of a directory and all below it, in the order of their names; also those that
  /// only a footer or a descriptor speaks of. A file is itself.
  public static List<Path> find(Path fileOrDirectory) throws IOException {
    if (!Files.exists(fileOrDirectory)) {
      throw new NoSuchFileException(fileOrDirectory.toString());
    }
    if (!Files.isDirectory(fileOrDirectory)) {
      return List.of(fileOrDirectory);
    }
    SortedSet<Path> found =
        new TreeSet<>(
            Comparator.comparing((Path path) -> String.valueOf(path.getParent()))
                .thenComparingInt(path -> name(path).length())
                .thenComparing(SegmentInspection::name));
    try (Stream<Path> files = Files.walk(fileOrDirectory)) {
      for (Path file : files.filter(Files::isRegularFile).toList()) {
        // The metadata journal beside a store has files of the same name and another form.
        if (!name(file).endsWith(StoreLayout.LOG) || !FramedLog.isLogFile(file)) {
          note(file, found);
        }
      }
    }
    return List.copyOf(found);
  }

  private static String name(Path path) {
    return String.valueOf(path.getFileName());
  }

  private static void note(Path file, SortedSet<Path> found) {
    String name = name(file);
    Path directory = file.getParent();
    if (directory != null
        && name(directory).equals("pool")
        && Files.exists(directory.resolveSibling("store.meta"))) {
      // Files to be used again: what they hold is nobody's.
      return;
    }
    for (String suffix : List.of(StoreLayout.LOG, StoreLayout.OPEN, StoreLayout.FOOTER)) {
      if (StoreLayout.number(name, suffix).isPresent()) {
        String number = name.substring(0, name.length() - suffix.length());
        found.add(file.resolveSibling(number + StoreLayout.LOG));
      }
    }
  }

  /// Inspects a data file, with what a store knows of it if it lies in one.
  public Report inspect(Path log, BatchListener listener) throws IOException {
    Pass pass = new Pass(log, listener);
    try {
      return pass.run();
    } catch (StoreException e) {
      throw new IOException(e.getMessage(), e);
    }
  }

  /// The store of a file `<store>/segments/<2 hex>/<id>.log`, read once.
  private @Nullable Store storeOf(Path log) throws IOException {
    Path directory = log.toAbsolutePath().normalize();
    for (int i = 0; i < 3; i++) {
      directory = directory.getParent();
      if (directory == null) {
        return null;
      }
    }
    Store known = stores.get(directory);
    StoreLayout layout = new StoreLayout(directory);
    if (known == null && Files.exists(layout.meta())) {
      known = read(layout);
      stores.put(directory, known);
    }
    return known;
  }

  private static Store read(StoreLayout layout) throws IOException {
    try {
      StoreMeta meta = StoreMeta.decode(Files.readAllBytes(layout.meta()), layout.meta());
      ByteBuffer[] files = new ByteBuffer[2];
      for (int i = 0; i < 2; i++) {
        files[i] = ByteBuffer.wrap(Files.readAllBytes(layout.journal(i)));
      }
      return new Store(TailJournalReader.read(meta.incarnation().value(), files), null);
    } catch (StoreException | NoSuchFileException e) {
      return new Store(null, "the tail journal cannot be read: " + e.getMessage());
    }
  }

  /// One pass over a file.
  private final class Pass {
    private final Path log;
    private final BatchListener listener;
    private final List<Damage> damages = new ArrayList<>();
    private final List<String> problems = new ArrayList<>();
    private final List<String> notes = new ArrayList<>();
    private final @Nullable SegmentFooter footer;
    private final @Nullable SegmentSpec spec;
    private final @Nullable TailRecord last;
    private final List<ByteWindow.Overlay> images = new ArrayList<>();
    private long batches;
    private int epoch = Integer.MIN_VALUE;
    private long tailBytes;

    Pass(Path log, BatchListener listener) throws IOException {
      this.log = log;
      this.listener = listener;
      this.footer = footer();
      SegmentSpec described = footer != null ? footer.spec() : descriptor();
      Store store = storeOf(log);
      TailJournalReader journal = store == null ? null : store.journal();
      TailRecord newest = null;
      if (footer == null && store != null) {
        if (journal == null) {
          problems.add(String.valueOf(store.problem()));
        } else {
          newest = newest(journal);
        }
      }
      this.last = newest;
      this.spec = described == null && newest != null ? newest.spec() : described;
    }

    private @Nullable TailRecord newest(TailJournalReader journal) {
      long number = StoreLayout.number(name(log), StoreLayout.LOG).orElse(-1);
      List<TailRecord> records = journal.records(number);
      for (TailRecord record : records) {
        if (record.image().length > 0) {
          images.add(
              new ByteWindow.Overlay(record.position() - record.image().length, record.image()));
        }
      }
      if (journal.isDamaged()) {
        problems.add("the tail journal is damaged: more may have been acknowledged");
      } else if (journal.isAmbiguous()) {
        notes.add("the tail journal's last group is torn: more may have been acknowledged");
      }
      return records.isEmpty() ? null : records.getLast();
    }

    private Path beside(String suffix) {
      String name = name(log);
      return log.resolveSibling(
          name.endsWith(StoreLayout.LOG)
              ? name.substring(0, name.length() - StoreLayout.LOG.length()) + suffix
              : name + suffix);
    }

    private @Nullable SegmentFooter footer() throws IOException {
      Path path = beside(StoreLayout.FOOTER);
      if (!Files.exists(path)) {
        return null;
      }
      try {
        return SegmentFooter.decode(Files.readAllBytes(path), path.getFileName());
      } catch (StoreException e) {
        problems.add("footer: " + e.getMessage());
        return null;
      }
    }

    private @Nullable SegmentSpec descriptor() throws IOException {
      Path path = beside(StoreLayout.OPEN);
      if (!Files.exists(path)) {
        return null;
      }
      try {
        return SegmentDescriptor.decode(Files.readAllBytes(path), path.getFileName()).spec();
      } catch (StoreException e) {
        problems.add("descriptor: " + e.getMessage());
        return null;
      }
    }

    Report run() throws IOException, StoreException {
      SegmentSpec known = spec;
      long baseOffset = known == null ? 0 : known.baseOffset();
      long end = knownEnd();
      long size = knownSize();
      if (!Files.exists(log)) {
        if (size > 0) {
          problems.add("the data file is missing");
          damages.add(new Damage(0, size, baseOffset, end, "truncated"));
        } else {
          notes.add("no data was written yet");
        }
        return report(baseOffset, baseOffset, 0);
      }
      try (FileChannel channel = FileChannel.open(log, StandardOpenOption.READ)) {
        long fileBytes = channel.size();
        ByteWindow window =
            new ByteWindow(
                (position, target) -> SegmentInspection.read(channel, position, target),
                SegmentScan.WINDOW_BYTES,
                images);
        if (known == null && window.has(0, BatchHeader.SIZE_BYTES)) {
          baseOffset = BatchHeader.baseOffset(window.bytes(), 0);
        }
        if (size > fileBytes) {
          problems.add("the file has " + fileBytes + " bytes and should have " + size);
        }
        SegmentScan scan =
            new SegmentScan(
                window,
                size < 0 ? fileBytes : size,
                known == null ? 0 : baseOffset,
                known == null ? SegmentScan.FOREIGN : known.epoch(),
                ChainDigest.start(known == null ? 0 : known.id().value()),
                INDEX_INTERVAL_BYTES);
        scanAll(scan, window, end, size < 0 ? fileBytes : size, size < 0);
        if (size >= 0) {
          tailBytes = Math.max(0, fileBytes - size);
          compare(scan);
        }
        if (!window.restored().isEmpty()) {
          notes.add("the tail journal holds the last block, the next start writes it again");
        }
        return report(baseOffset, batches == 0 ? baseOffset : scan.offset(), scan.position());
      }
    }

    private Report report(long baseOffset, long scannedEnd, long scannedBytes) {
      SegmentSpec known = spec;
      EndSource source =
          footer != null ? EndSource.FOOTER : last != null ? EndSource.JOURNAL : EndSource.BATCHES;
      boolean isKnown = source != EndSource.BATCHES;
      return new Report(
          log,
          known == null ? null : new Identity(known.id(), known.partition(), known.epoch()),
          batches,
          baseOffset,
          isKnown ? knownEnd() : scannedEnd,
          isKnown ? knownSize() : scannedBytes,
          source,
          problems,
          notes,
          damages,
          tailBytes);
    }

    private long knownEnd() {
      return footer != null ? footer.endOffset() : last != null ? last.end() : -1;
    }

    private long knownSize() {
      return footer != null ? footer.sizeBytes() : last != null ? last.position() : -1;
    }

    private void scanAll(
        SegmentScan scan, ByteWindow window, long end, long limit, boolean isEndUnknown)
        throws IOException, StoreException {
      while (!scan.isAtLimit()) {
        long position = scan.position();
        long offset = scan.offset();
        SegmentScan.Finding finding = scan.next();
        if (finding == SegmentScan.Finding.VALID) {
          found(window, position, offset);
          continue;
        }
        String kind = finding.name().toLowerCase(Locale.ROOT);
        if (scan.skipDamage(end < 0 ? Long.MAX_VALUE - 1 : end - 1)) {
          damages.add(new Damage(position, scan.position(), offset, scan.offset(), kind));
          continue;
        }
        boolean isTail = isEndUnknown && (spec != null || isBlank(window, position, limit));
        if (isTail) {
          tailBytes = limit - position;
        } else {
          damages.add(new Damage(position, limit, offset, end, kind));
        }
        return;
      }
    }

    private void found(ByteWindow window, long position, long expectedOffset) {
      ByteBuffer bytes = window.bytes();
      int at = window.at(position);
      Batch batch =
          new Batch(
              position,
              BatchHeader.sizeBytes(bytes, at),
              BatchHeader.baseOffset(bytes, at),
              BatchHeader.lastOffsetDelta(bytes, at) + 1,
              BatchHeader.epoch(bytes, at),
              BatchHeader.baseTimestamp(bytes, at),
              BatchHeader.maxTimestamp(bytes, at),
              BatchHeader.attributes(bytes, at),
              BatchHeader.producerId(bytes, at),
              BatchHeader.producerEpoch(bytes, at),
              BatchHeader.baseSequence(bytes, at));
      if (batches > 0 && batch.baseOffset() != expectedOffset) {
        notes.add(
            "offsets "
                + expectedOffset
                + " to "
                + (batch.baseOffset() - 1)
                + " are left out, as after compaction");
      }
      if (batches > 0 && batch.epoch() < epoch) {
        problems.add(
            "the epoch falls from "
                + epoch
                + " to "
                + batch.epoch()
                + " at position "
                + position
                + ", offset "
                + batch.baseOffset());
      }
      epoch = batch.epoch();
      batches++;
      listener.onBatch(batch, bytes.slice(at, batch.sizeBytes()));
    }

    private static boolean isBlank(ByteWindow window, long from, long limit)
        throws IOException, StoreException {
      for (long at = from; at < limit; at++) {
        if (!window.has(at, 1) || window.bytes().get(window.at(at)) != 0) {
          return false;
        }
      }
      return true;
    }

    private void compare(SegmentScan scan) {
      if (!damages.isEmpty()) {
        return;
      }
      String source = footer != null ? "footer" : "tail journal";
      if (scan.offset() != knownEnd()) {
        problems.add(
            "batches end at offset " + scan.offset() + ", the " + source + " says " + knownEnd());
      }
      long digest = footer != null ? footer.digest() : last != null ? last.digest() : 0;
      if (scan.digest() != digest) {
        problems.add(
            "chain digest differs from the " + source + "'s: not the batches that were written");
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
