package io.floe.storage;

import java.nio.ByteBuffer;
import java.nio.file.Path;

/// Measures how fast a large unsealed segment is verified when its store is opened. Not a test: run
/// it by hand.
///
/// Arguments: an empty directory, and how many mebibytes.
final class RecoveryMeasurement {
  private RecoveryMeasurement() {}

  public static void main(String[] arguments) throws Exception {
    Path directory = Path.of(arguments[0]);
    long bytes = Long.parseLong(arguments[1]) << 20;
    ByteBuffer batch = TestLog.batch(16 << 10, 1, 1);
    try (FileSegmentStore store =
        FileSegmentStore.open(StoreSettings.of(directory), StoreTuning.DEFAULT)) {
      TestLog log = TestLog.open(store, TestLog.spec(1, 100, true));
      while (log.segment().sizeBytes() < bytes) {
        log.append(batch);
      }
      log.awaitDurable();
      System.out.printf("%s, %d MiB%n", store.ioName(), log.segment().sizeBytes() >> 20);
    }
    for (int i = 0; i < 3; i++) {
      long start = System.nanoTime();
      FileSegmentStore.open(StoreSettings.of(directory), StoreTuning.DEFAULT).close();
      double seconds = (System.nanoTime() - start) / 1e9;
      System.out.printf("opened in %.2f s: %.0f MB/s%n", seconds, bytes / seconds / 1e6);
    }
  }
}
