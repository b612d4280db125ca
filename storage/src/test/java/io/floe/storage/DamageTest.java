package io.floe.storage;

import static org.assertj.core.api.Assertions.assertThat;

import io.floe.model.SegmentId;
import io.floe.model.batch.BatchHeader;
import io.floe.storage.io.channel.FileChannelIo;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Damage to the files of a closed store: every truncation and single flipped bits of a small
/// segment, told apart as in doubt (last group) or damaged (before it).
class DamageTest {
  private static final StoreTuning TUNING = new StoreTuning(32 << 10, 30_000_000_000L, 16);
  private static final SegmentId VICTIM = new SegmentId(1);
  private static final SegmentId OTHER = new SegmentId(2);

  @TempDir(factory = MemoryDirectory.class)
  Path directory;

  @BeforeAll
  static void quiet() {
    TestLogging.quiet();
  }

  private record Made(long size, long lastGroupPosition, long lastGroupOffset, long end) {}

  private FileSegmentStore open(Path path) throws StoreException {
    return FileSegmentStore.open(StoreSettings.of(path), TUNING, () -> FileChannelIo.create(16));
  }

  /// Three durable groups of the victim; the other segment's group comes before its last one.
  private Made make(Path path) throws Exception {
    try (FileSegmentStore store = open(path)) {
      TestLog other = TestLog.open(store, TestLog.spec(2));
      TestLog log = TestLog.open(store, TestLog.spec(1));
      log.append(TestLog.batch(20, 1, 10));
      log.awaitDurable();
      log.append(TestLog.batch(30, 2, 11, 12));
      log.awaitDurable();
      other.append(TestLog.batch(30, 3, 11));
      other.awaitDurable();
      long position = log.segment().sizeBytes();
      long offset = log.segment().endOffset();
      log.append(TestLog.batch(25, 4, 13));
      log.awaitDurable();
      return new Made(log.segment().sizeBytes(), position, offset, log.segment().endOffset());
    }
  }

