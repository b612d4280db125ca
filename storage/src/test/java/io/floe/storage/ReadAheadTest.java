package io.floe.storage;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.floe.storage.io.AlignedMemory;
import io.floe.storage.io.Errno;
import io.floe.storage.io.StorageFile;
import io.floe.storage.io.StorageIo;
import io.floe.storage.io.channel.FileChannelIo;
import io.floe.storage.io.faulty.Fault;
import io.floe.storage.io.faulty.FaultyIo;
import io.floe.storage.io.faulty.Transfer;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Random;
import java.util.concurrent.ConcurrentLinkedQueue;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Whatever the order of the reads, they give what is in the file; in order, each byte is read once
/// and the disk is never idle.
class ReadAheadTest {
  private static final int BLOCK = Disk.BLOCK_BYTES;
  private static final int PIECE = 2 * BLOCK;
  private static final int PIECES = 4;

  @TempDir(factory = MemoryDirectory.class)
  Path directory;

  private final ConcurrentLinkedQueue<Transfer> reads = new ConcurrentLinkedQueue<>();
  private FaultyIo io;
  private StoreThread thread;
  private Thread running;
  private Disk disk;

  @BeforeEach
  void start() {
    io = FaultyIo.around(FileChannelIo.create(16), directory.resolve("attic"), 1);
    io.add(
        transfer -> {
          reads.add(transfer);
          return java.util.OptionalInt.empty();
        });
    thread = new StoreThread(io, 1 << 20);
    running = Thread.ofPlatform().start(thread);
    disk = new Disk(io, thread);
  }

  @AfterEach
  void stop() throws InterruptedException {
    thread.stop().join();
    running.join();
  }

  private byte[] content(int sizeBytes) throws Exception {
    byte[] bytes = new byte[sizeBytes];
    new Random(sizeBytes).nextBytes(bytes);
    Files.write(directory.resolve("file"), bytes);
    return bytes;
  }

  private StorageFile open() throws Exception {
    return io.open(directory.resolve("file"), StorageIo.Mode.READ, false);
  }

  private static byte[] read(
      ReadAhead ahead, StorageFile file, long position, int sizeBytes, long until)
      throws StoreException {
    MemorySegment target = AlignedMemory.allocate(Arena.ofAuto(), sizeBytes);
    long there = ahead.read(file, position, target, until);
    return target.asSlice(0, there).toArray(ValueLayout.JAVA_BYTE);
  }

  @Test
  void readsInOrderEachByteOnceAndKeepsTheDiskBusy() throws Exception {
    byte[] bytes = content(40 * PIECE);
    StorageFile file = open();
    ReadAhead ahead = new ReadAhead(disk, PIECES, PIECE);
    for (int at = 0; at < bytes.length; at += PIECE) {
      assertThat(read(ahead, file, at, PIECE, bytes.length))
          .isEqualTo(Arrays.copyOfRange(bytes, at, at + PIECE));
    }
    assertThat(reads).hasSize(40);
    assertThat(ahead.allocated()).isEqualTo(PIECES);
    ahead.end();
    io.close(file);
  }

  @Test
  void goingBackALittleThrowsNothingAway() throws Exception {
    byte[] bytes = content(40 * PIECE);
    StorageFile file = open();
    ReadAhead ahead = new ReadAhead(disk, PIECES, PIECE);
    int at = 0;
    while (at < bytes.length) {
      int end = Math.min(bytes.length, at + PIECE + BLOCK);
      assertThat(read(ahead, file, at, PIECE + BLOCK, bytes.length))
          .isEqualTo(Arrays.copyOfRange(bytes, at, end));
      // The next window begins two blocks before the end of this one, as behind half a batch: in
      // the piece before the last one.
      at = end == bytes.length ? end : end - 2 * BLOCK;
    }
    assertThat(reads.stream().filter(read -> read.sizeBytes() == PIECE)).hasSize(40);
    ahead.end();
    io.close(file);
  }

  @Test
  void givesWhatIsInTheFileInAnyOrderAndUpToItsEnd() throws Exception {
    for (long seed = 1; seed <= 20; seed++) {
      Random random = new Random(seed);
      byte[] bytes = content(1 + random.nextInt(30 * PIECE));
      StorageFile file = open();
      ReadAhead ahead = new ReadAhead(disk, 1 + random.nextInt(PIECES), PIECE);
      int at = 0;
      for (int i = 0; i < 60; i++) {
        int sizeBytes = BLOCK * (1 + random.nextInt(6));
        byte[] expected =
            at >= bytes.length
                ? new byte[0]
                : Arrays.copyOfRange(bytes, at, Math.min(bytes.length, at + sizeBytes));
        long until = random.nextInt(bytes.length + PIECE);
        assertThat(read(ahead, file, at, sizeBytes, until))
            .as("seed %d, read %d at %d", seed, i, at)
            .isEqualTo(expected);
        at =
            random.nextInt(4) == 0
                ? BLOCK * random.nextInt(bytes.length / BLOCK + 2)
                : Math.max(0, at + sizeBytes - BLOCK * random.nextInt(3));
      }
      ahead.end();
      io.close(file);
    }
  }

  @Test
  void onlyAPieceThatIsAskedForCanFail() throws Exception {
    byte[] bytes = content(10 * PIECE);
    StorageFile file = open();
    io.add(Fault.failIf(transfer -> transfer.position() == 3 * PIECE, Errno.EIO));
    ReadAhead ahead = new ReadAhead(disk, PIECES, PIECE);
    assertThat(read(ahead, file, 0, PIECE, bytes.length)).isEqualTo(Arrays.copyOf(bytes, PIECE));
    ahead.end();
    assertThat(read(ahead, file, 0, 3 * PIECE, bytes.length)).hasSize(3 * PIECE);
    assertThatThrownBy(() -> read(ahead, file, 3 * PIECE, PIECE, bytes.length))
        .isInstanceOf(StoreException.class)
        .hasMessageContaining("EIO");
    ahead.end();
    io.close(file);
  }

  @Test
  void goesOnBehindAShortRead() throws Exception {
    byte[] bytes = content(4 * PIECE);
    StorageFile file = open();
    // The first fault that answers decides, and the one that counts never does.
    io.add(
        transfer ->
            transfer.position() == PIECE && transfer.sizeBytes() == PIECE
                ? java.util.OptionalInt.of(BLOCK)
                : java.util.OptionalInt.empty());
    ReadAhead ahead = new ReadAhead(disk, PIECES, PIECE);
    assertThat(read(ahead, file, 0, 4 * PIECE, bytes.length)).isEqualTo(bytes);
    ahead.end();
    io.close(file);
  }
}
