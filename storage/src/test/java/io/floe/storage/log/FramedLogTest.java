package io.floe.storage.log;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.floe.storage.StoreException;
import io.floe.storage.io.StorageIo;
import io.floe.storage.io.channel.FileChannelIo;
import io.floe.storage.io.faulty.Fault;
import io.floe.storage.io.faulty.FaultyIo;
import io.floe.storage.io.faulty.PowerLoss;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalInt;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(60)
class FramedLogTest {
  private static final int BLOCK = 4096;
  private static final LogSettings SETTINGS = new LogSettings(16 * BLOCK, 20_000, 8 * BLOCK, 1);

  @TempDir private Path temporary;

  private final List<String> acknowledged = new ArrayList<>();
  private final List<StoreException> failures = new ArrayList<>();

  @Test
  void readsBackEntriesOverManyFiles() throws StoreException {
    List<String> expected = new ArrayList<>();
    try (Opened log = open("a")) {
      for (int i = 0; i < 60; i++) {
        expected.add("entry-" + i + "x".repeat(i * 50));
        log.append(expected.get(i));
        if (i % 3 == 0) {
          log.log.commit();
        }
      }
      log.log.commit();
      assertThat(log.log.fileCount()).isGreaterThan(1);
    }
    try (Opened log = open("a")) {
      assertThat(log.recovered).isEqualTo(expected);
      assertThat(acknowledged).isEqualTo(expected);
      for (int i = 0; i < expected.size(); i++) {
        assertThat(log.log.read(log.positions.get(i)))
            .isEqualTo(expected.get(i).getBytes(StandardCharsets.UTF_8));
      }
    }
  }

  @Test
  void goesOnAfterATornTail() throws StoreException, IOException {
    crashAfter("a", "one", "two", "three");
    // The last group, unacknowledged as far as anyone can tell, is half there.
    damage(path("a", 1), 4 * BLOCK + 40);
    try (Opened log = open("a")) {
      assertThat(log.recovered).containsExactly("one", "two");
      log.append("four");
      log.log.commit();
    }
    try (Opened log = open("a")) {
      assertThat(log.recovered).containsExactly("one", "two", "four");
    }
  }

  @Test
  void refusesDamageBeforeALaterGroupAndNamesThePlace() throws StoreException, IOException {
    crashAfter("a", "one", "two", "three");
    damage(path("a", 1), 3 * BLOCK + 40);
    assertThatThrownBy(() -> open("a"))
        .isInstanceOfSatisfying(
            StoreException.class,
            e -> assertThat(e.category()).isEqualTo(StoreException.Category.DAMAGED))
        .hasMessageContaining(path("a", 1).toString())
        .hasMessageContaining("byte " + 3 * BLOCK);
  }

  @Test
  void refusesDamageToTheLastGroupOfAClosedLog() throws StoreException, IOException {
    try (Opened log = open("a")) {
      log.append("one");
      log.log.commit();
    }
    damage(path("a", 1), 2 * BLOCK + 40);
    assertThatThrownBy(() -> open("a")).hasMessageContaining("lacks sequence 2");
  }

  @Test
  void refusesAFileThatEndsBeforeTheNextBegins() throws StoreException, IOException {
    try (Opened log = open("a")) {
      for (int i = 0; i < 20; i++) {
        log.append("entry-" + i);
        log.log.commit();
      }
    }
    // The last group of the first file: no later group in it, but the second file knows.
    damage(path("a", 1), 15 * BLOCK + 40);
    assertThatThrownBy(() -> open("a")).hasMessageContaining("the next file says");
  }

  @Test
  void refusesAMissingFile() throws StoreException, IOException {
    try (Opened log = open("a")) {
      for (int i = 0; i < 40; i++) {
        log.append("entry-" + i);
        log.log.commit();
      }
    }
    Files.delete(path("a", 2));
    assertThatThrownBy(() -> open("a")).hasMessageContaining("is missing");
  }

  @Test
  void refusesFilesOfAnotherLog() throws StoreException, IOException {
    for (String name : List.of("a", "b")) {
      try (Opened log = open(name)) {
        for (int i = 0; i < 20; i++) {
          log.append("entry-" + i);
          log.log.commit();
        }
      }
    }
    Files.copy(path("b", 2), path("a", 2), StandardCopyOption.REPLACE_EXISTING);
    assertThatThrownBy(() -> open("a")).hasMessageContaining("another log");
  }

  @Test
  void neverTakesTheOldBytesOfARecycledFileForItsOwn() throws StoreException {
    for (int round = 0; round < 12; round++) {
      int expected;
      try (Opened log = open("a")) {
        expected = log.recovered.size();
        for (int i = 0; i < 9; i++) {
          log.append("round-" + round + "-" + i);
          expected++;
          log.log.commit();
        }
        while (log.log.oldestFile() != log.log.activeFile()) {
          log.log.releaseOldest();
        }
      }
      try (Opened log = open("a")) {
        assertThat(log.recovered).hasSizeLessThanOrEqualTo(expected);
        assertThat(log.recovered).allMatch(it -> it.startsWith("round-"));
        assertThat(log.recovered.getLast()).isEqualTo("round-" + round + "-8");
      }
    }
  }

