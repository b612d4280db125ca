package io.floe.storage.io;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;
import java.nio.charset.Charset;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/// Asks the kernel whether direct transfers to a file really are: ext4 accepts `O_DIRECT` also
/// where it goes through the page cache all the same (journalled data, inline data, verity, some
/// encryption).
///
/// Source: statx(2), `STATX_DIOALIGN`, Linux 6.1 and newer; a test compares the numbers with what a
/// C program prints.
///
/// Thread-safety: any thread.
@SuppressWarnings("restricted") // statx is not in the JDK.
final class DirectProbe {
  static final int AT_FDCWD = -100;
  static final int STATX_DIOALIGN = 0x2000;
  static final int STATX_BYTES = 256;
  static final int STX_MASK = 0;
  static final int STX_DIO_OFFSET_ALIGN = 156;

  private static final Charset NAMES =
      Charset.forName(System.getProperty("sun.jnu.encoding", "UTF-8"));

  private static final @Nullable MethodHandle STATX =
      Linker.nativeLinker()
          .defaultLookup()
          .find("statx")
          .map(
              symbol ->
                  Linker.nativeLinker()
                      .downcallHandle(
                          symbol,
                          FunctionDescriptor.of(
                              JAVA_INT, JAVA_INT, ADDRESS, JAVA_INT, JAVA_INT, ADDRESS)))
          .orElse(null);

  private DirectProbe() {}

  /// False also when the kernel cannot say.
  static boolean isDirect(Path file) {
    MethodHandle statx = STATX;
    if (statx == null) {
      return false;
    }
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment name = arena.allocateFrom(file.toString(), NAMES);
      MemorySegment answer = arena.allocate(STATX_BYTES, Long.BYTES);
      int result = (int) statx.invokeExact(AT_FDCWD, name, 0, STATX_DIOALIGN, answer);
      return result == 0
          && (answer.get(JAVA_INT, STX_MASK) & STATX_DIOALIGN) != 0
          && answer.get(JAVA_INT, STX_DIO_OFFSET_ALIGN) > 0;
    } catch (Error | RuntimeException e) {
      throw e;
    } catch (Throwable e) {
      throw new IllegalStateException(e);
    }
  }
}
