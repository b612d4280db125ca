package io.floe.storage.io.uring;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import io.floe.storage.io.Errno;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.StructLayout;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.VarHandle;
import java.nio.charset.Charset;
import java.nio.file.Path;

/// The few functions of the C library that the JDK does not offer. Failures are negative error
/// numbers.
///
/// Thread-safety: any thread.
@SuppressWarnings("restricted") // This package is where native access is granted.
final class LibC {
  private static final Linker LINKER = Linker.nativeLinker();
  private static final StructLayout CALL_STATE = Linker.Option.captureStateLayout();
  private static final VarHandle ERRNO =
      CALL_STATE.varHandle(MemoryLayout.PathElement.groupElement("errno"));
  private static final Linker.Option CAPTURE_ERRNO = Linker.Option.captureCallState("errno");

  private static final MethodHandle OPEN =
      handle(
          "open",
          FunctionDescriptor.of(JAVA_INT, ADDRESS, JAVA_INT, JAVA_INT),
          CAPTURE_ERRNO,
          Linker.Option.firstVariadicArg(2));
  private static final MethodHandle CLOSE =
      handle("close", FunctionDescriptor.of(JAVA_INT, JAVA_INT));
  private static final MethodHandle EVENTFD =
      handle("eventfd", FunctionDescriptor.of(JAVA_INT, JAVA_INT, JAVA_INT), CAPTURE_ERRNO);
  private static final MethodHandle READ =
      handle("read", FunctionDescriptor.of(JAVA_LONG, JAVA_INT, ADDRESS, JAVA_LONG));
  private static final MethodHandle WRITE =
      handle("write", FunctionDescriptor.of(JAVA_LONG, JAVA_INT, ADDRESS, JAVA_LONG));

  /// The encoding that the JDK itself uses for names of files.
  private static final Charset NAMES =
      Charset.forName(System.getProperty("sun.jnu.encoding", "UTF-8"));

  /// What the umask takes bits from, as for every file that the JDK makes.
  private static final int PERMISSIONS = 0666;

  private LibC() {}

  /// Source: open(2). Returns a descriptor or a negative error number.
  static int open(Path path, int flags) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment name = arena.allocateFrom(path.toString(), NAMES);
      MemorySegment state = arena.allocate(CALL_STATE);
      while (true) {
        int descriptor = (int) OPEN.invokeExact(state, name, flags, PERMISSIONS);
        int errno = (int) ERRNO.get(state, 0L);
        if (descriptor >= 0) {
          return descriptor;
        }
        if (errno != Errno.EINTR) {
          return -errno;
        }
      }
    } catch (Throwable e) {
      throw unexpected(e);
    }
  }

  /// Not repeated after EINTR: Linux has let go of the descriptor by then.
  static void close(int descriptor) {
    try {
      int ignored = (int) CLOSE.invokeExact(descriptor);
    } catch (Throwable e) {
      throw unexpected(e);
    }
  }

  /// Source: eventfd(2). Returns a descriptor or a negative error number.
  static int eventfd() {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment state = arena.allocate(CALL_STATE);
      int descriptor = (int) EVENTFD.invokeExact(state, 0, Abi.EFD_CLOEXEC);
      return descriptor >= 0 ? descriptor : -(int) ERRNO.get(state, 0L);
    } catch (Throwable e) {
      throw unexpected(e);
    }
  }

  static long read(int descriptor, MemorySegment target) {
    try {
      return (long) READ.invokeExact(descriptor, target, target.byteSize());
    } catch (Throwable e) {
      throw unexpected(e);
    }
  }

  static long write(int descriptor, MemorySegment source) {
    try {
      return (long) WRITE.invokeExact(descriptor, source, source.byteSize());
    } catch (Throwable e) {
      throw unexpected(e);
    }
  }

  /// A native call throws nothing of its own: what comes out is a mistake in this package.
  static RuntimeException unexpected(Throwable thrown) {
    if (thrown instanceof Error error) {
      throw error;
    }
    return thrown instanceof RuntimeException exception
        ? exception
        : new IllegalStateException(thrown);
  }

  private static MethodHandle handle(
      String name, FunctionDescriptor type, Linker.Option... options) {
    return LINKER.downcallHandle(LINKER.defaultLookup().findOrThrow(name), type, options);
  }
}
