package io.floe.storage.io.faulty;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.floe.storage.io.AlignedMemory;
import io.floe.storage.io.Completions;
import io.floe.storage.io.Errno;
import io.floe.storage.io.StorageFile;
import io.floe.storage.io.StorageIo;
import io.floe.storage.io.channel.FileChannelIo;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/// Each fault bites, and what is promised to be safe survives each.
@Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
final class FaultyIoTest {
  private static final int BLOCK = 4096;
  private static final int SECTOR = TrackedFile.SECTOR_BYTES;

  @TempDir private Path root;
  private final Arena arena = Arena.ofAuto();
  private Path directory;
  private Path path;
  private FaultyIo io;

  @BeforeEach
  void openIo() throws IOException {
    directory = Files.createDirectory(root.resolve("data"));
    path = directory.resolve("file");
    io = FaultyIo.around(FileChannelIo.create(16), root.resolve("attic"), 42);
  }

  @AfterEach
  void closeIo() {
    io.close();
  }

  @Test
  void failsTheNthWriteAndOnlyThat() throws IOException {
    StorageFile file = created();
    io.add(Fault.failWrite(2));
    assertThat(write(file, 0, BLOCK, 1)).isEqualTo(BLOCK);
    assertThat(write(file, BLOCK, BLOCK, 2)).isEqualTo(-Errno.EIO);
    assertThat(Files.size(path)).isEqualTo(BLOCK);
    assertThat(write(file, BLOCK, BLOCK, 3)).isEqualTo(BLOCK);
  }

  @Test
  void failsTheNthSyncAndWhateverAPredicateMatches() throws IOException {
    StorageFile file = created();
    io.add(Fault.failSync(1));
    io.add(Fault.failIf(it -> it.kind() == Transfer.Kind.READ && it.position() > 0, Errno.EIO));
    assertThat(sync(file)).isEqualTo(-Errno.EIO);
    assertThat(sync(file)).isZero();
    assertThat(write(file, 0, BLOCK, 1)).isEqualTo(BLOCK);
    assertThat(read(file, 0)).isEqualTo(BLOCK);
    assertThat(read(file, 1)).isEqualTo(-Errno.EIO);
    io.heal();
    assertThat(read(file, 1)).isEqualTo(BLOCK - 1);
  }

  @Test
  void aSharedSyncCoversOtherFilesUpToTheSizeThatTheirOwnSyncsMadeDurable() throws IOException {
    io.shareSyncs();
    StorageFile file = durable(1);
    StorageFile other = io.open(directory.resolve("other"), StorageIo.Mode.CREATE, false);
    io.syncDirectory(directory);
    write(other, 0, BLOCK, 7);
    write(file, 0, BLOCK, 2);
    write(file, BLOCK, BLOCK, 2);
    sync(other);
    io.applyPowerLoss(PowerLoss.everythingUnsynced());
    assertThat(Files.readAllBytes(path)).hasSize(BLOCK).containsOnly(2);
    assertThat(Files.readAllBytes(other.path())).hasSize(BLOCK).containsOnly(7);
  }

  @Test
  void aFailedSharedSyncVouchesForNothingLater() throws IOException {
    io.shareSyncs();
    StorageFile file = durable(1);
    StorageFile other = io.open(directory.resolve("other"), StorageIo.Mode.CREATE, false);
    write(file, 0, BLOCK, 2);
    io.add(Fault.failSync(2));
    assertThat(sync(other)).isEqualTo(-Errno.EIO);
    assertThat(sync(other)).isZero();
    io.applyPowerLoss(PowerLoss.everythingUnsynced());
    assertThat(Files.readAllBytes(path)).containsOnly(1);
  }

