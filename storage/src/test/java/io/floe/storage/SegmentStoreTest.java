package io.floe.storage;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.floe.model.SegmentId;
import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SegmentStoreTest {
  private static final StoreTuning TUNING = new StoreTuning(256 << 10, 30_000_000_000L, 64);

  @TempDir Path directory;

  private StoreSettings settings() {
    return StoreSettings.of(directory.resolve("store"));
  }

  private FileSegmentStore open() throws StoreException {
    return FileSegmentStore.open(settings(), TUNING);
  }

  private static byte[] bytes(LogSlice slice) throws Exception {
    ByteBuffer buffer = slice.asBuffer();
    byte[] bytes = new byte[buffer.remaining()];
    buffer.get(bytes);
    return bytes;
  }

  private static byte[] joined(List<ByteBuffer> batches) {
    ByteArrayOutputStream all = new ByteArrayOutputStream();
    for (ByteBuffer batch : batches) {
      byte[] bytes = new byte[batch.limit()];
      batch.get(0, bytes);
      all.writeBytes(bytes);
    }
    return all.toByteArray();
  }

  @Test
  void keepsAppendedBatchesAcrossAnOpening() throws Exception {
    List<ByteBuffer> expected = new ArrayList<>();
    long end;
    long digest;
    try (FileSegmentStore store = open()) {
      TestLog log = TestLog.open(store, TestLog.spec(1));
      for (int i = 0; i < 200; i++) {
        ByteBuffer batch = TestLog.batch(i * 37 % 3000, i, 1000 + i, 1000 + i);
        long base = log.append(batch);
        expected.add(TestLog.stamped(batch, base));
        if (i % 7 == 0) {
          log.awaitDurable();
        }
      }
      log.awaitDurable();
      end = log.segment().endOffset();
      digest = log.segment().digest();
      try (LogSlice slice = store.reads().read(new SegmentId(1), 100, end, 1 << 30)) {
        assertThat(bytes(slice)).isEqualTo(joined(expected));
        assertThat(slice.nextOffset()).isEqualTo(end);
      }
    }
    try (FileSegmentStore store = open()) {
      assertThat(store.recovered()).hasSize(1);
      RecoveredSegment recovered = store.recovered().getFirst();
      assertThat(recovered.spec()).isEqualTo(TestLog.spec(1));
      assertThat(recovered.endOffset()).isEqualTo(end);
      assertThat(recovered.digest()).isEqualTo(digest);
      assertThat(recovered.damaged()).isEmpty();
      assertThat(recovered.inDoubt().from()).isEqualTo(recovered.inDoubt().to());
      assertThat(recovered.producerTableAtBase()).isEqualTo(TestLog.TABLE);
      try (LogSlice slice = store.reads().read(new SegmentId(1), 100, end, 1 << 30)) {
        assertThat(bytes(slice)).isEqualTo(joined(expected));
      }
      store.seal(new SegmentId(1), end, new byte[] {9}).toCompletableFuture().join();
      try (LogSlice slice = store.reads().read(new SegmentId(1), 100, end, 1 << 30)) {
        assertThat(bytes(slice)).isEqualTo(joined(expected));
      }
    }
    try (FileSegmentStore store = open()) {
      assertThat(store.recovered()).isEmpty();
      assertThat(store.segments()).containsExactly(new SegmentId(1));
      assertThat(store.producerTable(new SegmentId(1)).toCompletableFuture().join())
          .containsExactly(9);
      try (LogSlice slice = store.reads().read(new SegmentId(1), 100, end, 1 << 30)) {
        assertThat(bytes(slice)).isEqualTo(joined(expected));
        ByteArrayOutputStream sent = new ByteArrayOutputStream();
        long done = 0;
        while (done < slice.sizeBytes()) {
          done += slice.transferTo(done, Channels.newChannel(sent));
        }
        assertThat(sent.toByteArray()).isEqualTo(joined(expected));
      }
      assertThat(Files.readAllBytes(settings().directory().resolve("segments/00/1.log")))
          .as("the data file holds nothing but batches")
          .isEqualTo(joined(expected));
      store.delete(new SegmentId(1)).toCompletableFuture().join();
      assertThat(store.segments()).isEmpty();
    }
  }

  @Test
  void refusesADirectoryThatIsOpen() throws Exception {
    try (FileSegmentStore store = open()) {
      assertThat(store.segments()).isEmpty();
      assertThatThrownBy(this::open)
          .isInstanceOf(StoreException.class)
          .hasMessageContaining(directory.toString())
          .extracting(e -> ((StoreException) e).category())
          .isEqualTo(StoreException.Category.LOCKED);
    }
    open().close();
  }
}
