package io.floe.storage;

import static org.assertj.core.api.Assertions.assertThat;

import io.floe.model.SegmentId;
import io.floe.storage.io.channel.FileChannelIo;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// The last block of a segment holds acknowledged bytes and is written again by the next group.
/// Every way in which the power can cut off that write, and the write of the journal's frame beside
/// it, keeps what was acknowledged: torn at each byte, and each sector old, new or destroyed.
class LastBlockTest {
  private static final StoreTuning TUNING = new StoreTuning(32 << 10, 30_000_000_000L, 16);
  private static final SegmentId SEGMENT = new SegmentId(1);
  private static final int SECTOR = 512;
  private static final int BLOCK = TailJournal.BLOCK_BYTES;

  @TempDir(factory = MemoryDirectory.class)
  Path directory;

  private int openings;

  @BeforeAll
  static void quiet() {
    TestLogging.quiet();
  }

  /// The files after a group, and what they must give back.
  @SuppressWarnings("ArrayRecordComponent")
  private record Snapshot(byte[] log, byte[][] journals, long end, int position) {
    static Snapshot of(Path store, TestLog log) throws IOException {
      return new Snapshot(
          Files.readAllBytes(logFile(store)),
          new byte[][] {
            Files.readAllBytes(journal(store, 0)), Files.readAllBytes(journal(store, 1))
          },
          log.segment().endOffset(),
          (int) log.segment().sizeBytes());
    }

    /// The journal file that differs from an earlier snapshot.
    int changedJournal(Snapshot earlier) {
      boolean isFirst = !Arrays.equals(journals[0], earlier.journals[0]);
      boolean isSecond = !Arrays.equals(journals[1], earlier.journals[1]);
      assertThat(isFirst ^ isSecond).as("one journal file changed").isTrue();
      return isFirst ? 0 : 1;
    }
  }

  private static Path logFile(Path store) {
    return store.resolve("segments/00/1.log");
  }

  private static Path journal(Path store, int number) {
    return store.resolve("tail-" + number + ".journal");
  }

  private FileSegmentStore open() throws StoreException {
    return FileSegmentStore.open(
        StoreSettings.of(directory), TUNING, () -> FileChannelIo.create(16));
  }

  private Snapshot append(TestLog log, int valueBytes, long seed) throws Exception {
    log.append(TestLog.batch(valueBytes, seed, seed));
    log.awaitDurable();
    return Snapshot.of(directory, log);
  }

  /// Opens what a loss of power left and checks it.
  private void check(
      String name, byte[] log, byte[][] journals, boolean isFrameWhole, Snapshot a, Snapshot b)
      throws Exception {
    Files.write(logFile(directory), log);
    Files.write(journal(directory, 0), journals[0]);
    Files.write(journal(directory, 1), journals[1]);
    Files.deleteIfExists(directory.resolve("marks"));
    openings++;
    // Every eighth is opened twice: what the first opening mended and marked must stand.
    long endBefore = -1;
    for (int i = 0; i < (openings % 8 == 0 ? 2 : 1); i++) {
      try (FileSegmentStore store = open()) {
        RecoveredSegment found = store.recovered().getFirst();
        assertThat(found.damaged()).as(name).isEmpty();
        long end = found.endOffset();
        if (isFrameWhole) {
          assertThat(end).as(name).isEqualTo(b.end);
        } else {
          assertThat(end).as(name).isBetween(a.end, b.end);
        }
        int position = end == a.end ? a.position : b.position;
        byte[] whole = end == a.end ? a.log : b.log;
        try (LogSlice slice = store.reads().read(SEGMENT, 100, end, 1 << 20)) {
          byte[] bytes = new byte[slice.sizeBytes()];
          slice.asBuffer().get(bytes);
          assertThat(bytes).as(name).isEqualTo(Arrays.copyOf(whole, position));
        }
        assertThat(endBefore == -1 || end == endBefore).as(name + ", again").isTrue();
        endBefore = end;
      }
    }
  }

  /// Every mixture of a range's sectors: each old, new or destroyed, where these differ; or so many
  /// of them, drawn by a fixed seed.
  private static List<byte[]> sectorMixtures(byte[] a, byte[] b, int from, int to, int most) {
    Random random = new Random(9);
    byte[] garbage = new byte[a.length];
    random.nextBytes(garbage);
    List<List<byte[]>> choices = new ArrayList<>();
    long total = 1;
    for (int at = from; at < to; at += SECTOR) {
      boolean isChanged = !Arrays.equals(a, at, at + SECTOR, b, at, at + SECTOR);
      choices.add(isChanged ? List.of(a, garbage, b) : List.of(a, garbage));
      total *= choices.getLast().size();
    }
    List<byte[]> mixtures = new ArrayList<>();
    for (long i = 0; i < Math.min(total, most); i++) {
      long number = total <= most ? i : random.nextLong(total);
      byte[] mixture = a.clone();
      for (int sector = 0; sector < choices.size(); sector++) {
        List<byte[]> choice = choices.get(sector);
        int at = from + sector * SECTOR;
        System.arraycopy(choice.get((int) (number % choice.size())), at, mixture, at, SECTOR);
        number /= choice.size();
      }
      mixtures.add(mixture);
    }
    return mixtures;
  }

