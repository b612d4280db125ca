package io.floe.storage.io;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assumptions.assumeThat;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.management.ManagementFactory;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/// What [StorageIo] promises, for every implementation.
@Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
public abstract class StorageIoContract {
  private static final int BLOCK = AlignedMemory.ALIGNMENT_BYTES;
  private static final int DEPTH = 32;
  private static final long NO_WAIT = 0;
  private static final long LONG_WAIT = Duration.ofSeconds(30).toNanos();

  @TempDir protected Path directory;
  private final Arena arena = Arena.ofAuto();
  private StorageIo io;

  protected abstract StorageIo open(int depth);

  @BeforeEach
  final void openIo() {
    io = open(DEPTH);
  }

  @AfterEach
  final void closeIo() {
    io.close();
  }

  @Test
  void readsBackWhatWasWrittenAndSynced() throws IOException {
    for (boolean direct : new boolean[] {false, true}) {
      Path path = directory.resolve("direct-" + direct);
      StorageFile file = io.open(path, StorageIo.Mode.CREATE, direct);
      io.write(file, 0, filled(2 * BLOCK, 7), 1);
      assertThat(Completions.one(io)).isEqualTo(2 * BLOCK);
      io.sync(file, 2);
      assertThat(Completions.one(io)).isZero();
      MemorySegment target = filled(BLOCK, 0);
      io.read(file, BLOCK, target, 3);
      assertThat(Completions.one(io)).isEqualTo(BLOCK);
      assertThat(bytes(target)).containsOnly(7);
      io.close(file);
      byte[] onDisk = Files.readAllBytes(path);
      assertThat(onDisk).hasSize(2 * BLOCK).containsOnly(7);
    }
  }

  @Test
  void handsOverTheCallersNumbersWhateverTheirSign() throws IOException {
    StorageFile file = create("numbers");
    long[] numbers = {0, -1, Long.MIN_VALUE, Long.MAX_VALUE, 0xFFFF_FFFFL};
    for (long number : numbers) {
      io.sync(file, number);
    }
    Completions ended = new Completions().await(io, numbers.length);
    assertThat(ended.results.keySet())
        .containsExactlyInAnyOrder(Arrays.stream(numbers).boxed().toArray(Long[]::new));
  }

  @Test
  void runsAsManyOperationsAsItIsDeepAndRefusesOneMore() throws IOException {
    StorageFile file = create("deep");
    MemorySegment source = filled(BLOCK, 1);
    for (int i = 0; i < DEPTH; i++) {
      io.write(file, (long) i * BLOCK, source, i);
    }
    assertThatThrownBy(() -> io.write(file, 0, source, DEPTH))
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("depth " + DEPTH);
    assertThatThrownBy(() -> io.sync(file, DEPTH)).isInstanceOf(IllegalStateException.class);
    Completions ended = new Completions().await(io, DEPTH);
    assertThat(ended.results.values()).containsOnly(BLOCK);
    io.sync(file, DEPTH);
    assertThat(Completions.one(io)).isZero();
    assertThat(Files.size(file.path())).isEqualTo((long) DEPTH * BLOCK);
  }

  @Test
  void completesThousandsOfOperationsEachOnce() throws IOException {
    StorageFile file = io.open(directory.resolve("many"), StorageIo.Mode.CREATE, true);
    int total = 5_000;
    int blocks = 64;
    MemorySegment memory = filled(DEPTH * BLOCK, 3);
    Completions ended = new Completions();
    int submitted = 0;
    while (ended.results.size() < total) {
      while (submitted < total && submitted - ended.results.size() < DEPTH) {
        MemorySegment source = memory.asSlice((long) (submitted % DEPTH) * BLOCK, BLOCK);
        io.write(file, (long) (submitted % blocks) * BLOCK, source, submitted);
        submitted++;
      }
      io.reap(ended, LONG_WAIT);
    }
    assertThat(ended.results.values()).containsOnly(BLOCK);
    assertThat(io.reap(ended, NO_WAIT)).isZero();
  }

