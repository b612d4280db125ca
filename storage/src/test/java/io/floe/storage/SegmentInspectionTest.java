package io.floe.storage;

import static org.assertj.core.api.Assertions.assertThat;

import io.floe.model.SegmentId;
import io.floe.storage.SegmentInspection.Batch;
import io.floe.storage.SegmentInspection.EndSource;
import io.floe.storage.SegmentInspection.Report;
import io.floe.storage.io.channel.FileChannelIo;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// What is said of files that are whole, cut, flipped, sealed, open, or nobody's.
class SegmentInspectionTest {
  private static final StoreTuning TUNING = new StoreTuning(32 << 10, 30_000_000_000L, 16);

  @TempDir(factory = MemoryDirectory.class)
  Path directory;

  private final List<Batch> batches = new ArrayList<>();

  @BeforeAll
  static void quiet() {
    TestLogging.quiet();
  }

  /// Segment 1 is open with three batches, segment 2 is sealed with two.
  private void make() throws Exception {
    long end;
    try (FileSegmentStore store = open()) {
      TestLog sealed = TestLog.open(store, TestLog.spec(2));
      sealed.append(TestLog.batch(5_000, 4, 10));
      sealed.append(TestLog.batch(20, 5, 11));
      sealed.awaitDurable();
      end = sealed.segment().endOffset();
    }
    try (FileSegmentStore store = open()) {
      store.seal(new SegmentId(2), end, TestLog.TABLE).toCompletableFuture().join();
      TestLog open = TestLog.open(store, TestLog.spec(1));
      open.append(TestLog.batch(20, 1, 10));
      open.append(TestLog.batch(30, 2, 11, 12));
      open.awaitDurable();
      open.append(TestLog.batch(25, 3, 13));
      open.awaitDurable();
    }
  }

  private FileSegmentStore open() throws StoreException {
    return FileSegmentStore.open(
        StoreSettings.of(directory), TUNING, () -> FileChannelIo.create(16));
  }

  private Path log(int id) {
    return directory.resolve("segments/00/" + id + ".log");
  }

  private Report inspect(Path file) throws IOException {
    batches.clear();
    return new SegmentInspection().inspect(file, (batch, bytes) -> batches.add(batch));
  }

  private static void flip(Path path, long position, int bit) throws IOException {
    try (RandomAccessFile file = new RandomAccessFile(path.toFile(), "rw")) {
      file.seek(position);
      int value = file.read();
      file.seek(position);
      file.write(value ^ (1 << bit));
    }
  }

  private static void cut(Path path, long size) throws IOException {
    try (FileChannel file = FileChannel.open(path, StandardOpenOption.WRITE)) {
      file.truncate(size);
    }
  }

  @Test
  void listsTheBatchesOfWholeSegmentsAndSaysWhatKnowsTheirEnd() throws Exception {
    make();

    assertThat(SegmentInspection.find(directory)).containsExactly(log(1), log(2));
    Report open = inspect(log(1));
    assertThat(open.isSound()).as("%s", open).isTrue();
    assertThat(open.endSource()).isEqualTo(EndSource.JOURNAL);
    assertThat(open.baseOffset()).isEqualTo(100);
    assertThat(open.endOffset()).isEqualTo(104);
    assertThat(batches).extracting(Batch::baseOffset).containsExactly(100L, 101L, 103L);
    assertThat(batches).extracting(Batch::count).containsExactly(1, 2, 1);
    assertThat(open.tailBytes()).isEqualTo(Files.size(log(1)) - open.sizeBytes());

    Report sealed = inspect(log(2));
    assertThat(sealed.isSound()).as("%s", sealed).isTrue();
    assertThat(sealed.endSource()).isEqualTo(EndSource.FOOTER);
    assertThat(sealed.endOffset()).isEqualTo(102);
    assertThat(sealed.identity())
        .isEqualTo(
            new SegmentInspection.Identity(
                new SegmentId(2), TestLog.spec(2).partition(), TestLog.EPOCH));
  }

  @Test
  void namesTheOffsetsThatAFlippedBitTakesFromASealedSegment() throws Exception {
    make();
    Report whole = inspect(log(2));
    byte[] original = Files.readAllBytes(log(2));
    long second = batches.get(1).position();
    for (long position = 0; position < whole.sizeBytes(); position += 37) {
      Files.write(log(2), original);
      flip(log(2), position, (int) (position % 8));
      Report report = inspect(log(2));
      boolean isFirst = position < second;
      assertThat(report.damages())
          .as("byte " + position)
          .singleElement()
          .satisfies(
              damage -> {
                assertThat(damage.position()).isEqualTo(isFirst ? 0 : second);
                assertThat(damage.endPosition()).isEqualTo(isFirst ? second : whole.sizeBytes());
                assertThat(damage.fromOffset()).isEqualTo(isFirst ? 100 : 101);
                assertThat(damage.toOffset()).isEqualTo(isFirst ? 101 : 102);
              });
      assertThat(batches).hasSize(1);
    }
  }