  private static void copy(Path from, Path to) throws IOException {
    if (Files.exists(to)) {
      try (Stream<Path> files = Files.walk(to)) {
        for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
          Files.delete(file);
        }
      }
    }
    try (Stream<Path> files = Files.walk(from)) {
      for (Path file : files.toList()) {
        Files.copy(file, to.resolve(from.relativize(file)));
      }
    }
  }

  private static Path log(Path store) {
    return store.resolve("segments/00/1.log");
  }

  private static RecoveredSegment recovered(SegmentStore store, SegmentId id) {
    return store.recovered().stream()
        .filter(each -> each.spec().id().equals(id))
        .findFirst()
        .orElseThrow();
  }

  /// The image of the last block in the journal heals a bit in it; so that damage stays, the tests
  /// of damage first make the journal forget the images, as it does for segments that were closed.
  private void withoutImages(Path store) throws Exception {
    for (int i = 0; i < 2; i++) {
      Path journal = store.resolve("tail-" + i + ".journal");
      ByteBuffer bytes = ByteBuffer.wrap(Files.readAllBytes(journal));
      for (int at = 0; at < bytes.capacity(); at += TailJournal.BLOCK_BYTES) {
        if (bytes.getInt(at) == TailJournal.MAGIC) {
          dropImages(bytes, at);
        }
      }
      Files.write(journal, bytes.array());
    }
  }

  private static void dropImages(ByteBuffer bytes, int at) {
    int length = bytes.getInt(at + 40);
    ByteBuffer payload =
        ByteBuffer.allocate(length).put(0, bytes, at + TailJournal.BLOCK_HEADER_BYTES, length);
    ByteBuffer shorter = ByteBuffer.allocate(length);
    while (payload.hasRemaining()) {
      int start = payload.position();
      int image = payload.getShort(start + 2);
      byte[] record = new byte[TailRecord.HEADER_BYTES];
      payload.get(record);
      payload.position(payload.position() + image);
      shorter.put(record);
      shorter.putShort(shorter.position() - record.length + 2, (short) 0);
    }
    shorter.flip();
    bytes.putInt(at + 40, shorter.remaining());
    bytes.put(at + TailJournal.BLOCK_HEADER_BYTES, shorter, 0, shorter.remaining());
    bytes.putInt(at + 4, TailJournal.blockCrc(bytes, at, new java.util.zip.CRC32C()));
  }

  @Test
  void detectsEveryFlippedBitAndTellsDoubtFromDamage() throws Exception {
    Path original = directory.resolve("original");
    Made made = make(original);
    withoutImages(original);
    Path victim = directory.resolve("victim");
    // Each byte, one bit of it; the bit wanders, so that all eight come up in every field.
    for (int position = 0; position < made.size; position++) {
      copy(original, victim);
      flip(log(victim), position, position % 8);
      boolean isInLastGroup = position >= made.lastGroupPosition;
      // Some are opened again: the marks must not be forgotten.
      for (int opening = 0; opening < (position % 8 == 0 ? 2 : 1); opening++) {
        try (FileSegmentStore store = open(victim)) {
          RecoveredSegment found = recovered(store, VICTIM);
          String name = "bit " + position % 8 + " of byte " + position + ", opening " + opening;
          if (isInLastGroup) {
            assertThat(found.inDoubt())
                .as(name)
                .isEqualTo(new OffsetRange(made.lastGroupOffset, made.end));
            assertThat(found.endOffset()).as(name).isEqualTo(made.lastGroupOffset);
            assertThat(found.damaged()).as(name).isEmpty();
          } else {
            assertThat(found.damaged()).as(name).isNotEmpty();
            assertThat(found.endOffset()).as(name).isEqualTo(made.end);
          }
          RecoveredSegment other = recovered(store, OTHER);
          assertThat(other.damaged()).as(name).isEmpty();
          assertThat(other.endOffset()).as(name).isEqualTo(101);
        }
      }
    }
  }

  @Test
  void healsEveryFlippedBitOfTheLastBlockFromTheJournal() throws Exception {
    Path original = directory.resolve("original");
    Made made = make(original);
    Path victim = directory.resolve("victim");
    for (int position = 0; position < made.size; position += 3) {
      copy(original, victim);
      flip(log(victim), position, position % 8);
      try (FileSegmentStore store = open(victim)) {
        RecoveredSegment found = recovered(store, VICTIM);
        assertThat(found.endOffset()).isEqualTo(made.end);
        assertThat(found.damaged()).isEmpty();
      }
      assertThat(Files.readAllBytes(log(victim))).isEqualTo(Files.readAllBytes(log(original)));
    }
  }

  @Test
  void detectsEveryTruncation() throws Exception {
    Path original = directory.resolve("original");
    Made made = make(original);
    withoutImages(original);
    Path victim = directory.resolve("victim");
    for (long size = 0; size < made.size; size += 3) {
      copy(original, victim);
      try (RandomAccessFile file = new RandomAccessFile(log(victim).toFile(), "rw")) {
        file.setLength(size);
      }
      try (FileSegmentStore store = open(victim)) {
        RecoveredSegment found = recovered(store, VICTIM);
        boolean isTold =
            !found.damaged().isEmpty() || found.inDoubt().to() > found.inDoubt().from();
        assertThat(isTold).as("cut to " + size).isTrue();
        assertThat(recovered(store, OTHER).endOffset()).isEqualTo(101);
      }
    }
  }

  @Test
  void callsAMissingFileDamagedAndNeverAbsent() throws Exception {
    Path path = directory.resolve("original");
    Made made = make(path);
    Files.delete(log(path));
    Files.delete(path.resolve("segments/00/1.open"));
    try (FileSegmentStore store = open(path)) {
      RecoveredSegment found = recovered(store, VICTIM);
      assertThat(found.spec()).isEqualTo(TestLog.spec(1));
      assertThat(found.endOffset()).isEqualTo(made.end);
      assertThat(found.damaged()).isEqualTo(List.of(new OffsetRange(100, made.end)));
    }
  }

  @Test
  void tellsStaleBatchesOfEqualSizeByTheDigest() throws Exception {
    Path path = directory.resolve("original");
    Made made = make(path);
    withoutImages(path);
    // As a tear over a recycled file could leave it: size, epoch, offset and CRC are all valid.
    ByteBuffer stale = TestLog.stamped(TestLog.batch(25, 99, 13), made.lastGroupOffset);
    try (RandomAccessFile file = new RandomAccessFile(log(path).toFile(), "rw")) {
      assertThat(made.lastGroupPosition + stale.limit()).isEqualTo(made.size);
      file.seek(made.lastGroupPosition);
      byte[] bytes = new byte[stale.limit()];
      stale.get(0, bytes);
      file.write(bytes);
    }
    assertThat(BatchHeader.computeCrc(stale, 0, stale.limit()))
        .isEqualTo(BatchHeader.crc(stale, 0));
    try (FileSegmentStore store = open(path)) {
      RecoveredSegment found = recovered(store, VICTIM);
      assertThat(found.endOffset()).isEqualTo(made.lastGroupOffset);
      assertThat(found.inDoubt()).isEqualTo(new OffsetRange(made.lastGroupOffset, made.end));
    }
  }

  @Test
  void neverShrinksSilentlyWhenTheJournalIsDamaged() throws Exception {
    Path original = directory.resolve("original");
    Made made = make(original);
    Path victim = directory.resolve("victim");
    // Every used block of both journal files, one bit each.
    for (int file = 0; file < 2; file++) {
      Path journal = original.resolve("tail-" + file + ".journal");
      byte[] bytes = Files.readAllBytes(journal);
      for (int at = 0; at < bytes.length; at += TailJournal.BLOCK_BYTES) {
        if (ByteBuffer.wrap(bytes).getInt(at) != TailJournal.MAGIC) {
          continue;
        }
        copy(original, victim);
        flip(victim.resolve("tail-" + file + ".journal"), at + 60, 3);
        try (FileSegmentStore store = open(victim)) {
          RecoveredSegment found = recovered(store, VICTIM);
          boolean isWhole = found.endOffset() == made.end;
          boolean isTold = !found.damaged().isEmpty() || found.inDoubt().to() >= made.end;
          assertThat(isWhole || isTold).as("block at " + at + " of file " + file).isTrue();
        }
      }
    }
  }

  private static void flip(Path path, long position, int bit) throws IOException {
    try (RandomAccessFile file = new RandomAccessFile(path.toFile(), "rw")) {
      file.seek(position);
      int value = file.read();
      file.seek(position);
      file.write(value ^ (1 << bit));
    }
  }
}
