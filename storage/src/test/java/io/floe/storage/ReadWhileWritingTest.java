package io.floe.storage;

import static org.assertj.core.api.Assertions.assertThat;

import io.floe.model.SegmentId;
import io.floe.model.batch.BatchHeader;
import io.floe.storage.io.channel.FileChannelIo;
import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Readers that hold on to slices while their segments grow, are evicted from memory, sealed,
/// deleted, and their files used again for others.
class ReadWhileWritingTest {
  private static final long SEGMENT_BYTES = 300 << 10;
  private static final int SEGMENTS = Integer.getInteger("floe.test.segments", 20);

  @TempDir(factory = MemoryDirectory.class)
  Path directory;

  private final ConcurrentSkipListMap<Long, TestLog> live = new ConcurrentSkipListMap<>();
  private final AtomicBoolean isOver = new AtomicBoolean();
  private final AtomicLong readBatches = new AtomicLong();
  private final AtomicLong heldPastDeletion = new AtomicLong();
  private final AtomicReference<@Nullable Throwable> problem = new AtomicReference<>();

  @BeforeAll
  static void quiet() {
    TestLogging.quiet();
  }

  /// Files are recycled, the cache holds less than one segment, and few files stay open.
  private StoreSettings settings() {
    return new StoreSettings(
        directory, StoreSettings.Io.FILE_CHANNEL, 1 << 20, 128 << 10, 2, 1024, 512 << 10, 8);
  }

  private record Held(long segment, LogSlice slice) {}

  @Test
  void slicesStayWhatTheyWereUntilTheyAreClosed() throws Exception {
    StoreTuning tuning = new StoreTuning(1 << 20, 5_000_000L, 32);
    List<Thread> readers = new ArrayList<>();
    try (FileSegmentStore store =
        FileSegmentStore.open(settings(), tuning, () -> FileChannelIo.create(32))) {
      for (int i = 0; i < 3; i++) {
        int seed = i;
        readers.add(Thread.ofPlatform().start(() -> read(store, new Random(seed))));
      }
      try {
        write(store);
      } finally {
        isOver.set(true);
        for (Thread reader : readers) {
          reader.join();
        }
      }
    }
    assertThat(problem.get()).isNull();
    assertThat(readBatches.get()).isGreaterThan(1_000);
    assertThat(heldPastDeletion.get()).as("slices held past a deletion").isGreaterThan(10);
  }

  private void write(FileSegmentStore store) throws Exception {
    for (long id = 1; id <= SEGMENTS && problem.get() == null; id++) {
      TestLog log = TestLog.open(store, TestLog.spec(id, 100, true));
      live.put(id, log);
      while (log.segment().sizeBytes() < SEGMENT_BYTES) {
        long offset = log.segment().endOffset();
        log.append(TestLog.batch((int) (offset * 31 % 3_000), id * 1_000_003 + offset, id));
        if (offset % 5 == 0) {
          log.awaitDurable();
        }
      }
      log.awaitDurable();
      store
          .seal(new SegmentId(id), log.segment().endOffset(), new byte[0])
          .toCompletableFuture()
          .join();
      if (id > 3) {
        live.remove(id - 3);
        store.delete(new SegmentId(id - 3)).toCompletableFuture().join();
      }
    }
  }

  private void read(FileSegmentStore store, Random random) {
    ArrayDeque<Held> held = new ArrayDeque<>();
    try {
      while (!isOver.get()) {
        readOnce(store, random, held);
        while (held.size() > 20) {
          let(held.removeFirst());
        }
      }
      while (!held.isEmpty()) {
        let(held.removeFirst());
      }
    } catch (Throwable e) {
      problem.compareAndSet(null, e);
      isOver.set(true);
    } finally {
      held.forEach(each -> each.slice.close());
    }
  }

  private void readOnce(FileSegmentStore store, Random random, ArrayDeque<Held> held)
      throws Exception {
    List<Long> ids = List.copyOf(live.keySet());
    if (ids.isEmpty()) {
      return;
    }
    long id = ids.get(random.nextInt(ids.size()));
    TestLog log = live.get(id);
    if (log == null) {
      return;
    }
    long end = log.reported();
    long offset = 100 + random.nextLong(end - 100 + 1);
    try {
      LogSlice slice = store.reads().read(new SegmentId(id), offset, end, random.nextInt(40_000));
      assertThat(offset == end || slice.nextOffset() > offset).isTrue();
      held.addLast(new Held(id, slice));
      check(id, slice, random.nextBoolean());
    } catch (StoreException e) {
      // It may be deleted by now.
      assertThat(live.containsKey(id)).as(e.getMessage()).isFalse();
    }
  }

  private void let(Held held) throws Exception {
    try (LogSlice slice = held.slice) {
      if (!live.containsKey(held.segment)) {
        heldPastDeletion.incrementAndGet();
      }
      check(held.segment, slice, true);
    }
  }

  private void check(long id, LogSlice slice, boolean byTransfer) throws Exception {
    ByteBuffer bytes = byTransfer ? transferred(slice) : slice.asBuffer();
    int at = 0;
    while (at < slice.sizeBytes()) {
      long offset = BatchHeader.baseOffset(bytes, at);
      ByteBuffer expected =
          TestLog.stamped(
              TestLog.batch((int) (offset * 31 % 3_000), id * 1_000_003 + offset, id), offset);
      int sizeBytes = expected.limit();
      if (!bytes.slice(at, sizeBytes).equals(expected)) {
        throw new AssertionError(
            "segment " + id + ", offset " + offset + " is not what was written");
      }
      at += sizeBytes;
      readBatches.incrementAndGet();
    }
    assertThat(at).isEqualTo(slice.sizeBytes());
  }

  private static ByteBuffer transferred(LogSlice slice) throws Exception {
    ByteArrayOutputStream sent = new ByteArrayOutputStream();
    long done = 0;
    while (done < slice.sizeBytes()) {
      done += slice.transferTo(done, Channels.newChannel(sent));
    }
    return ByteBuffer.wrap(sent.toByteArray());
  }
}