  @Test
  void aSyncThatIsNotSharedCoversItsOwnFileOnly() throws IOException {
    StorageFile file = durable(1);
    StorageFile other = io.open(directory.resolve("other"), StorageIo.Mode.CREATE, false);
    write(file, 0, BLOCK, 2);
    sync(other);
    io.applyPowerLoss(PowerLoss.everythingUnsynced());
    assertThat(Files.readAllBytes(path)).containsOnly(1);
  }

  @Test
  void shortensAWriteOnDiskToo() throws IOException {
    StorageFile file = created();
    io.add(Fault.shortenWrite(1, 1000));
    assertThat(write(file, 0, BLOCK, 1)).isEqualTo(1000);
    assertThat(Files.size(path)).isEqualTo(1000);
    assertThat(write(file, 1000, BLOCK, 2)).isEqualTo(BLOCK);
  }

  @Test
  void runsOutOfSpaceForGrowthOnlyAndHeals() throws IOException {
    StorageFile file = created();
    io.limitSpace(BLOCK + 100);
    assertThat(write(file, 0, BLOCK, 1)).isEqualTo(BLOCK);
    assertThat(write(file, BLOCK, BLOCK, 2)).as("what fits is written").isEqualTo(100);
    assertThat(write(file, BLOCK + 100, BLOCK, 3)).isEqualTo(-Errno.ENOSPC);
    assertThat(write(file, 0, BLOCK, 4)).as("overwriting needs no space").isEqualTo(BLOCK);
    assertThat(Files.size(path)).isEqualTo(BLOCK + 100);
    io.heal();
    assertThat(write(file, BLOCK + 100, BLOCK, 5)).isEqualTo(BLOCK);
  }

  @Test
  void deletingGivesSpaceBack() throws IOException {
    StorageFile file = created();
    io.limitSpace(BLOCK);
    assertThat(write(file, 0, BLOCK, 1)).isEqualTo(BLOCK);
    StorageFile other = io.open(directory.resolve("other"), StorageIo.Mode.CREATE, false);
    assertThat(write(other, 0, BLOCK, 1)).isEqualTo(-Errno.ENOSPC);
    io.delete(path);
    assertThat(write(other, 0, BLOCK, 1)).isEqualTo(BLOCK);
  }

  @Test
  void delaysCompletions() throws IOException {
    StorageFile file = created();
    io.delayCompletions(Duration.ofMillis(40), Duration.ofMillis(50));
    long start = System.nanoTime();
    assertThat(write(file, 0, BLOCK, 1)).isEqualTo(BLOCK);
    assertThat(System.nanoTime() - start).isGreaterThan(Duration.ofMillis(40).toNanos());
  }

  @Test
  void reordersCompletions() throws IOException {
    StorageFile file = created();
    io.reorderCompletions(true);
    Set<List<Long>> orders = new HashSet<>();
    for (int round = 0; round < 20; round++) {
      for (int i = 0; i < 6; i++) {
        io.write(file, (long) i * BLOCK, filled(BLOCK, 1), i);
      }
      orders.add(new ArrayList<>(new Completions().await(io, 6).results.keySet()));
    }
    assertThat(orders).hasSizeGreaterThan(5);
  }

  @Test
  void flipsOneBitOfSyncedAndUnsyncedBytes() throws IOException {
    StorageFile file = durable(0);
    io.flipBit(path, 10, 3);
    assertThat(Files.readAllBytes(path)[10]).isEqualTo((byte) 8);
    assertThat(write(file, 0, SECTOR, 1)).isEqualTo(SECTOR);
    io.flipBit(path, 20, 0);
    assertThat(Files.readAllBytes(path)[20]).isZero();
    io.applyPowerLoss(PowerLoss.everythingUnsynced());
    byte[] after = Files.readAllBytes(path);
    assertThat(after[10]).isEqualTo((byte) 8);
    assertThat(after[20]).isEqualTo((byte) 1);
  }

