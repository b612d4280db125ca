package io.floe.storage.io.uring;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.lang.invoke.MethodHandle;

/// The functions of `liburing.so.2` that we call: it sets a ring up, maps its memory and takes it
/// down again. What runs per operation is ours, since the library has it only as C header code. All
/// answer with a negative error number on failure.
///
/// Thread-safety: any thread.
@SuppressWarnings("restricted") // This package is where native access is granted.
final class LibUring {
  static final String FILE = "liburing.so.2";

  private final MethodHandle queueInitParams;
  private final MethodHandle queueExit;
  private final MethodHandle enter2;
  private final MethodHandle register;

  private LibUring(SymbolLookup library) throws UringUnavailableException {
    queueInitParams =
        handle(
            library,
            "io_uring_queue_init_params",
            FunctionDescriptor.of(JAVA_INT, JAVA_INT, ADDRESS, ADDRESS));
    queueExit = handle(library, "io_uring_queue_exit", FunctionDescriptor.ofVoid(ADDRESS));
    // Never "critical": it may wait, and would hold up every safepoint meanwhile.
    enter2 =
        handle(
            library,
            "io_uring_enter2",
            FunctionDescriptor.of(
                JAVA_INT, JAVA_INT, JAVA_INT, JAVA_INT, JAVA_INT, ADDRESS, JAVA_LONG));
    register =
        handle(
            library,
            "io_uring_register",
            FunctionDescriptor.of(JAVA_INT, JAVA_INT, JAVA_INT, ADDRESS, JAVA_INT));
  }

  /// Loads the library from where the system keeps its libraries, for the life of the process.
  static LibUring load() throws UringUnavailableException {
    return load(FILE);
  }

  static LibUring load(String file) throws UringUnavailableException {
    if (!Abi.isKnownPlatform()) {
      throw new UringUnavailableException(
          "io_uring is used on Linux on amd64 or aarch64, this is "
              + System.getProperty("os.name")
              + " on "
              + System.getProperty("os.arch"));
    }
    SymbolLookup library;
    try {
      library = SymbolLookup.libraryLookup(file, Arena.global());
    } catch (IllegalArgumentException e) {
      throw new UringUnavailableException(
          file + " was not found: install it with `apt-get install -y liburing2`", e);
    }
    return new LibUring(library);
  }

  private static MethodHandle handle(SymbolLookup library, String name, FunctionDescriptor type)
      throws UringUnavailableException {
    MemorySegment address =
        library
            .find(name)
            .orElseThrow(
                () ->
                    new UringUnavailableException(
                        FILE + " has no " + name + ": it is older than 2.3, install a newer one"));
    return Linker.nativeLinker().downcallHandle(address, type);
  }

  int queueInitParams(int entries, MemorySegment ring, MemorySegment params) {
    try {
      return (int) queueInitParams.invokeExact(entries, ring, params);
    } catch (Throwable e) {
      throw LibC.unexpected(e);
    }
  }

  void queueExit(MemorySegment ring) {
    try {
      queueExit.invokeExact(ring);
    } catch (Throwable e) {
      throw LibC.unexpected(e);
    }
  }

  int enter(
      int ringDescriptor, int toSubmit, int minComplete, int flags, MemorySegment arg, long size) {
    try {
      return (int) enter2.invokeExact(ringDescriptor, toSubmit, minComplete, flags, arg, size);
    } catch (Throwable e) {
      throw LibC.unexpected(e);
    }
  }

  int register(int ringDescriptor, int what) {
    try {
      return (int) register.invokeExact(ringDescriptor, what, MemorySegment.NULL, 0);
    } catch (Throwable e) {
      throw LibC.unexpected(e);
    }
  }
}
