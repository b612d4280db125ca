package io.floe.storage;

import static org.assertj.core.api.Assertions.assertThat;

import io.floe.model.SegmentId;
import io.floe.storage.io.Errno;
import io.floe.storage.io.channel.FileChannelIo;
import io.floe.storage.io.faulty.Fault;
import io.floe.storage.io.faulty.FaultyIo;
import io.floe.storage.io.faulty.Transfer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// What a store does when the disk says no.
class StoreFailureTest {
  private static final StoreTuning TUNING = new StoreTuning(64 << 10, 5_000_000L, 32);

  @TempDir(factory = MemoryDirectory.class)
  Path directory;

  @BeforeAll
  static void quiet() {
    TestLogging.quiet();
  }

  private FaultyIo faulty() {
    return FaultyIo.around(FileChannelIo.create(32), directory.resolve("attic"), 1);
  }

  private StoreSettings settings(int openFilesMax) {
    return new StoreSettings(
        directory.resolve("store"),
        StoreSettings.Io.FILE_CHANNEL,
        1 << 20,
        1 << 20,
        openFilesMax,
        4096,
        64 << 10,
        2);
  }

  private static boolean isLog(Transfer transfer) {
    return transfer.path().toString().endsWith(".log");
  }

  @Test
  void failsTheStoreOnAFailedSyncAndNeverSyncsAgain() throws Exception {
    FaultyIo io = faulty();
    AtomicInteger syncs = new AtomicInteger();
    try (FileSegmentStore store = FileSegmentStore.open(settings(16), TUNING, () -> io)) {
      TestLog log = TestLog.open(store, TestLog.spec(1));
      log.append(TestLog.batch(10, 1, 1));
      log.awaitDurable();
      long durable = log.reported();
      io.add(
          Fault.failIf(
              transfer ->
                  transfer.kind() == Transfer.Kind.SYNC
                      && isLog(transfer)
                      && syncs.incrementAndGet() == 1,
              Errno.EIO));
      log.append(TestLog.batch(10, 2, 1));
      StoreException cause = log.awaitFailure();
      assertThat(cause.category()).isEqualTo(StoreException.Category.FAILED);
      assertThat(cause).hasMessageContaining("1.log").hasMessageContaining("EIO");
      assertThat(log.segment().reserve(10)).isEqualTo(OpenSegment.Space.FAILED);
      assertThat(log.reported()).isEqualTo(durable);
      assertThat(store.seal(new SegmentId(1), durable, new byte[0]).toCompletableFuture())
          .failsWithin(java.time.Duration.ofSeconds(10));
    }
    assertThat(syncs).hasValue(1);
  }

  @Test
  void failsTheStoreOnAShortWrite() throws Exception {
    FaultyIo io = faulty();
    try (FileSegmentStore store = FileSegmentStore.open(settings(16), TUNING, () -> io)) {
      TestLog log = TestLog.open(store, TestLog.spec(1));
      log.append(TestLog.batch(10, 1, 1));
      log.awaitDurable();
      long durable = log.reported();
      io.add(
          transfer ->
              isLog(transfer) && transfer.kind() == Transfer.Kind.WRITE
                  ? java.util.OptionalInt.of(0)
                  : java.util.OptionalInt.empty());
      log.append(TestLog.batch(10, 2, 1));
      assertThat(log.awaitFailure()).hasMessageContaining("short");
      assertThat(log.reported()).isEqualTo(durable);
    }
  }

  @Test
  void refusesWhileTheDiskIsFullAndHealsWithoutLoss() throws Exception {
    FaultyIo io = faulty();
    try (FileSegmentStore store = FileSegmentStore.open(settings(16), TUNING, () -> io)) {
      TestLog log = TestLog.open(store, TestLog.spec(1));
      log.append(TestLog.batch(10, 1, 1));
      log.awaitDurable();
      io.limitSpace(0);
      int appended = 0;
      while (log.reserve(3_000) == OpenSegment.Space.READY) {
        log.append(TestLog.batch(2_000, appended++, 1));
        assertThat(appended).isLessThan(1_000);
      }
      assertThat(log.reserve(3_000)).isEqualTo(OpenSegment.Space.NO_SPACE);
      log.awaitDurable();
      io.limitSpace(1L << 40);
      long deadlineNanos = System.nanoTime() + 10_000_000_000L;
      while (log.reserve(3_000) == OpenSegment.Space.NO_SPACE) {
        assertThat(System.nanoTime()).isLessThan(deadlineNanos);
        Thread.sleep(20);
      }
      log.append(TestLog.batch(2_000, 77, 1));
      log.awaitDurable();
      assertThat(log.reported()).isEqualTo(100 + 1 + appended + 1);
    }
  }

