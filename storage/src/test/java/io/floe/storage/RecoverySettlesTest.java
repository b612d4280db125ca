package io.floe.storage;

import static org.assertj.core.api.Assertions.assertThat;

import io.floe.model.SegmentId;
import io.floe.storage.io.StorageFile;
import io.floe.storage.io.StorageIo;
import io.floe.storage.io.channel.FileChannelIo;
import io.floe.storage.io.faulty.FaultyIo;
import io.floe.storage.io.faulty.PowerLoss;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.ConcurrentHashMap;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// What a recovery reports is on the disk: it was read from there and not from a cache, and it is
/// synced before anyone hears of it, because a killed process may have left all of it unsynced.
class RecoverySettlesTest {
  private static final StoreTuning TUNING = new StoreTuning(48 << 10, 30_000_000_000L, 16);

  @TempDir(factory = MemoryDirectory.class)
  Path directory;

  @BeforeAll
  static void quiet() {
    TestLogging.quiet();
  }

  private FileSegmentStore open(StorageIo io) throws StoreException {
    return FileSegmentStore.open(StoreSettings.of(directory.resolve("store")), TUNING, () -> io);
  }

  /// Two segments, one of them larger than what is read at a time.
  private void make() throws Exception {
    try (FileSegmentStore store = open(FileChannelIo.create(16))) {
      for (long id = 1; id <= 2; id++) {
        TestLog log = TestLog.open(store, TestLog.spec(id));
        for (int i = 0; i < (id == 1 ? 3 : 30); i++) {
          log.append(TestLog.batch(id == 1 ? 100 : 100_000, i, i));
          log.awaitDurable();
        }
      }
    }
  }

  @Test
  void whatItReportsSurvivesALossOfPowerRightAfterwards() throws Exception {
    make();
    FaultyIo io = FaultyIo.around(FileChannelIo.create(16), directory.resolve("attic"), 1);
    io.distrustWhatIsThere();
    Map<SegmentId, Long> ends = new HashMap<>();
    FileSegmentStore reporting = open(io);
    for (RecoveredSegment found : reporting.recovered()) {
      ends.put(found.spec().id(), found.endOffset());
    }
    io.cutPower();
    reporting.close();
    io.applyPowerLoss(PowerLoss.everythingUnsynced());
    assertThat(ends).containsEntry(new SegmentId(1), 103L).containsEntry(new SegmentId(2), 130L);
    try (FileSegmentStore store = open(FileChannelIo.create(16))) {
      assertThat(store.recovered()).hasSize(2);
      for (RecoveredSegment found : store.recovered()) {
        assertThat(found.endOffset()).isEqualTo(ends.get(found.spec().id()));
        assertThat(found.damaged()).isEmpty();
        assertThat(found.inDoubt().from()).isEqualTo(found.inDoubt().to());
      }
    }
  }

  @Test
  void readsDataAndJournalPastThePageCache() throws Exception {
    make();
    Recording io = new Recording(FileChannelIo.create(16));
    open(io).close();
    assertThat(io.read)
        .contains("1.log", "2.log", "tail-0.journal", "tail-1.journal")
        .isSubsetOf(io.direct);
  }

  /// Notes which files are read, and which of them were to be opened direct.
  private static final class Recording implements StorageIo {
    final Set<String> read = ConcurrentHashMap.newKeySet();
    final Set<String> direct = new TreeSet<>();
    private final List<String> buffered = new ArrayList<>();
    private final StorageIo real;

    Recording(StorageIo real) {
      this.real = real;
    }

    private static String nameOf(Path path) {
      return path.getFileName().toString();
    }

    @Override
    public StorageFile open(Path path, Mode mode, boolean isDirect) throws IOException {
      synchronized (this) {
        if (isDirect) {
          direct.add(nameOf(path));
        } else {
          buffered.add(nameOf(path));
        }
        direct.removeAll(buffered);
      }
      return real.open(path, mode, isDirect);
    }

    @Override
    public void read(StorageFile file, long position, MemorySegment target, long operation) {
      read.add(nameOf(file.path()));
      real.read(file, position, target, operation);
    }

    @Override
    public String name() {
      return real.name();
    }

    @Override
    public int depth() {
      return real.depth();
    }

    @Override
    public void close(StorageFile file) {
      real.close(file);
    }

    @Override
    public void write(StorageFile file, long position, MemorySegment source, long operation) {
      real.write(file, position, source, operation);
    }

    @Override
    public void sync(StorageFile file, long operation) {
      real.sync(file, operation);
    }

    @Override
    public int reap(Completion completion, long waitNanos) {
      return real.reap(completion, waitNanos);
    }

    @Override
    public int reap(Completion completion, long waitNanos, int wanted) {
      return real.reap(completion, waitNanos, wanted);
    }

    @Override
    public void wake() {
      real.wake();
    }

    @Override
    public void rename(Path from, Path to) throws IOException {
      real.rename(from, to);
    }

    @Override
    public void delete(Path path) throws IOException {
      real.delete(path);
    }

    @Override
    public void syncDirectory(Path path) throws IOException {
      real.syncDirectory(path);
    }

    @Override
    public void close() {
      real.close();
    }
  }
}
