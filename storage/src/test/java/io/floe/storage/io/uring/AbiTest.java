package io.floe.storage.io.uring;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

import io.floe.storage.io.AlignedMemory;
import io.floe.storage.io.Errno;
import io.floe.storage.io.TransferRules;
import java.io.IOException;
import java.io.InputStream;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.reflect.Field;
import java.lang.reflect.Modifier;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HexFormat;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Our numbers are those of the C compiler.
///
/// The golden file is what the C program printed on amd64, so that they are checked without a
/// compiler, too. To write it anew, take what the failing comparison shows.
final class AbiTest {
  /// Constants whose C name is not their own name.
  private static final Map<String, String> C_EXPRESSIONS =
      Map.ofEntries(
          Map.entry("IO_URING_BYTES", "sizeof(struct io_uring)"),
          Map.entry("SQ_KHEAD", "offsetof(struct io_uring, sq.khead)"),
          Map.entry("SQ_KTAIL", "offsetof(struct io_uring, sq.ktail)"),
          Map.entry("SQ_KRING_MASK", "offsetof(struct io_uring, sq.kring_mask)"),
          Map.entry("SQ_KRING_ENTRIES", "offsetof(struct io_uring, sq.kring_entries)"),
          Map.entry("SQ_KFLAGS", "offsetof(struct io_uring, sq.kflags)"),
          Map.entry("SQ_ARRAY", "offsetof(struct io_uring, sq.array)"),
          Map.entry("SQ_SQES", "offsetof(struct io_uring, sq.sqes)"),
          Map.entry("SQ_RING_SZ", "offsetof(struct io_uring, sq.ring_sz)"),
          Map.entry("SQ_RING_PTR", "offsetof(struct io_uring, sq.ring_ptr)"),
          Map.entry("CQ_KHEAD", "offsetof(struct io_uring, cq.khead)"),
          Map.entry("CQ_KTAIL", "offsetof(struct io_uring, cq.ktail)"),
          Map.entry("CQ_KRING_MASK", "offsetof(struct io_uring, cq.kring_mask)"),
          Map.entry("CQ_KOVERFLOW", "offsetof(struct io_uring, cq.koverflow)"),
          Map.entry("CQ_CQES", "offsetof(struct io_uring, cq.cqes)"),
          Map.entry("CQ_RING_SZ", "offsetof(struct io_uring, cq.ring_sz)"),
          Map.entry("CQ_RING_PTR", "offsetof(struct io_uring, cq.ring_ptr)"),
          Map.entry("RING_FD", "offsetof(struct io_uring, ring_fd)"),
          Map.entry("PARAMS_BYTES", "sizeof(struct io_uring_params)"),
          Map.entry("PARAMS_CQ_ENTRIES", "offsetof(struct io_uring_params, cq_entries)"),
          Map.entry("PARAMS_FLAGS", "offsetof(struct io_uring_params, flags)"),
          Map.entry("PARAMS_FEATURES", "offsetof(struct io_uring_params, features)"),
          Map.entry("SQE_BYTES", "sizeof(struct io_uring_sqe)"),
          Map.entry("CQE_BYTES", "sizeof(struct io_uring_cqe)"),
          Map.entry("CQE_USER_DATA", "offsetof(struct io_uring_cqe, user_data)"),
          Map.entry("CQE_RES", "offsetof(struct io_uring_cqe, res)"),
          Map.entry("GETEVENTS_ARG_BYTES", "sizeof(struct io_uring_getevents_arg)"),
          Map.entry("GETEVENTS_ARG_TS", "offsetof(struct io_uring_getevents_arg, ts)"),
          Map.entry("TIMESPEC_BYTES", "sizeof(struct __kernel_timespec)"),
          Map.entry("TIMESPEC_SEC", "offsetof(struct __kernel_timespec, tv_sec)"),
          Map.entry("TIMESPEC_NSEC", "offsetof(struct __kernel_timespec, tv_nsec)"));

  private static final String HEADERS =
      """
      #define _GNU_SOURCE
      #include <liburing.h>
      #include <errno.h>
      #include <fcntl.h>
      #include <poll.h>
      #include <stddef.h>
      #include <stdio.h>
      #include <sys/eventfd.h>
      #define INTEGER(name, value) printf(name " = %lld\\n", (long long) (value))
      static struct io_uring_sqe sqe;
      static void dump(const char *name) {
        sqe.user_data = 0x8877665544332211ull;
        printf("%s = ", name);
        for (size_t i = 0; i < sizeof sqe; i++) printf("%02x", ((unsigned char *) &sqe)[i]);
        printf("\\n");
      }
      int main(void) {
        io_uring_prep_write(&sqe, 7, (void *) 0x7f1234567000, 0xfffff000, 0x123456789000ll);
        dump("sqe write");
        io_uring_prep_read(&sqe, 7, (void *) 0x7f1234567000, 4096, 0x123456789000ll);
        dump("sqe read");
        io_uring_prep_fsync(&sqe, 7, IORING_FSYNC_DATASYNC);
        dump("sqe fsync");
        io_uring_prep_poll_add(&sqe, 7, POLLIN);
        dump("sqe poll");
      """;

