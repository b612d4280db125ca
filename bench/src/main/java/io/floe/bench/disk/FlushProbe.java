package io.floe.bench.disk;

import io.floe.storage.io.AlignedMemory;
import io.floe.storage.io.StorageFile;
import io.floe.storage.io.StorageIo;
import io.floe.storage.io.channel.FileChannelIo;
import io.floe.storage.io.uring.UringIo;
import io.floe.storage.io.uring.UringUnavailableException;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.time.Duration;
import org.HdrHistogram.Histogram;

/// How long the disk takes for a flush at this moment: 4 KiB into a file that was written before,
/// then one fdatasync, again and again, one at a time.
///
/// Disks of virtual machines have good and bad minutes, up to twenty times apart. A probe beside
/// each round shows in which the round fell, and whether all rounds of a run can be read together.
public final class FlushProbe {
  private static final int BLOCK_BYTES = AlignedMemory.ALIGNMENT_BYTES;
  private static final int BLOCKS = 256;
  private static final Duration LENGTH = Duration.ofMillis(300);
  private static final long REAP_NANOS = 1_000_000_000L;

  private final StorageIo io;
  private int failed;

  private FlushProbe(StorageIo io) {
    this.io = io;
  }

  /// Times of a write with its flush.
  public record Result(double p50Micros, double p99Micros) {}

  /// Probes the disk of a directory.
  public static Result run(Path directory) throws IOException {
    try (StorageIo io = open();
        Arena arena = Arena.ofShared()) {
      return new FlushProbe(io).run(directory.resolve("flush-probe"), arena);
    }
  }

  private static StorageIo open() {
    try {
      return UringIo.create(1);
    } catch (UringUnavailableException e) {
      return FileChannelIo.create(1);
    }
  }

  private Result run(Path path, Arena arena) throws IOException {
    StorageFile file = io.open(path, StorageIo.Mode.CREATE, true);
    try {
      MemorySegment block = AlignedMemory.allocate(arena, BLOCK_BYTES);
      for (int i = 0; i < BLOCKS; i++) {
        writeAndFlush(file, block, i);
      }
      Histogram nanos = new Histogram(3);
      long beganNanos = System.nanoTime();
      long now = beganNanos;
      for (int i = 0; now - beganNanos < LENGTH.toNanos(); i++) {
        writeAndFlush(file, block, i % BLOCKS);
        long after = System.nanoTime();
        nanos.recordValue(after - now);
        now = after;
      }
      return new Result(nanos.getValueAtPercentile(50) / 1e3, nanos.getValueAtPercentile(99) / 1e3);
    } finally {
      io.close(file);
    }
  }

  private void writeAndFlush(StorageFile file, MemorySegment block, int number) throws IOException {
    io.write(file, (long) number * BLOCK_BYTES, block, 0);
    awaitOne();
    io.sync(file, 0);
    awaitOne();
    if (failed != 0) {
      throw new IOException("the flush probe's transfer to " + file.path() + " gave " + failed);
    }
  }

  private void awaitOne() {
    while (io.reap(this::check, REAP_NANOS) == 0) {
      Thread.onSpinWait();
    }
  }

  private void check(long operation, int result) {
    if (result < 0) {
      failed = result;
    }
  }
}