  @Test
  void keepsWhatWasReapedThenSynced() throws IOException {
    for (long seed = 0; seed < 20; seed++) {
      StorageFile file = durable(5);
      loseAndReopen(PowerLoss.seededWithGarbage(seed));
      assertThat(Files.readAllBytes(file.path())).hasSize(BLOCK).containsOnly(5);
    }
  }

  @Test
  void dropsWhatWasReapedButNotSynced() throws IOException {
    StorageFile file = durable(5);
    assertThat(write(file, 100, BLOCK, 6)).isEqualTo(BLOCK);
    assertThat(io.unsyncedWrites()).isEqualTo(1);
    assertThat(Files.readAllBytes(path)).contains(6).hasSize(BLOCK + 100);
    io.applyPowerLoss(PowerLoss.everythingUnsynced());
    assertThat(Files.readAllBytes(path)).hasSize(BLOCK).containsOnly(5);
  }

  @Test
  void aSyncDoesNotCoverAWriteThatWasInFlightWhenItWasSubmitted() throws IOException {
    StorageFile file = durable(5);
    io.write(file, 0, filled(BLOCK, 6), 1);
    io.sync(file, 2);
    assertThat(new Completions().await(io, 2).results)
        .containsEntry(1L, BLOCK)
        .containsEntry(2L, 0);
    io.applyPowerLoss(PowerLoss.everythingUnsynced());
    assertThat(Files.readAllBytes(path)).containsOnly(5);
  }

  @Test
  void aSyncThatWasNotReapedCoversNothing() throws IOException {
    StorageFile file = durable(5);
    assertThat(write(file, 0, BLOCK, 6)).isEqualTo(BLOCK);
    io.sync(file, 2);
    io.applyPowerLoss(PowerLoss.everythingUnsynced());
    assertThat(Completions.one(io)).as("the sync ends without power").isEqualTo(-Errno.EIO);
    assertThat(Files.readAllBytes(path)).containsOnly(5);
  }

  @Test
  void aSyncAfterAFailedOneSucceedsAndCoversNothing() throws IOException {
    StorageFile file = durable(5);
    assertThat(write(file, 0, BLOCK, 6)).isEqualTo(BLOCK);
    io.add(Fault.failSync(2));
    assertThat(sync(file)).isEqualTo(-Errno.EIO);
    assertThat(sync(file)).isZero();
    io.applyPowerLoss(PowerLoss.everythingUnsynced());
    assertThat(Files.readAllBytes(path)).containsOnly(5);
  }

  @Test
  void aFailedWriteMayStillReachTheDisk() throws IOException {
    StorageFile file = durable(5);
    io.add(Fault.failWrite(2));
    assertThat(write(file, 0, BLOCK, 6)).isEqualTo(-Errno.EIO);
    assertThat(sync(file)).isZero();
    assertThat(Files.readAllBytes(path)).containsOnly(5);
    io.applyPowerLoss(PowerLoss.of(1, List.of(PowerLoss.Fate.KEPT), false));
    assertThat(Files.readAllBytes(path)).containsOnly(6);
  }

  @Test
  void aSyncThroughAnotherHandleCoversTheFile() throws IOException {
    StorageFile file = durable(5);
    assertThat(write(file, 0, BLOCK, 6)).isEqualTo(BLOCK);
    assertThat(sync(io.open(path, StorageIo.Mode.WRITE, false))).isZero();
    io.applyPowerLoss(PowerLoss.everythingUnsynced());
    assertThat(Files.readAllBytes(path)).containsOnly(6);
  }

  @Test
  void whatAKilledProcessLeftIsSafeOnlyAfterASync() throws IOException {
    Path synced = Files.write(directory.resolve("synced"), new byte[] {1, 2});
    Path unsynced = Files.write(directory.resolve("unsynced"), new byte[] {3});
    Path untouched = Files.write(directory.resolve("untouched"), new byte[] {4});
    io.distrustWhatIsThere();
    assertThat(sync(io.open(synced, StorageIo.Mode.WRITE, false))).isZero();
    io.open(unsynced, StorageIo.Mode.READ, false);
    assertThat(Files.readAllBytes(unsynced)).containsExactly(3);
    io.applyPowerLoss(PowerLoss.everythingUnsynced());
    assertThat(Files.readAllBytes(synced)).containsExactly(1, 2);
    assertThat(Files.readAllBytes(unsynced)).isEmpty();
    assertThat(Files.readAllBytes(untouched)).containsExactly(4);
  }

