package io.floe.storage.io;

import static org.assertj.core.api.Assertions.assertThat;

import io.floe.storage.StoreException;
import io.floe.storage.StoreSettings;
import io.floe.storage.io.channel.FileChannelIo;
import io.floe.storage.io.faulty.FaultyIo;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/// The same seeded operations have the same results and leave the same bytes in every
/// implementation.
@Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
final class DifferentialIoTest {
  private static final int DEPTH = 8;
  private static final int GROUPS = 150;
  private static final int UNIT = 4096;
  private static final int FILE_UNITS = 64;

  @TempDir private Path root;
  private final Arena arena = Arena.ofAuto();

  @Test
  void allImplementationsDoTheSame() throws IOException, StoreException {
    // Rerun one with -Dfloe.seed=N.
    long seed = Long.getLong("floe.seed", System.nanoTime());
    for (boolean direct : new boolean[] {false, true}) {
      List<String> expected = play("channel", FileChannelIo.create(DEPTH), seed, direct);
      StorageIo auto = StorageIos.open(StoreSettings.Io.AUTO, DEPTH);
      assertThat(play("auto", auto, seed, direct)).as("seed %d", seed).isEqualTo(expected);
      FaultyIo faulty = FaultyIo.around(FileChannelIo.create(DEPTH), root.resolve("attic"), seed);
      faulty.reorderCompletions(true);
      assertThat(play("faulty", faulty, seed, direct)).as("seed %d", seed).isEqualTo(expected);
      Path channel = root.resolve("channel-" + direct);
      for (String other : List.of("auto-", "faulty-")) {
        assertThat(Files.mismatch(channel, root.resolve(other + direct)))
            .as("seed %d", seed)
            .isEqualTo(-1);
      }
    }
  }

  /// Groups of operations in flight together that do not touch the same bytes, since nothing orders
  /// those.
  private List<String> play(String name, StorageIo io, long seed, boolean direct)
      throws IOException {
    Random random = new Random(seed);
    List<String> trace = new ArrayList<>();
    try (io) {
      Path path = root.resolve(name + "-" + direct);
      StorageFile file = io.open(path, StorageIo.Mode.CREATE, direct);
      int grain = direct ? UNIT : 1;
      // Else a read would find the end of the file where writes in flight beside it have put it.
      io.write(file, 0, AlignedMemory.allocate(arena, FILE_UNITS * UNIT), 0);
      Completions.one(io);
      for (int group = 0; group < GROUPS; group++) {
        List<MemorySegment> targets = new ArrayList<>();
        int width = 1 + random.nextInt(DEPTH - 1);
        for (int i = 0; i < width; i++) {
          // Each in its own part of the file.
          int part = FILE_UNITS / DEPTH * UNIT;
          int length = (1 + random.nextInt(3 * UNIT / grain)) * grain;
          long position = (long) i * part + (long) random.nextInt(4 * UNIT / grain) * grain;
          MemorySegment memory = AlignedMemory.allocate(arena, length);
          if (random.nextBoolean()) {
            byte[] bytes = new byte[length];
            random.nextBytes(bytes);
            MemorySegment.copy(bytes, 0, memory, ValueLayout.JAVA_BYTE, 0, length);
            io.write(file, position, memory, i);
          } else {
            io.read(file, position, memory, i);
          }
          targets.add(memory);
        }
        if (random.nextInt(4) == 0) {
          io.sync(file, DEPTH);
          width++;
        }
        Completions ended = new Completions().await(io, width);
        for (int i = 0; i < targets.size(); i++) {
          Integer result = ended.results.get((long) i);
          assertThat(result).isNotNull();
          trace.add(i + ":" + result + ":" + checksum(targets.get(i)));
        }
      }
    }
    return trace;
  }

  private static int checksum(MemorySegment memory) {
    return Arrays.hashCode(memory.toArray(ValueLayout.JAVA_BYTE));
  }
}
