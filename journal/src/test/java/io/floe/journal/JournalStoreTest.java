package io.floe.journal;

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
import io.floe.storage.log.LogSettings;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.TimeUnit;
import java.util.stream.LongStream;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(60)
class JournalStoreTest {
  private static final int FILE_BYTES = 64 * 1024;

  @TempDir private Path temporary;

  @Test
  void readsBackWhatItWrote() throws StoreException {
    try (JournalStore store = open("a")) {
      join(store.write(List.of(write("p", 1, 1), write("p", 2, 4))));
      join(store.write(List.of(write("q", 1, 2))));
      assertThat(replay(store, "p", 1, 100, 100)).containsExactly("p-1", "p-2", "p-3", "p-4");
      assertThat(replay(store, "p", 3, 100, 1)).containsExactly("p-3");
      assertThat(replay(store, "p", 2, 3, 100)).containsExactly("p-2", "p-3");
      assertThat(replay(store, "p", 1, 100, 0)).isEmpty();
      assertThat(replay(store, "none", 1, 100, 100)).isEmpty();
      assertThat(highest(store, "p")).isEqualTo(4);
      assertThat(highest(store, "none")).isZero();
    }
  }

  @Test
  void keepsEverythingOverFiftyRestarts() throws StoreException {
    for (int run = 1; run <= 50; run++) {
      try (JournalStore store = open("a")) {
        assertThat(highest(store, "p")).isEqualTo(run - 1);
        join(store.write(List.of(write("p", run, run))));
      }
    }
    try (JournalStore store = open("a")) {
      assertThat(replay(store, "p", 1, 100, 100))
          .isEqualTo(LongStream.rangeClosed(1, 50).mapToObj(i -> "p-" + i).toList());
    }
  }

  @Test
  void deletesDurablyAndNeverLowersTheHighestNumber() throws StoreException {
    try (JournalStore store = open("a")) {
      join(store.write(List.of(write("p", 1, 3), write("p", 4, 6))));
      join(store.deleteTo("p", 4));
      assertThat(replay(store, "p", 1, 100, 100)).containsExactly("p-5", "p-6");
    }
    try (JournalStore store = open("a")) {
      assertThat(replay(store, "p", 0, 100, 100)).containsExactly("p-5", "p-6");
      join(store.deleteTo("p", Long.MAX_VALUE));
    }
    try (JournalStore store = open("a")) {
      assertThat(replay(store, "p", 0, 100, 100)).isEmpty();
      assertThat(highest(store, "p")).isEqualTo(6);
      join(store.write(List.of(write("p", 7, 7))));
      assertThat(replay(store, "p", 0, 100, 100)).containsExactly("p-7");
    }
  }

  @Test
  void givesFilesBackAndCarriesFactsAndLiveEventsOver() throws StoreException, IOException {
    int rounds = 300;
    try (JournalStore store = open("a")) {
      join(store.write(List.of(write("gone", 1, 9), write("idle", 1, 2))));
      join(store.deleteTo("gone", 9));
      for (int i = 1; i <= rounds; i++) {
        join(store.write(List.of(write("busy", i, i))));
        if (i % 10 == 0) {
          join(store.deleteTo("busy", i - 5));
        }
      }
      // The deletion asks for it; what is asked later runs later.
      highest(store, "busy");
    }
    // 300 blocks of 4 KiB are 19 files; 2 spares, the oldest and the newest remain.
    assertThat(fileCount("a")).isLessThan(7);
    try (JournalStore store = open("a")) {
      assertThat(highest(store, "gone")).isEqualTo(9);
      assertThat(replay(store, "gone", 0, 100, 100)).isEmpty();
      assertThat(replay(store, "idle", 0, 100, 100)).containsExactly("idle-1", "idle-2");
      assertThat(highest(store, "busy")).isEqualTo(rounds);
      assertThat(replay(store, "busy", 0, 1000, 1000)).hasSize(5);
    }
  }

  @Test
  void refusesASecondWriterOfAnId() throws StoreException {
    try (JournalStore store = open("a")) {
      join(store.write(List.of(write("p", 1, 3))));
      assertThatThrownBy(() -> join(store.write(List.of(write("p", 3, 3)))))
          .hasMessageContaining("two writers");
      assertThat(replay(store, "p", 1, 100, 100)).hasSize(3);
    }
  }

  @Test
  void refusesASecondProcessInTheDirectory() throws StoreException {
    JournalStore first = open("a");
    assertThatThrownBy(() -> open("a"))
        .isInstanceOfSatisfying(
            StoreException.class,
            e -> assertThat(e.category()).isEqualTo(StoreException.Category.LOCKED));
    first.close();
    open("a").close();
  }

