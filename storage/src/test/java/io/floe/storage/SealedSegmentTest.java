package io.floe.storage;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.floe.model.SegmentId;
import io.floe.storage.io.channel.FileChannelIo;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Sealed segments: opened in no time however many there are, and readable without their footer.
class SealedSegmentTest {
  private static final StoreTuning TUNING = new StoreTuning(64 << 10, 30_000_000_000L, 16);
  private static final SegmentId SEGMENT = new SegmentId(1);

  @TempDir(factory = MemoryDirectory.class)
  Path directory;

  @BeforeAll
  static void quiet() {
    TestLogging.quiet();
  }

  private FileSegmentStore open() throws StoreException {
    StoreSettings settings =
        new StoreSettings(
            directory, StoreSettings.Io.FILE_CHANNEL, 1 << 20, 1 << 20, 64, 1024, 1 << 20, 1);
    return FileSegmentStore.open(settings, TUNING, () -> FileChannelIo.create(16));
  }

  private Path file(String suffix) {
    return directory.resolve("segments/00/1" + suffix);
  }

  private byte[] makeSealed(int batches) throws Exception {
    try (FileSegmentStore store = open()) {
      TestLog log = TestLog.open(store, TestLog.spec(1));
      for (int i = 0; i < batches; i++) {
        log.append(TestLog.batch(200, i, 1_000 + i));
      }
      log.awaitDurable();
      store.seal(SEGMENT, log.segment().endOffset(), new byte[] {7}).toCompletableFuture().join();
    }
    return Files.readAllBytes(file(".log"));
  }

  private static void checkWhole(SegmentStore store, byte[] data, int batches) throws Exception {
    try (LogSlice slice = store.reads().read(SEGMENT, 100, 100 + batches, 1 << 30)) {
      byte[] bytes = new byte[slice.sizeBytes()];
      slice.asBuffer().get(bytes);
      assertThat(bytes).isEqualTo(data);
    }
    assertThat(store.reads().firstAtOrAfter(SEGMENT, 1_031, 100 + batches))
        .isEqualTo(new SegmentReads.Found(131, 1_031));
    try (LogSlice slice = store.reads().read(SEGMENT, 100, 110, 1 << 30)) {
      assertThat(slice.nextOffset()).as("committed up to there").isEqualTo(110);
    }
    try (LogSlice slice = store.reads().read(SEGMENT, 140, 100 + batches, 1)) {
      assertThat(slice.nextOffset()).isEqualTo(141);
    }
  }

  @Test
  void opensTenGigabytesOfSealedSegmentsInNoTime() throws Exception {
    byte[] data = makeSealed(50);
    SegmentFooter footer = SegmentFooter.decode(Files.readAllBytes(file(".footer")), "footer");
    SparseIndex index = new SparseIndex();
    for (int i = 0; i < 4_096; i++) {
      SparseIndex.Entry entry = footer.index().get(i % footer.index().size());
      index.add(entry.offset() + i, entry.position() + i, entry.digest(), i);
    }
    // Footers as large as those of 64 MiB; the data are sparse files of that size.
    for (int id = 2; id <= 161; id++) {
      SegmentSpec spec = TestLog.spec(id);
      byte[] bytes =
          new SegmentFooter(spec, 1_000_000, 64 << 20, 5, 6, index, new byte[1_000]).encode();
      Files.write(directory.resolve("segments/00/" + id + ".footer"), bytes);
      try (var log =
          new RandomAccessFile(directory.resolve("segments/00/" + id + ".log").toFile(), "rw")) {
        log.setLength(64 << 20);
      }
    }
    long start = System.nanoTime();
    try (FileSegmentStore store = open()) {
      assertThat((System.nanoTime() - start) / 1_000_000).isLessThan(5_000);
      assertThat(store.segments()).hasSize(161);
      checkWhole(store, data, 50);
    }
  }

  @Test
  void makesTheIndexAgainWhenTheFooterIsWrong() throws Exception {
    byte[] data = makeSealed(50);
    byte[] footer = Files.readAllBytes(file(".footer"));
    for (int at : List.of(0, 5, 9, 20, 60, 90, footer.length - 40, footer.length - 1)) {
      byte[] wrong = footer.clone();
      wrong[at] ^= 0x10;
      Files.write(file(".footer"), wrong);
      try (FileSegmentStore store = open()) {
        checkWhole(store, data, 50);
        assertThatThrownBy(() -> store.producerTable(SEGMENT).toCompletableFuture().get())
            .as("byte " + at)
            .isInstanceOf(ExecutionException.class)
            .rootCause()
            .isInstanceOf(StoreException.class);
      }
    }
    Files.write(file(".footer"), Arrays.copyOf(footer, footer.length / 2));
    try (FileSegmentStore store = open()) {
      checkWhole(store, data, 50);
    }
  }

  @Test
  void makesTheIndexAgainWhenTheFooterIsGoneAndKeepsTheData() throws Exception {
    byte[] data = makeSealed(50);
    try (FileSegmentStore store = open()) {
      Files.delete(file(".footer"));
      checkWhole(store, data, 50);
    }
    // Twice, and with other work between: nothing may take the file for debris.
    for (int i = 0; i < 2; i++) {
      try (FileSegmentStore store = open()) {
        assertThat(store.segments()).contains(SEGMENT);
        checkWhole(store, data, 50);
        TestLog log = TestLog.open(store, TestLog.spec(2 + i));
        log.append(TestLog.batch(10, 1, 1));
        log.awaitDurable();
      }
    }
  }

