package io.floe.storage;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.floe.model.SegmentId;
import io.floe.model.batch.BatchHeader;
import io.floe.storage.io.channel.FileChannelIo;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.OptionalLong;
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
      log.append(TestLog.batch(2, 1, 10));
      log.awaitDurable();
      log.append(TestLog.batch(3, 2, 11, 12));
      log.awaitDurable();
      other.append(TestLog.batch(30, 3, 11));
      other.awaitDurable();
      long position = log.segment().sizeBytes();
      long offset = log.segment().endOffset();
      log.append(TestLog.batch(4, 4, 13));
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
    copy(original, victim);
    byte[] bytes = Files.readAllBytes(log(original));
    for (int bit = 0; bit < made.size * 8; bit++) {
      byte[] wrong = bytes.clone();
      wrong[bit / 8] ^= (byte) (1 << bit % 8);
      Files.write(log(victim), wrong);
      Files.deleteIfExists(victim.resolve("marks"));
      boolean isInLastGroup = bit / 8 >= made.lastGroupPosition;
      // Some are opened again: the marks must not be forgotten.
      for (int opening = 0; opening < (bit % 50 == 0 ? 2 : 1); opening++) {
        try (FileSegmentStore store = open(victim)) {
          RecoveredSegment found = recovered(store, VICTIM);
          String name = "bit " + bit % 8 + " of byte " + bit / 8 + ", opening " + opening;
          if (isInLastGroup) {
            assertThat(found.inDoubt())
                .as(name)
                .isEqualTo(new OffsetRange(made.lastGroupOffset, made.end));
            assertThat(found.endOffset()).as(name).isEqualTo(made.lastGroupOffset);
            assertThat(found.damaged()).as(name).isEmpty();
          } else {
            assertThat(found.damaged()).as(name).isNotEmpty();
            assertThat(found.inDoubt().from()).as(name).isEqualTo(found.inDoubt().to());
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
    copy(original, victim);
    for (long size = 0; size < made.size; size++) {
      Files.copy(log(original), log(victim), StandardCopyOption.REPLACE_EXISTING);
      Files.deleteIfExists(victim.resolve("marks"));
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
  void keepsMarksThroughLaterGenerationsUntilTheSeal() throws Exception {
    Path path = directory.resolve("original");
    Made made = make(path);
    withoutImages(path);
    flip(log(path), 20, 1);
    flip(log(path), made.size - 1, 1);
    OffsetRange inDoubt = new OffsetRange(made.lastGroupOffset, made.end);
    for (int opening = 0; opening < 4; opening++) {
      try (FileSegmentStore store = open(path)) {
        RecoveredSegment found = recovered(store, VICTIM);
        assertThat(found.inDoubt()).as("opening " + opening).isEqualTo(inDoubt);
        assertThat(found.endOffset()).isEqualTo(made.lastGroupOffset);
        assertThat(found.damaged()).containsExactly(new OffsetRange(100, 101));
        // A new generation: the record with the group in doubt is gone from the journal.
        TestLog next = TestLog.open(store, TestLog.spec(10 + opening));
        for (int i = 0; i < 20; i++) {
          next.append(TestLog.batch(10, 1, 1));
          next.awaitDurable();
        }
      }
    }
    try (FileSegmentStore store = open(path)) {
      store.seal(VICTIM, made.lastGroupOffset, new byte[0]).toCompletableFuture().join();
    }
    for (int opening = 0; opening < 2; opening++) {
      try (FileSegmentStore store = open(path)) {
        StoreMarks marks =
            StoreMarks.decode(Files.readAllBytes(path.resolve("marks")), path.resolve("marks"));
        assertThat(marks.bySegment().get(VICTIM))
            .isEqualTo(
                new StoreMarks.Marks(new OffsetRange(0, 0), List.of(new OffsetRange(100, 101))));
        assertThatThrownBy(() -> store.reads().read(VICTIM, 100, made.lastGroupOffset, 1 << 20))
            .isInstanceOf(StoreException.class)
            .extracting(e -> ((StoreException) e).readableFrom())
            .isEqualTo(OptionalLong.of(101));
        try (LogSlice slice = store.reads().read(VICTIM, 101, made.lastGroupOffset, 1 << 20)) {
          assertThat(slice.nextOffset()).isEqualTo(made.lastGroupOffset);
        }
      }
    }
  }

  @Test
  void refusesToOpenWhenTheMarksCannotBeRead() throws Exception {
    Path path = directory.resolve("original");
    Made made = make(path);
    withoutImages(path);
    flip(log(path), made.size - 1, 1);
    open(path).close();
    byte[] marks = Files.readAllBytes(path.resolve("marks"));
    for (int size : new int[] {0, 10, marks.length - 1}) {
      Files.write(path.resolve("marks"), Arrays.copyOf(marks, size));
      assertThatThrownBy(() -> open(path))
          .isInstanceOf(StoreException.class)
          .hasMessageContaining("marks")
          .hasMessageContaining("restore that file")
          .extracting(e -> ((StoreException) e).category())
          .isEqualTo(StoreException.Category.DAMAGED);
    }
    Files.write(path.resolve("marks"), marks);
    try (FileSegmentStore store = open(path)) {
      assertThat(recovered(store, VICTIM).inDoubt().to()).isEqualTo(made.end);
    }
  }

  @Test
  void saysWhereReadingGoesOnBehindDamageThatNobodyMarked() throws Exception {
    Path path = directory.resolve("original");
    SegmentId id = new SegmentId(5);
    StoreSettings settings =
        new StoreSettings(path, StoreSettings.Io.FILE_CHANNEL, 1 << 20, 1 << 20, 64, 400, 1, 1);
    long end;
    long position;
    try (FileSegmentStore store =
        FileSegmentStore.open(settings, TUNING, () -> FileChannelIo.create(16))) {
      TestLog log = TestLog.open(store, TestLog.spec(5));
      for (int i = 0; i < 30; i++) {
        log.append(TestLog.batch(50, i, i));
      }
      log.awaitDurable();
      end = log.segment().endOffset();
      position = log.segment().sizeBytes() / 30;
      store.seal(id, end, new byte[0]).toCompletableFuture().join();
    }
    // The base offset of the eleventh batch.
    flip(path.resolve("segments/00/5.log"), 10 * position + 3, 1);
    try (FileSegmentStore store =
        FileSegmentStore.open(settings, TUNING, () -> FileChannelIo.create(16))) {
      try (LogSlice slice = store.reads().read(id, 109, end, (int) (2 * position))) {
        assertThat(slice.nextOffset()).as("up to the damage").isEqualTo(110);
      }
      StoreException e =
          catchThrowableOfType(StoreException.class, () -> store.reads().read(id, 110, end, 10));
      assertThat(e.category()).isEqualTo(StoreException.Category.DAMAGED);
      long next = e.readableFrom().orElseThrow();
      assertThat(next).isBetween(111L, 115L);
      try (LogSlice slice = store.reads().read(id, next, end, 1 << 20)) {
        assertThat(slice.nextOffset()).isEqualTo(end);
      }
    }
  }

  @Test
  void callsACutFileDamagedWithoutSearchingForItsEnd() throws Exception {
    Path path = directory.resolve("original");
    Made made;
    try (FileSegmentStore store = open(path)) {
      TestLog log = TestLog.open(store, TestLog.spec(1));
      for (int i = 0; i < 40; i++) {
        log.append(TestLog.batch(1 << 20, i, i));
        log.awaitDurable();
      }
      made = new Made(log.segment().sizeBytes(), 0, 0, log.segment().endOffset());
    }
    try (RandomAccessFile file = new RandomAccessFile(log(path).toFile(), "rw")) {
      file.setLength(made.size / 20);
    }
    long start = System.nanoTime();
    try (FileSegmentStore store = open(path)) {
      RecoveredSegment found = recovered(store, VICTIM);
      assertThat(found.damaged()).containsExactly(new OffsetRange(102, made.end - 1));
      assertThat(found.inDoubt()).isEqualTo(new OffsetRange(made.end - 1, made.end));
    }
    assertThat((System.nanoTime() - start) / 1_000_000).as("milliseconds").isLessThan(5_000);
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
    ByteBuffer stale = TestLog.stamped(TestLog.batch(4, 99, 13), made.lastGroupOffset);
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
  void tellsStaleBatchesOfAnEarlierGroupByTheDigest() throws Exception {
    Path path = directory.resolve("original");
    Made made = make(path);
    withoutImages(path);
    byte[] bytes = Files.readAllBytes(log(path));
    ByteBuffer stale = TestLog.stamped(TestLog.batch(2, 99, 10), 100);
    assertThat(BatchHeader.sizeBytes(ByteBuffer.wrap(bytes), 0)).isEqualTo(stale.limit());
    stale.get(0, bytes, 0, stale.limit());
    Files.write(log(path), bytes);
    for (int opening = 0; opening < 2; opening++) {
      try (FileSegmentStore store = open(path)) {
        RecoveredSegment found = recovered(store, VICTIM);
        assertThat(found.damaged()).containsExactly(new OffsetRange(100, made.lastGroupOffset));
        assertThat(found.inDoubt().from()).isEqualTo(found.inDoubt().to());
        assertThat(found.endOffset()).isEqualTo(made.end);
      }
    }
  }

  @Test
  void callsALastGroupDamagedWhenAnotherGroupFollowedIt() throws Exception {
    Path path = directory.resolve("original");
    // The other segment's group comes last, so the first one's was durable before it.
    try (FileSegmentStore store = open(path)) {
      TestLog log = TestLog.open(store, TestLog.spec(11));
      log.append(TestLog.batch(200, 1, 10));
      log.awaitDurable();
      TestLog other = TestLog.open(store, TestLog.spec(12));
      other.append(TestLog.batch(30, 3, 11));
      other.awaitDurable();
    }
    withoutImages(path);
    flip(path.resolve("segments/00/11.log"), 100, 1);
    for (int opening = 0; opening < 2; opening++) {
      try (FileSegmentStore store = open(path)) {
        RecoveredSegment found = recovered(store, new SegmentId(11));
        assertThat(found.damaged()).containsExactly(new OffsetRange(100, 101));
        assertThat(found.inDoubt().from()).isEqualTo(found.inDoubt().to());
        assertThat(found.endOffset()).isEqualTo(101);
      }
    }
  }

  @Test
  void findsDamageInALargeSegmentWhereverItIs() throws Exception {
    Path path = directory.resolve("original");
    long[] offsets = {100, 115, 116, 140, 163};
    long size;
    try (FileSegmentStore store = open(path)) {
      TestLog log = TestLog.open(store, TestLog.spec(1));
      for (int i = 0; i < 64; i++) {
        log.append(TestLog.batch((64 << 10) - 200 + i * 13, i, i));
      }
      log.awaitDurable();
      log.append(TestLog.batch(10, 1, 1));
      log.awaitDurable();
      size = log.segment().sizeBytes();
    }
    assertThat(size).as("read ahead in several pieces").isGreaterThan(4L << 20);
    byte[] bytes = Files.readAllBytes(log(path));
    int position = 0;
    for (int i = 0; i < 64; i++) {
      int offset = 100 + i;
      int sizeBytes = BatchHeader.sizeBytes(ByteBuffer.wrap(bytes), position);
      if (Arrays.stream(offsets).anyMatch(each -> each == offset)) {
        bytes[position + 1_000] ^= 4;
      }
      position += sizeBytes;
    }
    Files.write(log(path), bytes);
    try (FileSegmentStore store = open(path)) {
      RecoveredSegment found = recovered(store, VICTIM);
      assertThat(found.damaged().stream().flatMapToLong(DamageTest::offsetsOf).toArray())
          .containsExactly(offsets);
      assertThat(found.endOffset()).isEqualTo(165);
    }
  }

  private static java.util.stream.LongStream offsetsOf(OffsetRange range) {
    return java.util.stream.LongStream.range(range.from(), range.to());
  }

  @Test
  void neverShrinksSilentlyWhenTheJournalIsDamaged() throws Exception {
    neverShrinksSilently(make(directory.resolve("original")), false);
  }

  @Test
  void neverShrinksSilentlyWhenTheJournalIsDamagedBeforeItsEnd() throws Exception {
    Made made;
    try (FileSegmentStore store = open(directory.resolve("original"))) {
      TestLog log = TestLog.open(store, TestLog.spec(1));
      TestLog other = TestLog.open(store, TestLog.spec(2));
      for (int i = 0; i < 3; i++) {
        log.append(TestLog.batch(20, i, 10));
        log.awaitDurable();
      }
      // Another one's group comes last: the victim's newest record lies in the middle.
      other.append(TestLog.batch(30, 3, 11));
      other.awaitDurable();
      made = new Made(log.segment().sizeBytes(), 0, 0, log.segment().endOffset());
    }
    // What lies behind the lost record is kept and called damaged: nothing is cut.
    neverShrinksSilently(made, true);
  }

  private void neverShrinksSilently(Made made, boolean mustKeepAll) throws Exception {
    Path original = directory.resolve("original");
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
          assertThat(isWhole || (isTold && !mustKeepAll))
              .as("block at " + at + " of file " + file)
              .isTrue();
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
