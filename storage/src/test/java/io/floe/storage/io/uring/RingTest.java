package io.floe.storage.io.uring;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.floe.storage.io.AlignedMemory;
import io.floe.storage.io.Completions;
import io.floe.storage.io.Errno;
import io.floe.storage.io.StorageFile;
import io.floe.storage.io.StorageIo;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.BitSet;
import java.util.List;
import java.util.Queue;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/// The rare answers of the kernel.
@Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
final class RingTest {
  private static final int TAKE_ONE = 1;
  private static final int PASS = 0;

  @TempDir private Path directory;
  private final LibUring library = load();

  /// What the next calls answer: an error number, [#TAKE_ONE] or [#PASS].
  private final Queue<Integer> answers = new ArrayDeque<>();

  private static LibUring load() {
    try {
      LibUring loaded = LibUring.load();
      Ring.open(loaded, 1).close();
      return loaded;
    } catch (UringUnavailableException e) {
      return Assumptions.abort(e.getMessage());
    }
  }

  private Ring.Enter scripted() {
    return (ring, toSubmit, minComplete, flags, arg, size) -> {
      Integer answer = answers.poll();
      if (answer == null || answer == PASS) {
        return library.enter(ring, toSubmit, minComplete, flags, arg, size);
      }
      if (answer == TAKE_ONE) {
        // As the kernel: takes a part, and does not wait.
        return library.enter(
            ring, Math.min(1, toSubmit), 0, Abi.IORING_ENTER_GETEVENTS, MemorySegment.NULL, 0);
      }
      return answer;
    };
  }

  @Test
  void losesNoCompletionWhenTheirQueueOverflows() throws UringUnavailableException {
    for (boolean isModern : new boolean[] {true, false}) {
      try (Ring ring = Ring.open(library, library::enter, 4, 4, isModern)) {
        ring.enable();
        int total = 64;
        for (int i = 0; i < total; i++) {
          ring.push(Abi.IORING_OP_NOP, -1, 0, 0, 0, 0, i);
          if (i % 4 == 3) {
            ring.enter(0, 0);
          }
        }
        BitSet seen = new BitSet();
        int rounds = 0;
        while (seen.cardinality() < total && rounds++ < 1000) {
          while (ring.next()) {
            assertThat(seen.get((int) ring.userData())).isFalse();
            seen.set((int) ring.userData());
          }
          ring.enter(0, 0);
        }
        assertThat(seen.cardinality()).as("modern %s", isModern).isEqualTo(total);
      }
    }
  }

  @Test
  void refusesToOverwriteWhatIsNotSubmitted() throws UringUnavailableException {
    try (Ring ring = Ring.open(library, 4)) {
      ring.enable();
      for (int i = 0; i < 4; i++) {
        ring.push(Abi.IORING_OP_NOP, -1, 0, 0, 0, 0, i);
      }
      assertThatThrownBy(() -> ring.push(Abi.IORING_OP_NOP, -1, 0, 0, 0, 0, 4))
          .hasMessageContaining("full");
    }
  }

  @Test
  void finishesAPartialSubmission() throws Exception {
    assertAllEnd(List.of(TAKE_ONE, TAKE_ONE, TAKE_ONE));
  }

  @Test
  void goesOnAfterInterruptsAndWhenTheKernelIsBusy() throws Exception {
    assertAllEnd(List.of(-Errno.EINTR, -Errno.EAGAIN, -Errno.EBUSY, -Errno.EINTR, TAKE_ONE));
  }

  private void assertAllEnd(List<Integer> script) throws IOException, UringUnavailableException {
    try (StorageIo io = UringIo.create(8, () -> Ring.open(library, scripted(), 9, 18, true))) {
      StorageFile file = io.open(directory.resolve("file"), StorageIo.Mode.CREATE, false);
      answers.addAll(script);
      for (int i = 0; i < 8; i++) {
        io.write(file, i * 16L, AlignedMemory.allocate(Arena.ofAuto(), 16), i);
      }
      assertThat(new Completions().await(io, 8).results.values()).containsOnly(16);
      assertThat(answers).as("the script was played").isEmpty();
    }
  }

  @Test
  void anInterruptDoesNotLetAPollingReapForgetSubmissions() throws Exception {
    try (StorageIo io = UringIo.create(8, () -> Ring.open(library, scripted(), 9, 18, true))) {
      StorageFile file = io.open(directory.resolve("file"), StorageIo.Mode.CREATE, false);
      answers.addAll(List.of(-Errno.EINTR, -Errno.EINTR));
      io.write(file, 0, AlignedMemory.allocate(Arena.ofAuto(), 16), 1);
      Completions ended = new Completions();
      io.reap(ended, 0);
      assertThat(answers).as("one reap is enough to submit").isEmpty();
      ended.await(io, 1);
    }
  }

  @Test
  void anUnusableRingIsAnExceptionThatNamesTheError() throws Exception {
    StorageIo io = UringIo.create(8, () -> Ring.open(library, scripted(), 9, 18, true));
    StorageFile file = io.open(directory.resolve("file"), StorageIo.Mode.CREATE, false);
    answers.add(-Errno.EBADF);
    io.write(file, 0, AlignedMemory.allocate(Arena.ofAuto(), 16), 1);
    assertThatThrownBy(() -> io.reap(new Completions(), 1_000_000_000))
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("EBADF");
    io.close();
  }

  @Test
  void worksOnAKernelWithoutTheModernFlags() throws Exception {
    try (StorageIo io = UringIo.create(8, () -> Ring.open(library, library::enter, 9, 18, false))) {
      StorageFile file = io.open(directory.resolve("file"), StorageIo.Mode.CREATE, true);
      for (int i = 0; i < 8; i++) {
        io.write(file, i * 4096L, AlignedMemory.allocate(Arena.ofAuto(), 4096), i);
      }
      assertThat(new Completions().await(io, 8).results.values()).containsOnly(4096);
      io.sync(file, 9);
      assertThat(Completions.one(io)).isZero();
      io.wake();
      assertThat(io.reap(new Completions(), Long.MAX_VALUE)).isZero();
    }
  }

  @Test
  void namesWhatForbidsTheRing() {
    assertThat(Ring.reasonFor(-Errno.ENOSYS)).contains("ENOSYS").contains("seccomp");
    assertThat(Ring.reasonFor(-Errno.EPERM)).contains("EPERM").contains("io_uring_disabled");
    assertThat(Ring.reasonFor(-Errno.ENOMEM)).contains("ulimit -l");
  }
}