  @Test
  void tearsAtAByte() throws IOException {
    StorageFile file = durable(5);
    assertThat(write(file, 0, BLOCK, 6)).isEqualTo(BLOCK);
    io.applyPowerLoss(PowerLoss.of(3, List.of(PowerLoss.Fate.TORN_AT_BYTE), false));
    byte[] after = Files.readAllBytes(path);
    int tear = 0;
    while (after[tear] == 6) {
      tear++;
    }
    assertThat(tear).isBetween(1, BLOCK - 1);
    assertThat(Arrays.copyOfRange(after, tear, BLOCK)).containsOnly(5);
  }

  @Test
  void tearsBySectors() throws IOException {
    StorageFile file = durable(5);
    assertThat(write(file, 0, BLOCK, 6)).isEqualTo(BLOCK);
    io.applyPowerLoss(PowerLoss.of(3, List.of(PowerLoss.Fate.TORN_BY_SECTOR), false));
    byte[] after = Files.readAllBytes(path);
    Set<Byte> values = new HashSet<>();
    for (int start = 0; start < BLOCK; start += SECTOR) {
      assertThat(Arrays.copyOfRange(after, start, start + SECTOR)).containsOnly(after[start]);
      values.add(after[start]);
    }
    assertThat(values).containsExactlyInAnyOrder((byte) 5, (byte) 6);
  }

  @Test
  void destroysOnlySectorsOfWritesInFlight() throws IOException {
    int destroyed = 0;
    for (long seed = 0; seed < 40; seed++) {
      StorageFile file = durable(5);
      assertThat(write(file, 0, SECTOR, 6)).isEqualTo(SECTOR);
      io.write(file, 2 * SECTOR, filled(SECTOR, 7), 1);
      loseAndReopen(PowerLoss.seededWithGarbage(seed));
      byte[] after = Files.readAllBytes(path);
      for (int i = 0; i < SECTOR; i++) {
        assertThat(after[i]).as("seed %d byte %d", seed, i).isIn((byte) 5, (byte) 6);
      }
      assertThat(Arrays.copyOfRange(after, SECTOR, 2 * SECTOR)).containsOnly(5);
      assertThat(Arrays.copyOfRange(after, 3 * SECTOR, BLOCK)).containsOnly(5);
      for (int i = 2 * SECTOR; i < 3 * SECTOR; i++) {
        if (after[i] != 5 && after[i] != 7) {
          destroyed++;
          break;
        }
      }
    }
    assertThat(destroyed).isBetween(1, 39);
  }

  @Test
  void undoesNamesWhoseDirectoryWasNotSynced() throws IOException {
    Path old = Files.write(directory.resolve("old"), new byte[] {1});
    Path target = Files.write(directory.resolve("target"), new byte[] {2});
    Path deleted = Files.write(directory.resolve("deleted"), new byte[] {3});
    StorageFile file = created();
    assertThat(write(file, 0, BLOCK, 4)).isEqualTo(BLOCK);
    assertThat(sync(file)).isZero();
    io.rename(old, target);
    io.delete(deleted);
    assertThat(io.unsyncedNames()).isEqualTo(3);
    assertThat(Files.readAllBytes(target)).containsExactly(1);
    io.applyPowerLoss(PowerLoss.everythingUnsynced());
    assertThat(Files.readAllBytes(old)).containsExactly(1);
    assertThat(Files.readAllBytes(target)).containsExactly(2);
    assertThat(Files.readAllBytes(deleted)).containsExactly(3);
    assertThat(path).doesNotExist();
    assertThat(root.resolve("attic")).doesNotExist();
  }

