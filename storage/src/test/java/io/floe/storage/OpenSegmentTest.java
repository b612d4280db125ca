package io.floe.storage;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.floe.storage.io.channel.FileChannelIo;
import io.floe.storage.io.faulty.FaultyIo;
import java.io.RandomAccessFile;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.time.Duration;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// What a writer may ask of its segment, and what it gets when it asks for more.
class OpenSegmentTest {
  private static final long IDLE_NANOS = 5_000_000;
  private static final int INFLIGHT_BYTES = 64 << 10;

  @TempDir(factory = MemoryDirectory.class)
  Path directory;

  @BeforeAll
  static void quiet() {
    TestLogging.quiet();
  }

  private FileSegmentStore open(long idleNanos, FileSegmentStore.IoFactory io)
      throws StoreException {
    StoreSettings settings =
        new StoreSettings(
            directory.resolve("store"),
            StoreSettings.Io.FILE_CHANNEL,
            INFLIGHT_BYTES,
            1 << 20,
            16,
            4096,
            64 << 10,
            2);
    return FileSegmentStore.open(settings, new StoreTuning(64 << 10, idleNanos, 32), io);
  }

  private FileSegmentStore open(long idleNanos) throws StoreException {
    return open(idleNanos, () -> FileChannelIo.create(32));
  }

  @Test
  void refusesWhatWasNotReserved() throws Exception {
    try (FileSegmentStore store = open(30_000_000_000L)) {
      TestLog log = TestLog.open(store, TestLog.spec(1));
      ByteBuffer batch = TestLog.batch(500, 1, 1);
      assertThatThrownBy(() -> log.segment().append(batch.duplicate(), 100))
          .isInstanceOf(IllegalStateException.class)
          .hasMessageContaining("reserved up to 0");
      assertThat(log.reserve(batch.remaining() - 1)).isEqualTo(OpenSegment.Space.READY);
      assertThatThrownBy(() -> log.segment().append(batch.duplicate(), 100))
          .isInstanceOf(IllegalStateException.class);
      assertThat(log.reserve(batch.remaining())).isEqualTo(OpenSegment.Space.READY);
      log.segment().giveBack();
      assertThatThrownBy(() -> log.segment().append(batch.duplicate(), 100))
          .as("given back")
          .isInstanceOf(IllegalStateException.class);
      log.append(batch);
      log.awaitDurable();
      assertThat(log.reported()).isEqualTo(101);
    }
  }

  @Test
  void refusesAnotherOffsetThanTheNextAndWhatIsNotOneBatch() throws Exception {
    try (FileSegmentStore store = open(30_000_000_000L)) {
      TestLog log = TestLog.open(store, TestLog.spec(1));
      ByteBuffer batch = TestLog.batch(500, 1, 1);
      assertThat(log.reserve(2_000)).isEqualTo(OpenSegment.Space.READY);
      for (long offset : new long[] {0, 99, 101}) {
        assertThatThrownBy(() -> log.segment().append(batch.duplicate(), offset))
            .isInstanceOf(IllegalArgumentException.class);
      }
      for (int size : new int[] {0, 20, batch.limit() - 1}) {
        assertThatThrownBy(() -> log.segment().append(batch.duplicate().limit(size), 100))
            .isInstanceOf(IllegalArgumentException.class)
            .hasMessageContaining("not one whole batch");
      }
      ByteBuffer twice = ByteBuffer.allocate(2 * batch.limit());
      twice.put(batch.duplicate()).put(batch.duplicate()).flip();
      assertThatThrownBy(() -> log.segment().append(twice, 100))
          .isInstanceOf(IllegalArgumentException.class);
      assertThat(log.segment().endOffset()).isEqualTo(100);
      assertThat(log.segment().sizeBytes()).isZero();
    }
  }

  @Test
  void boundsTheBytesThatAreNotDurable() throws Exception {
    FaultyIo io = FaultyIo.around(FileChannelIo.create(32), directory.resolve("attic"), 1);
    try (FileSegmentStore store = open(30_000_000_000L, () -> io)) {
      TestLog log = TestLog.open(store, TestLog.spec(1));
      ByteBuffer batch = TestLog.batch(4_000, 1, 1);
      log.append(batch);
      log.awaitDurable();
      assertThat(log.reserve(200_000))
          .as("alone it may be larger")
          .isEqualTo(OpenSegment.Space.READY);
      log.segment().giveBack();
      io.delayCompletions(Duration.ofMillis(300), Duration.ofMillis(300));
      int appended = 0;
      while (log.segment().reserve(batch.remaining()) == OpenSegment.Space.READY) {
        log.segment().append(batch.duplicate(), log.segment().endOffset());
        assertThat(++appended * batch.remaining()).isLessThanOrEqualTo(INFLIGHT_BYTES);
      }
      assertThat(appended).isGreaterThan(10);
      io.delayCompletions(Duration.ZERO, Duration.ZERO);
      assertThat(log.reserve(batch.remaining())).as("told").isEqualTo(OpenSegment.Space.READY);
    }
  }

  private static void awaitState(TestLog log, SegmentTail.State state) throws Exception {
    long deadlineNanos = System.nanoTime() + 20_000_000_000L;
    while (((SegmentTail) log.segment()).state() != state) {
      assertThat(System.nanoTime()).as("time is up").isLessThan(deadlineNanos);
      Thread.sleep(5);
    }
  }

  @Test
  void staysReadyForWhatIsReservedUntilThatIsGivenBack() throws Exception {
    try (FileSegmentStore store = open(IDLE_NANOS)) {
      TestLog log = TestLog.open(store, TestLog.spec(1));
      TestLog other = TestLog.open(store, TestLog.spec(2));
      log.append(TestLog.batch(10, 1, 1));
      log.awaitDurable();
      assertThat(log.reserve(500)).isEqualTo(OpenSegment.Space.READY);
      other.append(TestLog.batch(10, 1, 1));
      other.awaitDurable();
      // Housekeeping has been by, and passed it over.
      awaitState(other, SegmentTail.State.COLD);
      Thread.sleep(50);
      store.delete(new io.floe.model.SegmentId(99)).toCompletableFuture().join();
      assertThat(((SegmentTail) log.segment()).state()).isEqualTo(SegmentTail.State.WARM);
      log.segment().giveBack();
      awaitState(log, SegmentTail.State.COLD);
    }
  }

  @Test
  void failsWhenTheLastBlockChangedWhileItWasIdle() throws Exception {
    try (FileSegmentStore store = open(IDLE_NANOS)) {
      TestLog log = TestLog.open(store, TestLog.spec(1));
      log.append(TestLog.batch(10, 1, 1));
      log.awaitDurable();
      awaitState(log, SegmentTail.State.COLD);
      Path path = directory.resolve("store/segments/00/1.log");
      try (RandomAccessFile file = new RandomAccessFile(path.toFile(), "rw")) {
        file.seek(30);
        file.write(file.read() ^ 1);
      }
      assertThat(log.reserve(500)).isEqualTo(OpenSegment.Space.FAILED);
      assertThat(log.awaitFailure()).hasMessageContaining("is not what was written");
    }
  }
}