  @Test
  void readIsShortAtTheEndOfTheFile() throws IOException {
    Path path = directory.resolve("short");
    Files.write(path, new byte[BLOCK + 100]);
    for (boolean direct : new boolean[] {false, true}) {
      StorageFile file = io.open(path, StorageIo.Mode.READ, direct);
      MemorySegment target = filled(2 * BLOCK, 9);
      io.read(file, BLOCK, target, 1);
      assertThat(Completions.one(io)).isEqualTo(100);
      assertThat(target.get(ValueLayout.JAVA_BYTE, 99)).isZero();
      io.read(file, 4 * BLOCK, target, 2);
      assertThat(Completions.one(io)).isZero();
      io.close(file);
    }
  }

  @Test
  void submitsFromWithinACompletion() throws IOException {
    StorageFile file = create("chained");
    MemorySegment source = filled(BLOCK, 1);
    List<Long> order = new ArrayList<>();
    StorageIo.Completion chain =
        (operation, result) -> {
          order.add(operation);
          if (operation < 50) {
            io.write(file, operation * BLOCK, source, operation + 1);
          }
        };
    io.write(file, 0, source, 0);
    while (order.size() < 51) {
      io.reap(chain, LONG_WAIT);
    }
    assertThat(order).isSorted().hasSize(51);
  }

  @Test
  void reapsNothingWithoutWaitingWhenNothingEnded() {
    assertThat(io.reap(new Completions(), NO_WAIT)).isZero();
    assertThat(io.reap(new Completions(), -1)).isZero();
  }

  @Test
  void reapWaitsNoLongerThanTold() {
    assertWaits(Duration.ofMillis(30));
  }

  private void assertWaits(Duration duration) {
    long start = System.nanoTime();
    assertThat(io.reap(new Completions(), duration.toNanos())).isZero();
    Duration waited = Duration.ofNanos(System.nanoTime() - start);
    assertThat(waited).isBetween(duration.minusMillis(1), duration.plusSeconds(10));
  }

  @Test
  void wakeEndsAWaitOfAnotherThread() throws Exception {
    io.reap(new Completions(), NO_WAIT);
    Thread waiter = Thread.currentThread();
    AtomicInteger isDone = new AtomicInteger();
    Thread waker =
        Thread.ofPlatform()
            .start(
                () -> {
                  // Only once the owner waits; if it never does, the late wake shows nothing.
                  long start = System.nanoTime();
                  while (System.nanoTime() - start < Duration.ofMillis(50).toNanos()
                      && waiter.isAlive()) {
                    Thread.onSpinWait();
                  }
                  isDone.set(1);
                  io.wake();
                });
    long start = System.nanoTime();
    while (isDone.get() == 0) {
      io.reap(new Completions(), LONG_WAIT);
    }
    assertThat(Duration.ofNanos(System.nanoTime() - start)).isLessThan(Duration.ofSeconds(10));
    waker.join();
  }

  @Test
  void wakeBeforeTheWaitIsNotLost() {
    for (int i = 0; i < 3; i++) {
      io.wake();
      io.wake();
      long start = System.nanoTime();
      io.reap(new Completions(), LONG_WAIT);
      assertThat(Duration.ofNanos(System.nanoTime() - start)).isLessThan(Duration.ofSeconds(10));
    }
    // All wakes were for the waits above: now it waits again (one late wake is allowed).
    io.reap(new Completions(), Duration.ofMillis(5).toNanos());
    assertWaits(Duration.ofMillis(30));
  }

  @Test
  void losesNoWakeUnderRace() throws Exception {
    AtomicInteger asked = new AtomicInteger();
    AtomicInteger seen = new AtomicInteger();
    int rounds = 2_000;
    CompletableFuture<Void> waker =
        CompletableFuture.runAsync(
            () -> {
              for (int i = 1; i <= rounds; i++) {
                asked.set(i);
                io.wake();
                while (seen.get() < i) {
                  Thread.onSpinWait();
                }
              }
            });
    Completions none = new Completions();
    long start = System.nanoTime();
    while (seen.get() < rounds) {
      io.reap(none, LONG_WAIT);
      seen.set(asked.get());
    }
    waker.get(20, TimeUnit.SECONDS);
    assertThat(Duration.ofNanos(System.nanoTime() - start)).isLessThan(Duration.ofSeconds(20));
  }