  @Test
  void keepsNamesWhoseDirectoryWasSynced() throws IOException {
    Path old = Files.write(directory.resolve("old"), new byte[] {1});
    Path target = Files.write(directory.resolve("target"), new byte[] {2});
    Path deleted = Files.write(directory.resolve("deleted"), new byte[] {3});
    created();
    io.rename(old, target);
    io.delete(deleted);
    io.syncDirectory(directory);
    assertThat(io.unsyncedNames()).isZero();
    io.applyPowerLoss(PowerLoss.everythingUnsynced());
    assertThat(Files.readAllBytes(target)).containsExactly(1);
    assertThat(old).doesNotExist();
    assertThat(deleted).doesNotExist();
    assertThat(path).isEmptyFile();
  }

  @Test
  void aRenameAcrossDirectoriesNeedsBothSynced() throws IOException {
    Path elsewhere = Files.createDirectory(directory.resolve("elsewhere"));
    Path from = Files.write(directory.resolve("from"), new byte[] {1});
    io.rename(from, elsewhere.resolve("to"));
    io.syncDirectory(directory);
    assertThat(io.unsyncedNames()).isEqualTo(1);
    io.applyPowerLoss(PowerLoss.everythingUnsynced());
    assertThat(Files.readAllBytes(from)).containsExactly(1);
    assertThat(elsewhere).isEmptyDirectory();
  }

  @Test
  void whatADurableNameBuiltUponIsDurableToo() throws IOException {
    Path segments = Files.createDirectory(directory.resolve("segments"));
    Path pool = Files.createDirectory(directory.resolve("pool"));
    Path others = Files.createDirectory(directory.resolve("others"));
    Path log = Files.write(segments.resolve("1.log"), new byte[] {1});
    // A file that is recycled: two renames under way, and the last one of three is synced.
    io.rename(log, pool.resolve("0.log"));
    io.rename(pool.resolve("0.log"), others.resolve("2.tmp"));
    io.rename(others.resolve("2.tmp"), others.resolve("2.log"));
    io.syncDirectory(others);
    assertThat(io.unsyncedNames()).isZero();
    io.applyPowerLoss(PowerLoss.everythingUnsynced());
    assertThat(Files.readAllBytes(others.resolve("2.log"))).containsExactly(1);
    assertThat(log).doesNotExist();
    assertThat(pool).isEmptyDirectory();
  }

  @Test
  void undoesAChainOfRenamesFromItsEnd() throws IOException {
    Path pool = Files.createDirectory(directory.resolve("pool"));
    Path one = Files.write(directory.resolve("1.log"), new byte[] {1});
    Path two = Files.write(directory.resolve("2.log"), new byte[] {2});
    io.rename(one, pool.resolve("0.log"));
    io.rename(two, one);
    io.rename(pool.resolve("0.log"), two);
    io.delete(one);
    io.applyPowerLoss(PowerLoss.everythingUnsynced());
    assertThat(Files.readAllBytes(one)).containsExactly(1);
    assertThat(Files.readAllBytes(two)).containsExactly(2);
    assertThat(pool).isEmptyDirectory();
  }

  @Test
  void unlimitedSpaceStaysSoWhateverIsDeleted() throws IOException {
    StorageFile file = created();
    assertThat(write(file, 0, BLOCK, 1)).isEqualTo(BLOCK);
    Path large = Files.write(directory.resolve("large"), new byte[3 * BLOCK]);
    io.delete(large);
    assertThat(write(file, BLOCK, BLOCK, 1)).isEqualTo(BLOCK);
  }

