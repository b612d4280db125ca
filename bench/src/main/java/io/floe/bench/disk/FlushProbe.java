package io.floe.bench.disk;

import com.sun.nio.file.ExtendedOpenOption;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.OpenOption;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.HashSet;
import java.util.Set;
import org.HdrHistogram.Histogram;

/// How long the disk takes for a flush at this moment: 4 KiB into a file that was written before,
/// then one fdatasync, again and again by one thread.
///
/// Disks of virtual machines have good and bad minutes, up to twenty times apart. A probe beside
/// each round shows in which the round fell, and whether all rounds of a run can be read together.
public final class FlushProbe {
  private static final int BLOCK_BYTES = 4096;
  private static final int BLOCKS = 256;
  private static final Duration LENGTH = Duration.ofMillis(300);

  private FlushProbe() {}

  /// @param p50Micros median time of a write with its flush
  public record Result(double p50Micros, double p99Micros) {}

  public static Result run(Path directory) throws IOException {
    Path file = directory.resolve("flush-probe");
    try (FileChannel channel = open(file)) {
      ByteBuffer block =
          ByteBuffer.allocateDirect(2 * BLOCK_BYTES).alignedSlice(BLOCK_BYTES).limit(BLOCK_BYTES);
      for (int i = 0; i < BLOCKS; i++) {
        channel.write(block.rewind(), (long) i * BLOCK_BYTES);
      }
      channel.force(true);
      Histogram nanos = new Histogram(3);
      long endNanos = System.nanoTime() + LENGTH.toNanos();
      for (int i = 0; System.nanoTime() < endNanos; i++) {
        block.putInt(0, i);
        long beganNanos = System.nanoTime();
        channel.write(block.rewind(), (long) (i % BLOCKS) * BLOCK_BYTES);
        channel.force(false);
        nanos.recordValue(System.nanoTime() - beganNanos);
      }
      return new Result(nanos.getValueAtPercentile(50) / 1e3, nanos.getValueAtPercentile(99) / 1e3);
    }
  }

  /// Direct where the filesystem can.
  private static FileChannel open(Path file) throws IOException {
    Set<OpenOption> options =
        new HashSet<>(
            Set.of(StandardOpenOption.CREATE, StandardOpenOption.READ, StandardOpenOption.WRITE));
    options.add(ExtendedOpenOption.DIRECT);
    try {
      return FileChannel.open(file, options);
    } catch (UnsupportedOperationException | IOException e) {
      options.remove(ExtendedOpenOption.DIRECT);
      return FileChannel.open(file, options);
    }
  }
}