  @Test
  void acknowledgesNothingAfterAFailedSyncAndStopsForGood() throws StoreException {
    FaultyIo io = faulty(1);
    try (JournalStore store = JournalStore.open(settings("a"), io)) {
      join(store.write(List.of(write("p", 1, 1))));
      io.add(Fault.failIf(it -> it.kind() == Transfer.Kind.SYNC, 5));
      assertThatThrownBy(() -> join(store.write(List.of(write("p", 2, 2)))))
          .hasMessageContaining("sync");
      io.heal();
      assertThatThrownBy(() -> join(store.write(List.of(write("q", 1, 1)))))
          .hasMessageContaining("until it is opened again");
      assertThatThrownBy(() -> highest(store, "p")).hasMessageContaining("opened again");
      assertThatThrownBy(() -> replay(store, "p", 1, 9, 9)).hasMessageContaining("opened again");
      assertThatThrownBy(() -> join(store.deleteTo("p", 1))).hasMessageContaining("opened again");
    }
    try (JournalStore store = open("a")) {
      long highest = highest(store, "p");
      assertThat(highest).isBetween(1L, 2L);
      join(store.write(List.of(write("p", highest + 1, highest + 1))));
      assertThat(replay(store, "p", 1, 9, 9)).hasSize((int) highest + 1);
    }
  }

  @Test
  void aFullDiskFailsWritesUntilThereIsRoom() throws StoreException {
    FaultyIo io = faulty(1);
    try (JournalStore store = JournalStore.open(settings("a"), io)) {
      io.limitSpace(0);
      long written = 0;
      StoreException full = null;
      while (full == null) {
        try {
          join(store.write(List.of(write("p", written + 1, written + 1))));
          written++;
        } catch (StoreException e) {
          full = e;
        }
      }
      assertThat(full.category()).isEqualTo(StoreException.Category.NO_SPACE);
      assertThat(highest(store, "p")).isEqualTo(written);
      io.heal();
      join(store.write(List.of(write("p", written + 1, written + 1))));
      assertThat(replay(store, "p", 1, 1000, 1000)).hasSize((int) written + 1);
    }
  }

  /// The heart of it: random work, the power goes at a random transfer, every promise is checked.
  @Test
  void losesNothingAcknowledgedWhenThePowerGoes() throws Exception {
    int cuts = 0;
    for (long seed = 1; seed <= 60; seed++) {
      cuts += runUntilPowerLoss(seed) ? 1 : 0;
    }
    assertThat(cuts).isGreaterThan(30);
  }

  private boolean runUntilPowerLoss(long seed) throws Exception {
    String name = "power-" + seed;
    Random random = new Random(seed);
    Map<String, Model> models = new HashMap<>();
    boolean wasCut = false;
    for (int life = 0; life < 3; life++) {
      FaultyIo io = faulty(seed * 10 + life);
      int cutAt = 2 + random.nextInt(60);
      int[] transfers = {0};
      io.add(
          transfer -> {
            if (transfer.kind() != Transfer.Kind.READ && ++transfers[0] == cutAt) {
              io.cutPower();
            }
            return OptionalInt.empty();
          });
      JournalStore store;
      try {
        store = JournalStore.open(settings(name), io);
      } catch (StoreException e) {
        if (transfers[0] < cutAt) {
          throw new AssertionError("seed " + seed + " life " + life, e);
        }
        io.applyPowerLoss(PowerLoss.seededWithGarbage(seed + life));
        wasCut = true;
        continue;
      }
      try (store) {
        verify(store, models, seed);
        work(store, models, random);
      } catch (StoreException e) {
        // The power may also go while the test looks.
        if (transfers[0] < cutAt) {
          throw new AssertionError("seed " + seed + " life " + life, e);
        }
      }
      wasCut |= transfers[0] >= cutAt;
      io.applyPowerLoss(PowerLoss.seededWithGarbage(seed + life));
    }
    try (JournalStore store = open(name)) {
      verify(store, models, seed);
    } catch (StoreException e) {
      throw new AssertionError("seed " + seed, e);
    }
    deleteAll(temporary.resolve(name));
    return wasCut;
  }

  /// What is promised of one id.
  private static final class Model {
    long acknowledged;
    long attempted;
    long deletedTo;
    long deleteAttempted;
    final Map<Long, Long> groupEnd = new HashMap<>();
  }