  @Test
  void unsyncedBytesFollowTheirFileThroughARename() throws IOException {
    StorageFile file = durable(5);
    assertThat(write(file, 0, BLOCK, 6)).isEqualTo(BLOCK);
    Path renamed = directory.resolve("renamed");
    io.rename(path, renamed);
    io.syncDirectory(directory);
    io.applyPowerLoss(PowerLoss.everythingUnsynced());
    assertThat(Files.readAllBytes(renamed)).hasSize(BLOCK).containsOnly(5);
  }

  @Test
  void cuttingThePowerFromAnotherThreadFreezesTheDisk() throws Exception {
    StorageFile file = durable(5);
    io.write(file, 0, filled(BLOCK, 6), 1);
    CompletableFuture.runAsync(io::cutPower).get();
    assertThat(Completions.one(io)).isEqualTo(-Errno.EIO);
    assertThat(write(file, BLOCK, BLOCK, 7)).isEqualTo(-Errno.EIO);
    assertThat(sync(file)).isEqualTo(-Errno.EIO);
    assertThat(Files.size(path)).isEqualTo(BLOCK);
    assertThatThrownBy(() -> io.delete(path)).hasMessageContaining("power");
    assertThatThrownBy(() -> io.open(path, StorageIo.Mode.READ, false))
        .hasMessageContaining("power");
    io.close();
    CompletableFuture<Void> loss = CompletableFuture.runAsync(this::loseEverything);
    loss.get();
    assertThat(Files.readAllBytes(path)).containsOnly(5);
  }

  @Test
  void refusesToLosePowerUnderAnotherThreadsOperations() throws IOException {
    StorageFile file = durable(5);
    io.write(file, 0, filled(BLOCK, 6), 1);
    CompletableFuture<Void> loss = CompletableFuture.runAsync(this::loseEverything);
    assertThatThrownBy(loss::join).hasCauseInstanceOf(IllegalStateException.class);
    assertThat(Completions.one(io)).isEqualTo(-Errno.EIO);
  }

  private void loseEverything() {
    try {
      io.applyPowerLoss(PowerLoss.everythingUnsynced());
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }

  @Test
  void theSameSeedLosesTheSame() throws IOException {
    List<byte[]> outcomes = new ArrayList<>();
    for (int run = 0; run < 2; run++) {
      StorageFile file = durable(5);
      for (int i = 0; i < 8; i++) {
        assertThat(write(file, i * 700L, 900, 10 + i)).isEqualTo(900);
      }
      loseAndReopen(PowerLoss.seeded(77));
      outcomes.add(Files.readAllBytes(path));
    }
    assertThat(outcomes.get(0)).isEqualTo(outcomes.get(1));
  }

  private void loseAndReopen(PowerLoss policy) throws IOException {
    io.applyPowerLoss(policy);
    io.close();
    io = FaultyIo.around(FileChannelIo.create(16), root.resolve("attic"), 42);
  }

  private StorageFile created() throws IOException {
    return io.open(path, StorageIo.Mode.CREATE, false);
  }

  /// A block of that value whose bytes and name are safe.
  private StorageFile durable(int value) throws IOException {
    Files.deleteIfExists(path);
    StorageFile file = created();
    assertThat(write(file, 0, BLOCK, value)).isEqualTo(BLOCK);
    assertThat(sync(file)).isZero();
    io.syncDirectory(directory);
    assertThat(io.unsyncedWrites() + io.unsyncedNames()).isZero();
    return file;
  }

  private int write(StorageFile file, long position, int sizeBytes, int value) {
    io.write(file, position, filled(sizeBytes, value), 1);
    return Completions.one(io);
  }

  private int read(StorageFile file, long position) {
    io.read(file, position, filled(BLOCK, 0), 1);
    return Completions.one(io);
  }

  private int sync(StorageFile file) {
    io.sync(file, 1);
    return Completions.one(io);
  }

  private MemorySegment filled(int sizeBytes, int value) {
    return AlignedMemory.allocate(arena, sizeBytes).fill((byte) value);
  }
}
