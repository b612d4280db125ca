package io.floe.storage;

import static org.assertj.core.api.Assertions.assertThat;

import io.floe.storage.io.channel.FileChannelIo;
import java.lang.management.ManagementFactory;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Many partitions of which most are idle: no open file, no block in memory, kilobytes on disk.
class IdleSegmentsTest {
  private static final int SEGMENTS = Integer.getInteger("floe.test.segments", 2_000);

  @TempDir(factory = MemoryDirectory.class)
  Path directory;

  @BeforeAll
  static void quiet() {
    TestLogging.quiet();
  }

  private static long openFiles() throws Exception {
    try (Stream<Path> files = Files.list(Path.of("/proc/self/fd"))) {
      return files.count();
    }
  }

  private static long heapBytes() {
    var memory = ManagementFactory.getMemoryMXBean();
    memory.gc();
    return memory.getHeapMemoryUsage().getUsed();
  }

  private FileSegmentStore open() throws StoreException {
    StoreTuning tuning = new StoreTuning(1 << 20, 50_000_000L, 64);
    return FileSegmentStore.open(
        StoreSettings.of(directory), tuning, () -> FileChannelIo.create(64));
  }

  @Test
  void idleSegmentsHoldNoFileAndLittleMemory() throws Exception {
    long heapBefore = heapBytes();
    long filesBefore = openFiles();
    long filesAtMost = 0;
    ByteBuffer batch = TestLog.batch(50, 1, 1);
    long start = System.nanoTime();
    try (FileSegmentStore store = open()) {
      List<TestLog> logs = new ArrayList<>();
      for (int id = 1; id <= SEGMENTS; id++) {
        TestLog log = TestLog.open(store, TestLog.spec(id));
        // Asked for together, so that housekeeping makes many at once.
        log.segment().reserve(batch.remaining());
        logs.add(log);
      }
      for (int i = 0; i < SEGMENTS; i++) {
        logs.get(i).append(batch);
        if (i % 256 == 0) {
          filesAtMost = Math.max(filesAtMost, openFiles());
        }
      }
      for (TestLog log : logs) {
        log.awaitDurable();
      }
      long made = System.nanoTime();
      long deadlineNanos = made + 20_000_000_000L;
      while (openFiles() > filesBefore + 20 && System.nanoTime() < deadlineNanos) {
        Thread.sleep(20);
      }
      long filesIdle = openFiles() - filesBefore;
      long heapEach = (heapBytes() - heapBefore) / SEGMENTS;
      System.out.printf(
          "%d segments made in %d ms; at most %d files open, idle %d; %d bytes of heap each%n",
          SEGMENTS, (made - start) / 1_000_000, filesAtMost, filesIdle, heapEach);
      assertThat(filesAtMost).isLessThan(20_000);
      assertThat(filesIdle).isLessThan(20);
      assertThat(heapEach).isLessThan(4_096);
      logs.get(SEGMENTS / 2).append(batch);
      logs.get(SEGMENTS / 2).awaitDurable();
      assertThat(Files.size(directory.resolve("segments/00/1.log"))).isLessThan(20_000);
    }
    long reopened = System.nanoTime();
    try (FileSegmentStore store = open()) {
      System.out.printf("opened again in %d ms%n", (System.nanoTime() - reopened) / 1_000_000);
      assertThat(store.recovered()).hasSize(SEGMENTS);
      assertThat(store.recovered())
          .allMatch(each -> each.endOffset() >= 101 && each.damaged().isEmpty());
      assertThat(openFiles()).isLessThan(filesBefore + 20);
    }
  }
}
