package io.floe.storage.log;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.floe.storage.StoreException;
import io.floe.storage.StoreSettings;
import io.floe.storage.io.StorageIo;
import io.floe.storage.io.StorageIos;
import io.floe.storage.io.channel.FileChannelIo;
import io.floe.storage.io.faulty.Fault;
import io.floe.storage.io.faulty.FaultyIo;
import io.floe.storage.io.faulty.PowerLoss;
import io.floe.storage.io.faulty.Transfer;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.io.Serial;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.OptionalInt;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.opentest4j.TestAbortedException;

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
  void refusesAMissingOldestFileUnlessItWasGivenUp() throws StoreException, IOException {
    try (Opened log = open("a")) {
      for (int i = 0; i < 60; i++) {
        log.append("entry-" + i);
        log.log.commit();
      }
      log.log.releaseOldest();
    }
    Path second = path("a", 2);
    assertThat(path("a", 1)).doesNotExist();
    try (Opened log = open("a")) {
      assertThat(log.log.oldestFile()).isEqualTo(2);
    }
    Files.delete(second);
    assertThatThrownBy(() -> open("a"))
        .isInstanceOfSatisfying(
            StoreException.class,
            e -> assertThat(e.category()).isEqualTo(StoreException.Category.DAMAGED))
        .hasMessageContaining(second + " is missing")
        .hasMessageContaining("had not given it up");
  }

  @Test
  void opensAfterACrashRightAfterAFileWasGivenUp() throws StoreException {
    FaultyIo io = faulty();
    Opened log = open("a", io);
    for (int i = 0; i < 30; i++) {
      log.append("entry-" + i);
      log.log.commit();
    }
    log.log.releaseOldest();
    io.cutPower();
    log.close();
    try (Opened again = open("a")) {
      assertThat(again.log.oldestFile()).isEqualTo(2);
      assertThat(again.recovered).endsWith("entry-29");
    }
  }

  @Test
  void startsWithASmallFileAndGrows() throws StoreException {
    int mebibyte = 1 << 20;
    LogSettings settings = new LogSettings(8 * mebibyte, 5 * mebibyte, mebibyte, 1);
    try (Opened log = new Opened(temporary.resolve("a"), FileChannelIo.create(4), settings)) {
      assertThat(log.log.fileBytes(1)).isEqualTo(mebibyte);
      log.append("x".repeat(mebibyte));
      log.log.commit();
      assertThat(log.log.fileBytes(2)).isEqualTo(2L * mebibyte);
      // Does not fit in the 4 MiB that are the third file's turn.
      log.append("y".repeat(5 * mebibyte));
      log.log.commit();
      assertThat(log.log.fileBytes(3)).isEqualTo(8L * mebibyte);
      assertThat(failures).isEmpty();
    }
    // Files have the size that their header says, whatever the settings are now.
    try (Opened log = open("a")) {
      assertThat(log.recovered).hasSize(2);
      log.append("z");
      log.log.commit();
      assertThat(failures).isEmpty();
    }
  }

  @Test
  void refusesAFileThatWasCutShort() throws StoreException, IOException {
    open("a").close();
    try (RandomAccessFile file = new RandomAccessFile(path("a", 1).toFile(), "rw")) {
      file.setLength(8 * BLOCK);
    }
    assertThatThrownBy(() -> open("a")).hasMessageContaining("should have " + 16 * BLOCK);
  }

  /// A block that was synced may be destroyed by writing it again.
  @Test
  void neverWritesABlockOfAFileTwice() throws StoreException {
    Set<String> blocks = new HashSet<>();
    List<String> twice = new ArrayList<>();
    for (int life = 0; life < 4; life++) {
      FaultyIo io = faulty();
      io.add(
          transfer -> {
            if (transfer.kind() == Transfer.Kind.WRITE
                && transfer.path().toString().matches(".*/\\d+\\.log")) {
              for (int at = 0; at < transfer.sizeBytes(); at += BLOCK) {
                String block = transfer.path() + "@" + (transfer.position() + at);
                if (!blocks.add(block)) {
                  twice.add(block);
                }
              }
            }
            return OptionalInt.empty();
          });
      try (Opened log = open("a", io)) {
        for (int i = 0; i < 15; i++) {
          log.append("entry-" + i + "x".repeat(i * 300));
          if (i % 2 == 0) {
            log.log.commit();
          }
        }
      }
    }
    assertThat(blocks).hasSizeGreaterThan(40);
    assertThat(twice).isEmpty();
  }

  /// A group that a killed process wrote and did not sync is made durable before the next mark is
  /// written; otherwise a loss of power could keep the mark and take the group, which would look
  /// like damage.
  @Test
  void opensAfterAKillBeforeTheSyncAndALossOfPowerDuringTheNextStart()
      throws StoreException, IOException {
    for (int seed = 1; seed <= 20; seed++) {
      String name = "kill-" + seed;
      FaultyIo io = FaultyIo.around(FileChannelIo.create(4), temporary.resolve("attic"), seed);
      boolean[] isKilling = {false};
      Opened killed = open(name, dyingAtSync(io, isKilling));
      killed.append("one");
      killed.log.commit();
      killed.append("two");
      isKilling[0] = true;
      assertThatThrownBy(killed.log::commit).isInstanceOf(Killed.class);
      boolean[] isMarkWritten = {false};
      io.add(
          transfer -> {
            isMarkWritten[0] |= transfer.kind() == Transfer.Kind.WRITE;
            if (transfer.kind() == Transfer.Kind.SYNC && isMarkWritten[0]) {
              io.cutPower();
            }
            return OptionalInt.empty();
          });
      assertThatThrownBy(() -> open(name, io)).hasMessageContaining("sync");
      io.applyPowerLoss(PowerLoss.seeded(seed));
      try (Opened log = open(name)) {
        assertThat(log.recovered).as("seed %s", seed).startsWith("one").hasSizeBetween(1, 2);
      }
    }
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
  @ParameterizedTest
  @EnumSource(names = {"FILE_CHANNEL", "IO_URING"})
  void keepsWhatItAcknowledgedAtEveryPointOfPowerLoss(StoreSettings.Io kind)
      throws StoreException, IOException {
    for (int cutAt = 1; cutAt <= 60; cutAt++) {
      String name = "cut-" + cutAt;
      acknowledged.clear();
      failures.clear();
      FaultyIo io = FaultyIo.around(realIo(kind), temporary.resolve("attic"), cutAt);
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

  private static StorageIo realIo(StoreSettings.Io kind) {
    try {
      return StorageIos.open(kind, 4);
    } catch (StoreException e) {
      throw new TestAbortedException(e.getMessage(), e);
    }
  }

  /// The end of a process, as seen by the test.
  private static final class Killed extends RuntimeException {
    @Serial private static final long serialVersionUID = 1;
  }

  private static StorageIo dyingAtSync(StorageIo io, boolean[] isKilling) {
    return (StorageIo)
        Proxy.newProxyInstance(
            StorageIo.class.getClassLoader(),
            new Class<?>[] {StorageIo.class},
            (proxy, method, arguments) -> {
              if (isKilling[0] && method.getName().equals("sync")) {
                throw new Killed();
              }
              try {
                return method.invoke(io, arguments);
              } catch (InvocationTargetException e) {
                throw e.getCause();
              }
            });
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
      Opened opened = new Opened(temporary.resolve(name), io, SETTINGS);
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

    Opened(Path directory, StorageIo io, LogSettings settings) throws StoreException {
      this.io = io;
      this.log =
          FramedLog.open(
              directory,
              io,
              settings,
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