  @Test
  void numbersAreThoseOfTheGoldenFile() throws IOException {
    assumeThat(System.getProperty("os.arch")).as("the golden file is for").isEqualTo("amd64");
    assertThat(ours()).isEqualTo(golden());
  }

  @Test
  void numbersAreWhatACProgramPrints(@TempDir Path directory) throws Exception {
    Path source = directory.resolve("abi.c");
    Path program = directory.resolve("abi");
    Files.writeString(source, program());
    assumeThat(run("gcc", "-E", "-o", "/dev/null", source.toString()))
        .as("gcc and the headers of liburing are here (apt-get install -y gcc liburing-dev)")
        .isNotNull();
    assertThat(run("gcc", "-Wno-overflow", "-o", program.toString(), source.toString()))
        .as("the C program compiles")
        .isNotNull();
    assertThat(parse(String.valueOf(run(program.toString())))).isEqualTo(ours());
  }

  private static Map<String, String> golden() throws IOException {
    try (InputStream file = AbiTest.class.getResourceAsStream("abi-amd64.txt")) {
      assertThat(file).isNotNull();
      return parse(new String(file.readAllBytes(), StandardCharsets.UTF_8));
    }
  }

  private static Map<String, String> parse(String lines) {
    Map<String, String> values = new TreeMap<>();
    lines
        .lines()
        .map(line -> line.split(" = ", 2))
        .filter(pair -> pair.length == 2)
        .forEach(pair -> values.put(pair[0], pair[1]));
    return values;
  }

  private static String program() {
    var program = new StringBuilder(HEADERS);
    for (String name : integers().keySet()) {
      String expression = C_EXPRESSIONS.getOrDefault(name, name);
      program.append("  INTEGER(\"%s\", %s);\n".formatted(name, expression));
    }
    return program.append("  return 0;\n}\n").toString();
  }

  private static Map<String, String> ours() {
    Map<String, String> values = new TreeMap<>(integers());
    long position = 0x1234_5678_9000L;
    long address = 0x7f12_3456_7000L;
    values.put("sqe write", sqe(Abi.IORING_OP_WRITE, position, address, 0xffff_f000, 0));
    values.put("sqe read", sqe(Abi.IORING_OP_READ, position, address, 4096, 0));
    values.put("sqe fsync", sqe(Abi.IORING_OP_FSYNC, 0, 0, 0, Abi.IORING_FSYNC_DATASYNC));
    values.put("sqe poll", sqe(Abi.IORING_OP_POLL_ADD, 0, 0, 0, Abi.POLLIN));
    return values;
  }

  private static String sqe(int opcode, long position, long address, int length, int flags) {
    MemorySegment entry = AlignedMemory.allocate(Arena.ofAuto(), Abi.SQE_BYTES).fill((byte) 0xff);
    Sqe.encode(entry, 0, opcode, 7, position, address, length, flags, 0x8877_6655_4433_2211L);
    return HexFormat.of().formatHex(entry.toArray(ValueLayout.JAVA_BYTE));
  }

  /// Every constant of the two classes, so that none can be left out.
  private static Map<String, String> integers() {
    Map<String, String> values = new TreeMap<>();
    for (Class<?> type : new Class<?>[] {Abi.class, Errno.class}) {
      for (Field field : type.getDeclaredFields()) {
        if (Modifier.isStatic(field.getModifiers()) && field.getType().isPrimitive()) {
          try {
            values.put(field.getName(), String.valueOf(((Number) field.get(null)).longValue()));
          } catch (IllegalAccessException e) {
            throw new AssertionError(e);
          }
        }
      }
    }
    return values;
  }

  /// What a program printed; null if it is not there or failed.
  private static @Nullable String run(String... command) throws InterruptedException {
    try {
      Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
      String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
      assertThat(process.waitFor(30, TimeUnit.SECONDS)).isTrue();
      return process.exitValue() == 0 ? output : null;
    } catch (IOException e) {
      return null;
    }
  }

  @Test
  void theLongestTransferIsWhatTheKernelTakes() {
    // MAX_RW_COUNT = INT_MAX rounded down to a page.
    assertThat(TransferRules.TRANSFER_BYTES_MAX).isEqualTo(Integer.MAX_VALUE & -4096);
  }
}
