package io.floe.storage.io;

import io.floe.storage.StoreException;
import io.floe.storage.StoreSettings;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/// A program that measures group commit, the implementations in turn: N direct writes of 4 KiB into
/// a file that is written already, and one sync. The numbers are in `docs/adr/0001-storage-io.md`.
///
/// Arguments: a directory, rounds, groups in a round.
final class GroupCommitMeasurement {
  private static final int WRITE_BYTES = 4096;
  private static final long FILE_BYTES = 64L << 20;
  private static final int WIDEST = 16;

  private GroupCommitMeasurement() {}

  public static void main(String[] arguments) throws IOException, StoreException {
    Path path = Path.of(arguments[0], "group-commit");
    int rounds = Integer.parseInt(arguments[1]);
    int groups = Integer.parseInt(arguments[2]);
    MemorySegment memory = AlignedMemory.allocate(Arena.ofAuto(), WIDEST * WRITE_BYTES);
    for (int width : new int[] {1, WIDEST}) {
      List<Long> uring = new ArrayList<>();
      List<Long> channel = new ArrayList<>();
      for (int round = 0; round <= rounds; round++) {
        long first = measure(StoreSettings.Io.IO_URING, path, memory, width, groups);
        long second = measure(StoreSettings.Io.FILE_CHANNEL, path, memory, width, groups);
        if (round > 0) { // The first round warms up.
          uring.add(first);
          channel.add(second);
        }
      }
      report(width, "io_uring", uring);
      report(width, "file_channel", channel);
    }
  }

  private static void report(int width, String name, List<Long> p50Nanos) {
    long[] sorted = p50Nanos.stream().mapToLong(Long::longValue).sorted().toArray();
    System.out.printf(
        "%2d x 4 KiB + sync, %-12s p50 of each round, us: min %d med %d max %d%n",
        width,
        name,
        sorted[0] / 1000,
        sorted[sorted.length / 2] / 1000,
        sorted[sorted.length - 1] / 1000);
  }

  /// Median time of a group, in nanoseconds.
  private static long measure(
      StoreSettings.Io choice, Path path, MemorySegment memory, int width, int groups)
      throws IOException, StoreException {
    try (StorageIo io = StorageIos.open(choice, WIDEST)) {
      StorageFile file = io.open(path, StorageIo.Mode.CREATE, true);
      for (long position = 0; position < FILE_BYTES; position += memory.byteSize()) {
        io.write(file, position, memory, 0);
        Completions.one(io);
      }
      long[] nanos = new long[groups];
      long position = 0;
      for (int group = 0; group < groups; group++) {
        long start = System.nanoTime();
        for (int i = 0; i < width; i++) {
          io.write(file, position, memory.asSlice((long) i * WRITE_BYTES, WRITE_BYTES), i);
          position = (position + WRITE_BYTES) % FILE_BYTES;
        }
        new Completions().await(io, width);
        io.sync(file, width);
        Completions.one(io);
        nanos[group] = System.nanoTime() - start;
      }
      Arrays.sort(nanos);
      return nanos[groups / 2];
    }
  }
}