  @Test
  void reportsAShortWriteAsDurableOnlyWhenTheRestFollowed() throws StoreException {
    FaultyIo io = faulty();
    io.add(Fault.shortenWrite(40, BLOCK));
    try (Opened log = open("a", io)) {
      for (int i = 0; i < 30; i++) {
        log.append("y".repeat(3 * BLOCK));
        log.log.commit();
      }
    }
    assertThat(failures).isEmpty();
    try (Opened log = open("a")) {
      assertThat(log.recovered).hasSize(30);
    }
  }

  @Test
  void refusesEverythingAfterAFailedWrite() throws StoreException {
    FaultyIo io = faulty();
    try (Opened log = open("a", io)) {
      log.append("one");
      log.log.commit();
      io.add(Fault.failIf(transfer -> true, 5));
      log.append("two");
      log.log.commit();
      io.heal();
      log.append("three");
      log.log.commit();
    }
    assertThat(acknowledged).containsExactly("one");
    assertThat(failures).hasSize(2);
    assertThat(failures.getLast()).hasMessageContaining("opened again");
  }

  /// Group after group with a cut at each transfer in turn: what was acknowledged is there, in
  /// order, and nothing that was never written.
  @Test
  void keepsWhatItAcknowledgedAtEveryPointOfPowerLoss() throws StoreException, IOException {
    for (int cutAt = 1; cutAt <= 60; cutAt++) {
      String name = "cut-" + cutAt;
      acknowledged.clear();
      failures.clear();
      FaultyIo io = FaultyIo.around(FileChannelIo.create(4), temporary.resolve("attic"), cutAt);
      int[] transfers = {0};
      int limit = cutAt;
      io.add(
          transfer -> {
            if (++transfers[0] == limit) {
              io.cutPower();
            }
            return OptionalInt.empty();
          });
      List<String> written = new ArrayList<>();
      try (Opened log = open(name, io)) {
        Random random = new Random(cutAt);
        for (int i = 0; i < 40 && failures.isEmpty(); i++) {
          written.add("entry-" + i + "z".repeat(random.nextInt(6000)));
          log.append(written.get(i));
          if (random.nextBoolean()) {
            log.log.commit();
          }
        }
      } catch (StoreException e) {
        assertThat(transfers[0]).isGreaterThanOrEqualTo(cutAt);
      }
      io.close();
      io.applyPowerLoss(PowerLoss.seededWithGarbage(cutAt));
      try (Opened log = open(name)) {
        assertThat(log.recovered)
            .as("cut at %s", cutAt)
            .hasSizeGreaterThanOrEqualTo(acknowledged.size());
        assertThat(acknowledged).isEqualTo(written.subList(0, acknowledged.size()));
        assertThat(log.recovered)
            .as("cut at %s", cutAt)
            .isEqualTo(written.subList(0, log.recovered.size()));
      }
    }
  }

  private void crashAfter(String name, String... entries) throws StoreException {
    // As after kill -9: synced groups, but no mark at the end.
    FaultyIo io = faulty();
    Opened log = open(name, io);
    for (String entry : entries) {
      log.append(entry);
      log.log.commit();
    }
    io.cutPower();
    log.close();
  }

  private static void damage(Path path, long position) throws IOException {
    try (RandomAccessFile file = new RandomAccessFile(path.toFile(), "rw")) {
      file.seek(position - 10);
      int value = file.read();
      file.seek(position - 10);
      file.write(value ^ 0x10);
    }
  }

  private Path path(String name, int number) {
    return temporary.resolve(name).resolve("%010d.log".formatted(number));
  }

  private FaultyIo faulty() {
    return FaultyIo.around(FileChannelIo.create(4), temporary.resolve("attic"), 1);
  }

  private Opened open(String name) throws StoreException {
    return open(name, FileChannelIo.create(4));
  }

  private Opened open(String name, StorageIo io) throws StoreException {
    boolean isOpen = false;
    try {
      Opened opened = new Opened(temporary.resolve(name), io);
      isOpen = true;
      return opened;
    } finally {
      if (!isOpen) {
        io.close();
      }
    }
  }

  private final class Opened implements AutoCloseable {
    final StorageIo io;
    final FramedLog log;
    final List<String> recovered = new ArrayList<>();
    final List<EntryPosition> positions = new ArrayList<>();

    Opened(Path directory, StorageIo io) throws StoreException {
      this.io = io;
      this.log =
          FramedLog.open(
              directory,
              io,
              SETTINGS,
              (position, entry) -> {
                positions.add(position);
                recovered.add(StandardCharsets.UTF_8.decode(entry).toString());
              });
    }

    void append(String entry) {
      log.append(
          entry.getBytes(StandardCharsets.UTF_8),
          new AppendListener() {
            @Override
            public void onDurable(EntryPosition position) {
              acknowledged.add(entry);
            }

            @Override
            public void onFailed(StoreException failure) {
              failures.add(failure);
            }
          });
    }

    @Override
    public void close() {
      log.close();
      io.close();
    }
  }
}