  @Test
  void interruptOfTheOwnerNeitherClosesFilesNorLosesOperations() throws IOException {
    StorageFile file = create("interrupted");
    Thread.currentThread().interrupt();
    io.write(file, 0, filled(BLOCK, 5), 1);
    assertThat(Completions.one(io)).isEqualTo(BLOCK);
    io.sync(file, 2);
    assertThat(Completions.one(io)).isZero();
    long start = System.nanoTime();
    long startCpu = ManagementFactory.getThreadMXBean().getCurrentThreadCpuTime();
    io.reap(new Completions(), Duration.ofMillis(200).toNanos());
    assertThat(System.nanoTime() - start).isGreaterThan(Duration.ofMillis(199).toNanos());
    long cpuNanos = ManagementFactory.getThreadMXBean().getCurrentThreadCpuTime() - startCpu;
    assertThat(Duration.ofNanos(cpuNanos))
        .as("it waits and does not spin")
        .isLessThan(Duration.ofMillis(60));
    assertThat(Thread.interrupted()).as("the interrupt stays for the caller").isTrue();
    assertThat(Files.readAllBytes(file.path())).hasSize(BLOCK).containsOnly(5);
  }

  @Test
  void refusesMisalignedDirectTransfersNamingFieldValueAndLimit() throws IOException {
    StorageFile file = io.open(directory.resolve("aligned"), StorageIo.Mode.CREATE, true);
    assumeThat(file.isDirect()).isTrue();
    int unit = file.alignmentBytes();
    assertThat(Integer.bitCount(unit)).isEqualTo(1);
    MemorySegment memory = filled(2 * unit, 1);
    assertRefused(() -> io.write(file, 1, memory, 1), "position 1 ", String.valueOf(unit));
    assertRefused(() -> io.read(file, 0, memory.asSlice(0, 100), 1), "length 100 ");
    assertRefused(() -> io.write(file, 0, memory.asSlice(8, unit), 1), "memory address");
    io.write(file, 0, memory, 1);
    assertThat(Completions.one(io)).isEqualTo(2 * unit);
  }

  @Test
  void refusesWhatNoDiskCanDo() throws IOException {
    StorageFile file = create("refused");
    MemorySegment native16 = filled(16, 1);
    assertRefused(() -> io.write(file, -1, native16, 1), "position -1 ", "negative");
    assertRefused(() -> io.write(file, 0, MemorySegment.ofArray(new byte[16]), 1), "native");
    assertRefused(() -> io.read(file, 0, native16.asReadOnly(), 1), "read-only");
    assertThat(io.reap(new Completions(), NO_WAIT)).isZero();
  }

  @Test
  void bufferedFilesTakeAnyPositionAndLength() throws IOException {
    StorageFile file = create("unaligned");
    assertThat(file.isDirect()).isFalse();
    assertThat(file.alignmentBytes()).isEqualTo(1);
    io.write(file, 3, filled(5, 4).asReadOnly(), 1);
    assertThat(Completions.one(io)).isEqualTo(5);
    assertThat(Files.readAllBytes(file.path())).containsExactly(0, 0, 0, 4, 4, 4, 4, 4);
  }

  @Test
  void transfersAndReapsBelongToTheFirstThread() throws Exception {
    StorageFile file = create("owned");
    MemorySegment memory = filled(16, 1);
    io.write(file, 0, memory, 1);
    List<Runnable> others =
        List.of(
            () -> io.write(file, 0, memory, 2),
            () -> io.read(file, 0, memory, 2),
            () -> io.sync(file, 2),
            () -> io.reap(new Completions(), NO_WAIT));
    for (Runnable other : others) {
      CompletableFuture<Void> outcome = CompletableFuture.runAsync(other);
      assertThatThrownBy(outcome::join)
          .hasCauseInstanceOf(IllegalStateException.class)
          .hasMessageContaining("belong to thread");
    }
    assertThat(Completions.one(io)).isEqualTo(16);
  }