  @Test
  void namesTheOffsetsThatEachTruncationTakes() throws Exception {
    make();
    Report whole = inspect(log(2));
    byte[] original = Files.readAllBytes(log(2));
    long second = batches.get(1).position();
    for (long size = 0; size < whole.sizeBytes(); size += 61) {
      Files.write(log(2), original);
      cut(log(2), size);
      Report report = inspect(log(2));
      long from = size < second ? 100 : 101;
      assertThat(report.isSound()).isFalse();
      assertThat(report.damages())
          .as("cut to " + size)
          .singleElement()
          .satisfies(
              damage -> {
                assertThat(damage.fromOffset()).isEqualTo(from);
                assertThat(damage.toOffset()).isEqualTo(102);
              });
      assertThat(report.problems()).isNotEmpty();
    }
    Files.delete(log(2));
    assertThat(inspect(log(2)).problems()).containsExactly("the data file is missing");
    assertThat(SegmentInspection.find(directory)).contains(log(2));
  }

  @Test
  void tellsBatchesThatWereNotWrittenHereByTheDigest() throws Exception {
    make();
    long second = inspect(log(2)).sizeBytes();
    ByteBuffer other = TestLog.stamped(TestLog.batch(20, 99, 11), 101);
    byte[] bytes = new byte[other.remaining()];
    other.get(bytes);
    try (RandomAccessFile file = new RandomAccessFile(log(2).toFile(), "rw")) {
      file.seek(second - bytes.length);
      file.write(bytes);
    }

    Report report = inspect(log(2));
    assertThat(report.damages()).isEmpty();
    assertThat(report.problems()).singleElement().asString().startsWith("chain digest differs");
  }

  @Test
  void missesWhatTheJournalSaysWasDurable() throws Exception {
    make();
    inspect(log(1));
    // Neither file may have it: the journal holds an image of the last block.
    Path journals = directory.resolve("tail-0.journal");
    byte[] whole = Files.readAllBytes(log(1));
    flip(log(1), batches.get(1).position() + 70, 2);

    Report healed = inspect(log(1));
    assertThat(healed.damages()).isEmpty();
    assertThat(healed.notes()).singleElement().asString().contains("next start writes it again");

    Files.write(log(1), whole);
    Path copy = directory.resolve("copy");
    Files.createDirectories(copy);
    Files.copy(log(1), copy.resolve("1.log"));
    flip(copy.resolve("1.log"), batches.get(1).position() + 70, 2);
    Report alone = inspect(copy.resolve("1.log"));
    assertThat(alone.endSource()).isEqualTo(EndSource.BATCHES);
    assertThat(alone.damages())
        .singleElement()
        .satisfies(
            damage -> {
              assertThat(damage.kind()).isEqualTo("crc");
              assertThat(damage.fromOffset()).isEqualTo(101);
              assertThat(damage.toOffset()).isEqualTo(103);
            });

    Files.delete(journals);
    assertThat(inspect(log(1)).problems())
        .singleElement()
        .asString()
        .startsWith("the tail journal cannot be read");
  }

  @Test
  void readsALogThatNoStoreWrote() throws Exception {
    // Epochs rise, compaction left offsets out, zeros are pre-allocated at the end.
    ByteBuffer bytes = ByteBuffer.allocate(1 << 16);
    for (int i = 0; i < 3; i++) {
      ByteBuffer batch = TestLog.batch(40, i, 10 + i);
      io.floe.model.batch.BatchHeader.stamp(batch, 0, 1_000 + 10L * i, 5 + i);
      bytes.put(batch);
    }
    int size = bytes.position();
    Path file = directory.resolve("00000000000000001000.log");
    Files.write(file, bytes.array());

    Report whole = inspect(file);
    assertThat(whole.isSound()).as("%s", whole).isTrue();
    assertThat(whole.identity()).isNull();
    assertThat(whole.baseOffset()).isEqualTo(1_000);
    assertThat(whole.endOffset()).isEqualTo(1_021);
    assertThat(whole.sizeBytes()).isEqualTo(size);
    assertThat(whole.tailBytes()).isEqualTo((1 << 16) - size);
    assertThat(whole.notes()).hasSize(2);

    flip(file, batches.get(1).position() + 65, 0);
    assertThat(inspect(file).damages())
        .singleElement()
        .satisfies(damage -> assertThat(damage.toOffset()).isEqualTo(1_020));
    Files.write(file, bytes.array());
    cut(file, size - 1);
    assertThat(inspect(file).damages())
        .singleElement()
        .satisfies(
            damage -> {
              assertThat(damage.kind()).isEqualTo("truncated");
              assertThat(damage.fromOffset()).isEqualTo(1_011);
              assertThat(damage.toOffset()).isEqualTo(-1);
            });

    Path text = directory.resolve("notes.txt");
    Files.writeString(text, "This is no log at all, only a text of some length, so it is damage.");
    assertThat(inspect(text).isSound()).isFalse();
    Path empty = Files.createFile(directory.resolve("00000000000000000007.log"));
    assertThat(inspect(empty).isSound()).isTrue();
  }
}