  @Test
  void keepsFewFilesOpenAndWakesIdleSegments() throws Exception {
    List<TestLog> logs = new ArrayList<>();
    try (FileSegmentStore store =
        FileSegmentStore.open(settings(8), TUNING, () -> FileChannelIo.create(32))) {
      for (int i = 1; i <= 100; i++) {
        TestLog log = TestLog.open(store, TestLog.spec(i));
        logs.add(log);
        log.append(TestLog.batch(100, i, 1));
        log.awaitDurable();
      }
      // Appended to again after they were closed: the last block must come back as it was.
      for (TestLog log : logs) {
        log.append(TestLog.batch(100, 5, 1));
        log.awaitDurable();
      }
    }
    try (FileSegmentStore store =
        FileSegmentStore.open(settings(8), TUNING, () -> FileChannelIo.create(32))) {
      assertThat(store.recovered()).hasSize(100);
      assertThat(store.recovered())
          .allMatch(each -> each.endOffset() == 102 && each.damaged().isEmpty());
    }
  }

  @Test
  void answersADeletionThatComesAfterTheFailure() throws Exception {
    FaultyIo io = faulty();
    try (FileSegmentStore store = FileSegmentStore.open(settings(16), TUNING, () -> io)) {
      TestLog log = TestLog.open(store, TestLog.spec(1));
      log.append(TestLog.batch(10, 1, 1));
      log.awaitDurable();
      AtomicInteger groups = new AtomicInteger();
      // The group of the deletion's own record fails, or was refused: both are an answer.
      io.add(
          Fault.failIf(
              transfer -> transfer.kind() == Transfer.Kind.SYNC && groups.incrementAndGet() == 1,
              Errno.EIO));
      assertThat(store.delete(new SegmentId(1)).toCompletableFuture())
          .failsWithin(java.time.Duration.ofSeconds(10));
    }
  }

  @Test
  void answersARecordOfADeletionThatWasQueuedBehindTheFailure() throws Exception {
    StoreThread thread = new StoreThread(FileChannelIo.create(8), 1 << 20);
    Thread running = Thread.ofPlatform().start(thread);
    thread.fail(new StoreException(StoreException.Category.FAILED, "as the test wants"));
    while (thread.failure() == null) {
      Thread.sleep(1);
    }
    assertThat(thread.release(5)).failsWithin(java.time.Duration.ofSeconds(10));
    thread.stop().join();
    running.join();
  }

  @Test
  void refusesANewSegmentWithoutSpaceAndOpensItLater() throws Exception {
    // What is left runs out in the data file, in the descriptor, or after both.
    for (int left : new int[] {0, 4096, 16 << 10, (16 << 10) + 20}) {
      FaultyIo io = faulty();
      Path place = directory.resolve("left" + left);
      StoreSettings settings =
          new StoreSettings(
              place, StoreSettings.Io.FILE_CHANNEL, 1 << 20, 1 << 20, 16, 4096, 64 << 10, 2);
      try (FileSegmentStore store = FileSegmentStore.open(settings, TUNING, () -> io)) {
        TestLog first = TestLog.open(store, TestLog.spec(1));
        first.append(TestLog.batch(10, 1, 1));
        first.awaitDurable();
        io.limitSpace(left);
        TestLog log = TestLog.open(store, TestLog.spec(2));
        assertThat(log.reserve(100)).as(left + " bytes left").isEqualTo(OpenSegment.Space.NO_SPACE);
        assertThat(log.segment().endOffset()).isEqualTo(100);
        // Others are not kept from what they have, and their work does not put off the retry.
        first.append(TestLog.batch(10, 2, 1));
        first.awaitDurable();
        io.heal();
        long deadlineNanos = System.nanoTime() + 10_000_000_000L;
        while (log.reserve(100) != OpenSegment.Space.READY) {
          assertThat(System.nanoTime()).isLessThan(deadlineNanos);
          store.delete(new SegmentId(99)).toCompletableFuture().join();
        }
        log.append(TestLog.batch(10, 3, 1));
        log.awaitDurable();
      }
      try (FileSegmentStore store =
          FileSegmentStore.open(settings, TUNING, () -> FileChannelIo.create(32))) {
        assertThat(store.recovered()).hasSize(2).allMatch(each -> each.damaged().isEmpty());
        assertThat(store.recovered()).extracting(RecoveredSegment::endOffset).contains(101L, 102L);
      }
    }
  }
}
