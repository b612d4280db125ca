package io.floe.storage;

import static org.assertj.core.api.Assertions.assertThat;

import io.floe.model.SegmentId;
import io.floe.model.batch.BatchBuilder;
import io.floe.model.batch.Compression;
import io.floe.storage.io.channel.FileChannelIo;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Look-ups by time against a list that is searched from its start. Rerun with
/// `-Dfloe.test.seed=<seed>`.
class TimestampLookupTest {
  private static final StoreTuning TUNING = new StoreTuning(1 << 20, 30_000_000_000L, 16);
  private static final SegmentId SEGMENT = new SegmentId(1);
  private static final long SEED = Long.getLong("floe.test.seed", System.nanoTime());

  @TempDir(factory = MemoryDirectory.class)
  Path directory;

  private final Random random = new Random(SEED);

  /// Timestamps by offset from 100 on, and where batches end.
  private final List<Long> timestamps = new ArrayList<>();

  private final List<Long> ends = new ArrayList<>();

  private FileSegmentStore open() throws StoreException {
    StoreSettings settings =
        new StoreSettings(
            directory, StoreSettings.Io.FILE_CHANNEL, 1 << 20, 32 << 10, 64, 700, 1 << 20, 1);
    return FileSegmentStore.open(settings, TUNING, () -> FileChannelIo.create(16));
  }

  private ByteBuffer batch() {
    Compression[] all = Compression.values();
    BatchBuilder builder = new BatchBuilder(all[random.nextInt(all.length)], 1 << 20);
    builder.begin(0);
    int count = 1 + random.nextInt(12);
    long near = 1_000 + ends.size() * 3L;
    for (int i = 0; i < count; i++) {
      // Out of order, many equal, now and then far ahead.
      long timestamp = near + random.nextInt(9) - 4 + (random.nextInt(60) == 0 ? 200 : 0);
      builder.append(timestamp, null, ByteBuffer.allocate(random.nextInt(80)));
      timestamps.add(timestamp);
    }
    ByteBuffer built = builder.build();
    return ByteBuffer.allocate(built.remaining()).put(built).flip();
  }

  private SegmentReads.@Nullable Found firstAtOrAfter(long timestamp, long endOffset) {
    for (long offset = 100; offset < endOffset; offset++) {
      long found = timestamps.get((int) (offset - 100));
      if (found >= timestamp) {
        return new SegmentReads.Found(offset, found);
      }
    }
    return null;
  }

  private SegmentReads.@Nullable Found largest(long endOffset) {
    SegmentReads.Found largest = null;
    for (long offset = 100; offset < endOffset; offset++) {
      long found = timestamps.get((int) (offset - 100));
      if (largest == null || found > largest.timestamp()) {
        largest = new SegmentReads.Found(offset, found);
      }
    }
    return largest;
  }

  private void check(SegmentStore store, String when) throws StoreException {
    long last = ends.getLast();
    for (int i = 0; i < 400; i++) {
      long end = i % 3 == 0 ? ends.get(random.nextInt(ends.size())) : last;
      long timestamp = 990L + random.nextInt(ends.size() * 3 + 220);
      String name = when + ", seed " + SEED + ", time " + timestamp + " below " + end;
      assertThat(store.reads().firstAtOrAfter(SEGMENT, timestamp, end))
          .as(name)
          .isEqualTo(firstAtOrAfter(timestamp, end));
      if (i % 5 == 0) {
        assertThat(store.reads().maxTimestamp(SEGMENT, end)).as(name).isEqualTo(largest(end));
      }
    }
    assertThat(store.reads().maxTimestamp(SEGMENT, 100)).as(when).isNull();
    assertThat(store.reads().firstAtOrAfter(SEGMENT, Long.MAX_VALUE, last)).as(when).isNull();
  }

  @Test
  void findsExactlyWhatASearchFromTheStartFinds() throws Exception {
    try (FileSegmentStore store = open()) {
      TestLog log = TestLog.open(store, TestLog.spec(1));
      for (int i = 0; i < 400; i++) {
        log.append(batch());
        ends.add(log.segment().endOffset());
      }
      log.awaitDurable();
      check(store, "open");
    }
    try (FileSegmentStore store = open()) {
      check(store, "recovered");
      store.seal(SEGMENT, ends.getLast(), new byte[0]).toCompletableFuture().join();
      check(store, "sealed");
    }
    try (FileSegmentStore store = open()) {
      check(store, "sealed, opened again");
    }
  }
}