  private static void work(JournalStore store, Map<String, Model> models, Random random) {
    for (int step = 0; step < 40; step++) {
      List<CompletableFuture<?>> open = new ArrayList<>();
      List<Runnable> onSuccess = new ArrayList<>();
      for (int actor = 0; actor < 3; actor++) {
        String id = "actor-" + actor;
        Model model = models.computeIfAbsent(id, ignored -> new Model());
        if (random.nextInt(6) == 0 && model.acknowledged > 2) {
          long to = model.acknowledged - random.nextInt(3);
          model.deleteAttempted = Math.max(model.deleteAttempted, to);
          open.add(store.deleteTo(id, to));
          onSuccess.add(() -> model.deletedTo = Math.max(model.deletedTo, to));
        } else {
          long low = model.acknowledged + 1;
          long high = low + random.nextInt(3);
          for (long sequence = low; sequence <= high; sequence++) {
            model.groupEnd.put(sequence, high);
          }
          model.attempted = high;
          open.add(store.write(List.of(write(id, low, high))));
          onSuccess.add(() -> model.acknowledged = high);
        }
      }
      for (int i = 0; i < open.size(); i++) {
        try {
          open.get(i).join();
        } catch (CompletionException e) {
          return;
        }
        onSuccess.get(i).run();
      }
    }
  }

  private static void verify(JournalStore store, Map<String, Model> models, long seed)
      throws StoreException {
    for (Map.Entry<String, Model> entry : models.entrySet()) {
      String id = entry.getKey();
      Model model = entry.getValue();
      long highest = highest(store, id);
      assertThat(highest)
          .as("seed %s: highest of %s", seed, id)
          .isBetween(model.acknowledged, Math.max(model.acknowledged, model.attempted));
      if (highest > model.acknowledged) {
        assertThat(highest)
            .as("seed %s: all of the atomic write of %s or nothing", seed, id)
            .isEqualTo(model.groupEnd.get(highest));
      }
      List<String> events = replay(store, id, 0, Long.MAX_VALUE, Long.MAX_VALUE);
      long first = highest - events.size() + 1;
      assertThat(first - 1)
          .as("seed %s: deleted of %s", seed, id)
          .isBetween(model.deletedTo, Math.max(model.deletedTo, model.deleteAttempted));
      assertThat(events)
          .as("seed %s: events of %s", seed, id)
          .isEqualTo(LongStream.rangeClosed(first, highest).mapToObj(i -> id + "-" + i).toList());
      model.acknowledged = highest;
      model.attempted = highest;
      model.deletedTo = first - 1;
      model.deleteAttempted = first - 1;
    }
  }

  private JournalStore open(String name) throws StoreException {
    return JournalStore.open(settings(name), FileChannelIo.create(8));
  }

  /// Every other seed works on io_uring, where the machine has it.
  private FaultyIo faulty(long seed) throws StoreException {
    StorageIo real =
        StorageIos.open(seed % 2 == 0 ? StoreSettings.Io.AUTO : StoreSettings.Io.FILE_CHANNEL, 8);
    return FaultyIo.around(real, temporary.resolve("attic-" + seed), seed);
  }

  private JournalSettings settings(String name) {
    return new JournalSettings(
        temporary.resolve(name), new LogSettings(FILE_BYTES, 32 * 1024, 16 * 1024, 2), 1000, 200);
  }

  private long fileCount(String name) throws IOException {
    try (Stream<Path> files = Files.list(temporary.resolve(name))) {
      return files.filter(path -> path.toString().endsWith(".log")).count();
    }
  }

  private static void deleteAll(Path directory) throws IOException {
    try (Stream<Path> files = Files.list(directory)) {
      for (Path file : files.toList()) {
        Files.delete(file);
      }
    }
  }

  private static JournalStore.Write write(String id, long low, long high) {
    long[] sequences = LongStream.rangeClosed(low, high).toArray();
    List<byte[]> events = new ArrayList<>();
    for (long sequence : sequences) {
      events.add((id + "-" + sequence).getBytes(StandardCharsets.UTF_8));
    }
    return new JournalStore.Write(id, sequences, events);
  }

  private static List<String> replay(JournalStore store, String id, long from, long to, long max)
      throws StoreException {
    List<String> events = new ArrayList<>();
    join(
        store.replay(
            id,
            from,
            to,
            max,
            Runnable::run,
            event -> events.add(new String(event, StandardCharsets.UTF_8))));
    return events;
  }

  private static long highest(JournalStore store, String id) throws StoreException {
    return join(store.highestSequence(id));
  }

  private static <T extends @Nullable Object> T join(CompletableFuture<T> future)
      throws StoreException {
    try {
      return future.orTimeout(20, TimeUnit.SECONDS).join();
    } catch (CompletionException e) {
      if (e.getCause() instanceof StoreException refused) {
        throw refused;
      }
      throw e;
    }
  }
}
