package io.floe.storage;

import static org.assertj.core.api.Assertions.assertThat;

import io.floe.model.SegmentId;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// A file is let go of when its last reader did, and not before.
class StoredSegmentTest {
  @TempDir Path directory;

  private StoredSegment segment() throws Exception {
    Path path = Files.write(directory.resolve("1.log"), new byte[10]);
    return new StoredSegment(new SegmentId(1), path, new TailCache(new ChunkPool(1 << 20)));
  }

  @Test
  void isUsedAgainOnlyWhenTheLastReaderLetGo() throws Exception {
    StoredSegment segment = segment();
    AtomicInteger freed = new AtomicInteger();
    assertThat(segment.pin()).isTrue();
    segment.pinAgain();
    segment.delete(freed::incrementAndGet);
    assertThat(freed).hasValue(0);
    assertThat(segment.pin()).as("nobody new").isFalse();
    segment.unpin();
    assertThat(freed).hasValue(0);
    FileChannel open = segment.channel();
    segment.unpin();
    assertThat(freed).hasValue(1);
    assertThat(open.isOpen()).isFalse();
  }

  @Test
  void keepsItsFileOpenWhileItIsPinned() throws Exception {
    StoredSegment segment = segment();
    assertThat(segment.pin()).isTrue();
    FileChannel open = segment.channel();
    assertThat(segment.closeIfIdle()).isFalse();
    assertThat(open.isOpen()).isTrue();
    segment.unpin();
    assertThat(segment.closeIfIdle()).isTrue();
    assertThat(open.isOpen()).isFalse();
  }
}