  @Test
  void opensAndClosesFilesFromAnyThread() throws Exception {
    StorageFile mine = create("mine");
    io.write(mine, 0, filled(16, 1), 1);
    CompletableFuture.runAsync(
            () -> {
              try {
                io.close(create("others"));
                io.rename(directory.resolve("others"), directory.resolve("renamed"));
                io.syncDirectory(directory);
                io.delete(directory.resolve("renamed"));
              } catch (IOException e) {
                throw new AssertionError(e);
              }
            })
        .get(20, TimeUnit.SECONDS);
    assertThat(Completions.one(io)).isEqualTo(16);
    assertThat(directory.resolve("renamed")).doesNotExist();
  }

  @Test
  void closingAFileWithAnOperationInFlightIsRefused() throws IOException {
    StorageFile file = create("busy");
    io.write(file, 0, filled(16, 1), 1);
    assertThatThrownBy(() -> io.close(file))
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("in flight");
    assertThat(Completions.one(io)).isEqualTo(16);
    io.close(file);
    io.close(file);
    assertThatThrownBy(() -> io.sync(file, 2))
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("closed");
  }

  @Test
  void refusesTheFileOfAnother() throws IOException {
    try (StorageIo other = open(1)) {
      StorageFile foreign = other.open(directory.resolve("foreign"), StorageIo.Mode.CREATE, false);
      assertThatThrownBy(() -> io.sync(foreign, 1)).isInstanceOf(IllegalArgumentException.class);
    }
  }

  @Test
  void writingToAFileOpenedForReadingIsAResultAndNoException() throws IOException {
    Path path = directory.resolve("read-only");
    Files.write(path, new byte[16]);
    StorageFile file = io.open(path, StorageIo.Mode.READ, false);
    io.write(file, 0, filled(16, 1), 1);
    assertThat(Completions.one(io)).isEqualTo(-Errno.EBADF);
    assertThat(Files.readAllBytes(path)).containsOnly(0);
  }

  @Test
  void readingADirectoryIsAResultAndNoException() throws IOException {
    StorageFile file = io.open(directory, StorageIo.Mode.READ, false);
    io.read(file, 0, filled(16, 1), 1);
    assertThat(Completions.one(io)).isEqualTo(-Errno.EISDIR);
  }

  @Test
  void openingWhatIsNotThereNamesThePath() {
    Path missing = directory.resolve("missing");
    for (StorageIo.Mode mode : List.of(StorageIo.Mode.READ, StorageIo.Mode.WRITE)) {
      for (boolean direct : new boolean[] {false, true}) {
        assertThatThrownBy(() -> io.open(missing, mode, direct))
            .isInstanceOf(NoSuchFileException.class)
            .hasMessageContaining(missing.toString());
      }
    }
    assertThat(missing).doesNotExist();
    assertThatThrownBy(() -> io.open(missing.resolve("below"), StorageIo.Mode.CREATE, false))
        .isInstanceOf(NoSuchFileException.class);
    assertThatThrownBy(() -> io.open(directory, StorageIo.Mode.WRITE, false))
        .isInstanceOf(FileSystemException.class)
        .hasMessageContaining(directory.toString());
  }

  @Test
  void createKeepsWhatIsThere() throws IOException {
    Path path = directory.resolve("kept");
    Files.write(path, new byte[] {1, 2, 3});
    io.close(io.open(path, StorageIo.Mode.CREATE, false));
    assertThat(Files.readAllBytes(path)).containsExactly(1, 2, 3);
  }

  @Test
  void renameReplacesItsTarget() throws IOException {
    Path from = Files.write(directory.resolve("from"), new byte[] {1});
    Path to = Files.write(directory.resolve("to"), new byte[] {2});
    io.rename(from, to);
    io.syncDirectory(directory);
    assertThat(from).doesNotExist();
    assertThat(Files.readAllBytes(to)).containsExactly(1);
  }

  @Test
  void namesInErrorsOfNameOperations() {
    Path missing = directory.resolve("missing");
    assertThatThrownBy(() -> io.delete(missing))
        .isInstanceOf(NoSuchFileException.class)
        .hasMessageContaining(missing.toString());
    assertThatThrownBy(() -> io.rename(missing, directory.resolve("to")))
        .isInstanceOf(IOException.class)
        .hasMessageContaining(missing.toString());
    assertThatThrownBy(() -> io.syncDirectory(missing)).isInstanceOf(NotDirectoryException.class);
  }