  @Test
  void finishesADeletionThatACrashCutShort() throws Exception {
    for (String last : List.of(".footer", ".deleted")) {
      makeSealed(50);
      Path copy = directory.resolve("copy");
      Files.copy(file(".log"), copy);
      Files.copy(file(".footer"), directory.resolve("footer"));
      try (FileSegmentStore store = open()) {
        store.delete(SEGMENT).toCompletableFuture().join();
      }
      assertThat(namesOf(directory.resolve("segments/00"))).isEmpty();
      // As if the file's own deletion was lost.
      Files.move(copy, file(".log"));
      Files.move(directory.resolve("footer"), file(last));
      try (FileSegmentStore store = open()) {
        boolean isBack = store.segments().contains(SEGMENT);
        assertThat(isBack).isEqualTo(last.equals(".footer"));
        if (isBack) {
          store.delete(SEGMENT).toCompletableFuture().join();
        }
      }
      assertThat(namesOf(directory.resolve("segments/00"))).isEmpty();
      deleteAll();
    }
  }

  @Test
  void dropsABatchThatComesAfterTheDeletion() throws Exception {
    try (FileSegmentStore store = open()) {
      TestLog log = TestLog.open(store, TestLog.spec(1));
      log.append(TestLog.batch(3_000, 1, 1));
      log.awaitDurable();
      ByteBuffer late = TestLog.batch(3_000, 2, 1);
      TestLog other = TestLog.open(store, TestLog.spec(2));
      // The store admits one mebibyte in flight: forgotten bytes would add up to that.
      for (int i = 0; i < 400; i++) {
        TestLog victim = TestLog.open(store, TestLog.spec(10 + i));
        assertThat(victim.reserve(late.remaining())).isEqualTo(OpenSegment.Space.READY);
        store.delete(victim.spec().id()).toCompletableFuture().join();
        victim.segment().append(late.duplicate(), 100);
        assertThat(victim.segment().endOffset()).isEqualTo(101);
      }
      other.append(TestLog.batch(900_000, 2, 1));
      other.awaitDurable();
    }
  }

  @Test
  void refusesToSealWhereNoBatchEndsAndAtASecondEnd() throws Exception {
    makeSealed(1);
    try (FileSegmentStore store = open()) {
      SegmentId other = new SegmentId(2);
      TestLog log = TestLog.open(store, TestLog.spec(2));
      for (int i = 0; i < 5; i++) {
        log.append(TestLog.batch(200, i, 1, 2));
      }
      log.awaitDurable();
      for (long end : new long[] {101, 107, 111, 200}) {
        assertThat(store.seal(other, end, new byte[0]).toCompletableFuture())
            .as("end " + end)
            .failsWithin(java.time.Duration.ofSeconds(10))
            .withThrowableOfType(ExecutionException.class)
            .withRootCauseInstanceOf(StoreException.class);
        assertThat(directory.resolve("segments/00/2.footer")).doesNotExist();
      }
      store.seal(other, 106, new byte[0]).toCompletableFuture().join();
      // Said again: done already. With another end: an error.
      store.seal(other, 106, new byte[0]).toCompletableFuture().join();
      assertThat(store.seal(other, 110, new byte[0]).toCompletableFuture())
          .failsWithin(java.time.Duration.ofSeconds(10))
          .withThrowableOfType(ExecutionException.class)
          .withMessageContaining("is sealed at 106");
      assertThat(store.seal(SEGMENT, 100, new byte[0]).toCompletableFuture())
          .failsWithin(java.time.Duration.ofSeconds(10));
    }
  }

  @Test
  void aDeletionThatFailedIsNeverSaidToBeDone() throws Exception {
    makeSealed(5);
    Path obstacle = file(".deleted").resolve("in the way");
    try (FileSegmentStore store = open()) {
      Files.createDirectories(obstacle);
      for (int i = 0; i < 2; i++) {
        assertThat(store.delete(SEGMENT).toCompletableFuture())
            .as("attempt " + i)
            .failsWithin(java.time.Duration.ofSeconds(10));
      }
    }
    Files.delete(obstacle);
    Files.delete(file(".deleted"));
    try (FileSegmentStore store = open()) {
      assertThat(store.segments()).contains(SEGMENT);
      store.delete(SEGMENT).toCompletableFuture().join();
      store.delete(SEGMENT).toCompletableFuture().join();
    }
    assertThat(namesOf(directory.resolve("segments/00"))).isEmpty();
  }

  @Test
  void refusesToBeMadeAgainAroundSegments() throws Exception {
    makeSealed(5);
    Files.delete(directory.resolve("store.meta"));
    for (int i = 0; i < 2; i++) {
      assertThatThrownBy(this::open)
          .isInstanceOfSatisfying(
              StoreException.class,
              e -> assertThat(e.category()).isEqualTo(StoreException.Category.DAMAGED))
          .hasMessageContaining("holds segments but no store.meta");
    }
  }

  private static List<String> namesOf(Path directory) throws IOException {
    try (Stream<Path> files = Files.list(directory)) {
      return files.map(file -> file.getFileName().toString()).sorted().toList();
    }
  }

  private void deleteAll() throws IOException {
    try (Stream<Path> files = Files.walk(directory)) {
      for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
        if (!file.equals(directory)) {
          Files.delete(file);
        }
      }
    }
  }
}
