package io.floe.journal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.floe.storage.StoreException;
import io.floe.storage.io.channel.FileChannelIo;
import io.floe.storage.io.faulty.Fault;
import io.floe.storage.io.faulty.FaultyIo;
import io.floe.storage.io.faulty.PowerLoss;
import io.floe.storage.io.faulty.Transfer;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.OptionalInt;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SnapshotFilesTest {
  private static final byte[] NO_METADATA = {};

  @TempDir private Path temporary;

  @Test
  void loadsTheNewestAndReplacesTheSameNumber() throws StoreException {
    try (SnapshotFiles files = open()) {
      save(files, "p", 5, 1, "old");
      save(files, "p", 5, 2, "new");
      save(files, "p", 3, 9, "older");
      assertThat(files.find("p", it -> true)).hasSize(2);
      assertThat(newest(files, "p")).isEqualTo("new");
    }
    try (SnapshotFiles files = open()) {
      assertThat(newest(files, "p")).isEqualTo("new");
      files.delete("p", it -> it.sequence() == 5);
      assertThat(newest(files, "p")).isEqualTo("older");
    }
  }

  @Test
  void takesEveryPersistenceId() throws StoreException {
    String[] ids = {"a|b/c", "..", "x".repeat(500), "x".repeat(499) + "y", "é~ *", "", "a~1~2"};
    try (SnapshotFiles files = open()) {
      for (String id : ids) {
        save(files, id, 1, 1, "of " + id);
      }
    }
    try (SnapshotFiles files = open()) {
      for (String id : ids) {
        assertThat(newest(files, id)).isEqualTo("of " + id);
      }
    }
  }

  @Test
  void refusesADamagedSnapshot() throws StoreException, IOException {
    try (SnapshotFiles files = open()) {
      save(files, "p", 5, 1, "content");
      Path path = files.find("p", it -> true).getFirst().path();
      try (RandomAccessFile file = new RandomAccessFile(path.toFile(), "rw")) {
        file.seek(50);
        int value = file.read();
        file.seek(50);
        file.write(value ^ 1);
      }
      assertThatThrownBy(() -> newest(files, "p"))
          .hasMessageContaining("damaged")
          .hasMessageContaining(path.toString());
    }
  }

  @Test
  void keepsTheOlderOneWhenASaveFails() throws StoreException {
    FaultyIo io = FaultyIo.around(FileChannelIo.create(4), temporary.resolve("attic"), 1);
    try (SnapshotFiles files = SnapshotFiles.open(temporary.resolve("s"), io)) {
      save(files, "p", 1, 1, "first");
      io.add(Fault.failIf(it -> it.kind() == Transfer.Kind.SYNC, 5));
      assertThatThrownBy(() -> save(files, "p", 2, 2, "second")).hasMessageContaining("sync");
      io.heal();
      assertThat(newest(files, "p")).isEqualTo("first");
      save(files, "p", 2, 2, "second again");
      assertThat(newest(files, "p")).isEqualTo("second again");
    }
  }

  @Test
  void losesNoSavedSnapshotWhenThePowerGoes() throws StoreException, IOException {
    for (int cutAt = 1; cutAt <= 12; cutAt++) {
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
      Path directory = temporary.resolve("cut-" + cutAt);
      String saved = null;
      try (SnapshotFiles files = SnapshotFiles.open(directory, io)) {
        for (int i = 1; i <= 10; i++) {
          save(files, "p", i, i, "state-" + i);
          saved = "state-" + i;
        }
      } catch (StoreException e) {
        assertThat(transfers[0]).isGreaterThanOrEqualTo(cutAt);
      }
      io.applyPowerLoss(PowerLoss.seededWithGarbage(cutAt));
      try (SnapshotFiles files = SnapshotFiles.open(directory, FileChannelIo.create(4))) {
        if (saved != null) {
          String found = newest(files, "p");
          assertThat(Integer.parseInt(found.substring(6)))
              .as("cut at %s", cutAt)
              .isGreaterThanOrEqualTo(Integer.parseInt(saved.substring(6)));
        }
      }
    }
  }

  private SnapshotFiles open() throws StoreException {
    return SnapshotFiles.open(temporary.resolve("s"), FileChannelIo.create(4));
  }

  private static void save(
      SnapshotFiles files, String id, long sequence, long timestamp, String content)
      throws StoreException {
    files.save(id, sequence, timestamp, NO_METADATA, content.getBytes(StandardCharsets.UTF_8));
  }

  private static String newest(SnapshotFiles files, String id) throws StoreException {
    SnapshotFiles.Snapshot snapshot = files.find(id, it -> true).getFirst();
    return new String(files.load(id, snapshot).snapshot, StandardCharsets.UTF_8);
  }
}