  private static byte[] tornAt(byte[] a, byte[] b, int position) {
    byte[] torn = a.clone();
    System.arraycopy(b, 0, torn, 0, position);
    return torn;
  }

  @Test
  void survivesEveryTearOfTheLastBlock() throws Exception {
    Snapshot a;
    Snapshot b;
    try (FileSegmentStore store = open()) {
      TestLog log = TestLog.open(store, TestLog.spec(1));
      append(log, 200, 1);
      a = append(log, 300, 2);
      b = append(log, 700, 3);
    }
    assertThat(a.position).isBetween(SECTOR, 2 * SECTOR);
    assertThat(b.position).isBetween(2 * SECTOR, 3 * SECTOR);
    // The frame is there: all of the group is, whatever became of the block.
    for (int at = a.position; at <= b.position; at++) {
      check("torn at " + at, tornAt(a.log, b.log, at), b.journals, true, a, b);
    }
    List<byte[]> mixtures = sectorMixtures(a.log, b.log, 0, BLOCK, 1_000);
    assertThat(mixtures).hasSize(2 * 3 * 3 * 32);
    for (int i = 0; i < mixtures.size(); i++) {
      check("mixture " + i, mixtures.get(i), b.journals, true, a, b);
      if (i % 4 == 0) {
        // It is not: what was acknowledged before is.
        check("mixture " + i + " without frame", mixtures.get(i), a.journals, false, a, b);
      }
    }
  }

  @Test
  void survivesEveryTearOfTheJournalsFrame() throws Exception {
    Snapshot a;
    Snapshot b;
    try (FileSegmentStore store = open()) {
      TestLog log = TestLog.open(store, TestLog.spec(1));
      append(log, 200, 1);
      a = append(log, 300, 2);
      b = append(log, 700, 3);
    }
    checkTornFrame(a, b);
  }

  @Test
  void survivesEveryTearOfASwitchOfJournals() throws Exception {
    List<Snapshot[]> switches = new ArrayList<>();
    try (FileSegmentStore store = open()) {
      TestLog log = TestLog.open(store, TestLog.spec(1));
      Snapshot before = append(log, 200, 1);
      int active = -1;
      for (int i = 2; switches.size() < 2; i++) {
        Snapshot now = append(log, 10, i);
        int changed = now.changedJournal(before);
        if (active >= 0 && changed != active) {
          switches.add(new Snapshot[] {before, now});
        }
        active = changed;
        before = now;
      }
    }
    // The first goes over zeros, the second over an older generation.
    for (Snapshot[] each : switches) {
      checkTornFrame(each[0], each[1]);
    }
  }

  private void checkTornFrame(Snapshot a, Snapshot b) throws Exception {
    int file = b.changedJournal(a);
    byte[] from = a.journals[file];
    byte[] to = b.journals[file];
    int start = Arrays.mismatch(from, to) / BLOCK * BLOCK;
    int used = to.length;
    while (to[used - 1] == from[used - 1]) {
      used--;
    }
    for (int at = start; at <= used; at += 23) {
      byte[] torn = from.clone();
      System.arraycopy(to, start, torn, start, at - start);
      checkBoth("frame torn at " + (at - start), file, torn, false, a, b);
    }
    int sectorsEnd = start + (used - start + SECTOR - 1) / SECTOR * SECTOR;
    List<byte[]> mixtures = sectorMixtures(from, to, start, sectorsEnd, 150);
    mixtures.add(to);
    for (int i = 0; i < mixtures.size(); i++) {
      byte[] mixture = mixtures.get(i);
      // Over an older frame, its leftovers behind the new one's end count, too.
      boolean isWhole = Arrays.equals(mixture, to);
      checkBoth("frame mixture " + i, file, mixture, isWhole, a, b);
    }
  }

  private void checkBoth(
      String name, int file, byte[] journal, boolean isFrameWhole, Snapshot a, Snapshot b)
      throws Exception {
    byte[][] journals = a.journals.clone();
    journals[file] = journal;
    check(name + ", data written", b.log, journals, isFrameWhole, a, b);
    if (openings % 3 == 0) {
      check(name + ", data not written", a.log, journals, isFrameWhole, a, b);
    }
  }
}