  @Test
  void keepsAnOpenFileUsableAfterItsNameIsGone() throws IOException {
    StorageFile file = create("unlinked");
    io.delete(file.path());
    io.write(file, 0, filled(16, 1), 1);
    assertThat(Completions.one(io)).isEqualTo(16);
    io.close(file);
  }

  @Test
  void closeByItsOwnerWaitsForWhatIsInFlight() throws IOException {
    StorageFile file = create("closing");
    for (int i = 0; i < DEPTH; i++) {
      io.write(file, (long) i * BLOCK, filled(BLOCK, 6), i);
    }
    io.close();
    assertThat(Files.readAllBytes(file.path())).hasSize(DEPTH * BLOCK).containsOnly(6);
    io.close();
    assertThatThrownBy(() -> io.reap(new Completions(), NO_WAIT))
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("closed");
    assertThatThrownBy(() -> io.open(file.path(), StorageIo.Mode.READ, false))
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("closed");
    io.wake();
  }

  @Test
  void closeByAnotherThreadIsRefusedWhileAnOperationIsInFlight() throws Exception {
    StorageFile file = create("refusing");
    io.write(file, 0, filled(16, 1), 1);
    CompletableFuture<Void> closing = CompletableFuture.runAsync(io::close);
    assertThatThrownBy(closing::join).hasCauseInstanceOf(IllegalStateException.class);
    assertThat(Completions.one(io)).isEqualTo(16);
    CompletableFuture.runAsync(io::close).get(20, TimeUnit.SECONDS);
  }

  @Test
  void leaksNoDescriptors() throws IOException {
    Files.write(directory.resolve("leak"), new byte[BLOCK]);
    openAndCloseAll(4);
    // Others may open files in between: only a leak shows in every attempt.
    int grownBy = Integer.MAX_VALUE;
    for (int attempt = 0; attempt < 3 && grownBy > 0; attempt++) {
      int before = openDescriptors();
      openAndCloseAll(20);
      grownBy = openDescriptors() - before;
    }
    assertThat(grownBy).isLessThanOrEqualTo(0);
  }

  private void openAndCloseAll(int rounds) throws IOException {
    for (int i = 0; i < rounds; i++) {
      try (StorageIo some = open(4)) {
        StorageFile closed = some.open(directory.resolve("leak"), StorageIo.Mode.WRITE, true);
        some.open(directory.resolve("leak"), StorageIo.Mode.READ, false);
        some.write(closed, 0, filled(BLOCK, 1), 1);
        Completions.one(some);
        some.close(closed);
        some.wake();
        some.reap(new Completions(), LONG_WAIT);
        assertThatThrownBy(() -> some.open(directory.resolve("none"), StorageIo.Mode.READ, true))
            .isInstanceOf(NoSuchFileException.class);
        some.syncDirectory(directory);
      }
    }
  }

  private static int openDescriptors() throws IOException {
    try (var descriptors = Files.list(Path.of("/proc/self/fd"))) {
      return (int) descriptors.count();
    }
  }

  @Test
  void waitingOwnerIsServedByCompletionsNotByTimeouts() throws IOException {
    StorageFile file = create("prompt");
    long start = System.nanoTime();
    for (int i = 0; i < 100; i++) {
      io.write(file, 0, filled(16, 1), i);
      assertThat(io.reap(new Completions(), LONG_WAIT)).isEqualTo(1);
    }
    assertThat(Duration.ofNanos(System.nanoTime() - start)).isLessThan(Duration.ofSeconds(20));
  }

  private StorageFile create(String name) throws IOException {
    return io.open(directory.resolve(name), StorageIo.Mode.CREATE, false);
  }

  private MemorySegment filled(int sizeBytes, int value) {
    return AlignedMemory.allocate(arena, sizeBytes).fill((byte) value);
  }

  private static byte[] bytes(MemorySegment segment) {
    return segment.toArray(ValueLayout.JAVA_BYTE);
  }

  private static void assertRefused(Runnable transfer, String... parts) {
    assertThatThrownBy(transfer::run)
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContainingAll(parts);
  }
}
