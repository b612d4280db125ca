package io.floe.storage.io.uring;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import io.floe.storage.io.Errno;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.VarHandle;

/// One io_uring: two queues in memory that the kernel shares with us, and the system call that
/// tells it to look at them.
///
/// We are the only writer of the submission tail and of the completion head, the kernel of the
/// other two; each side publishes its own with release and reads the other's with acquire.
///
/// Flags: `SINGLE_ISSUER` and `DEFER_TASKRUN` where the kernel has them (6.1), so that completions
/// are posted when we enter and not by interrupting us. With these a wait must ask for **one**
/// completion: waiting for more while the kernel still has work to start can hang for ever. The
/// ring is made disabled and enabled by its user, because with `SINGLE_ISSUER` the enabling thread
/// is the only one that may enter.
///
/// Thread-safety: one thread, apart from [#close()], which may be another that comes after it.
///
/// Ownership: one arena and one ring, both freed by [#close()].
///
/// Source: io_uring(7), io_uring_enter(2), and the pairing of barriers in `liburing/barrier.h`.
final class Ring implements AutoCloseable {
  private static final VarHandle INT = JAVA_INT.varHandle();
  private static final int NEEDED_FEATURES =
      Abi.IORING_FEAT_SINGLE_MMAP | Abi.IORING_FEAT_NODROP | Abi.IORING_FEAT_EXT_ARG;
  private static final int MODERN_FLAGS =
      Abi.IORING_SETUP_SINGLE_ISSUER
          | Abi.IORING_SETUP_DEFER_TASKRUN
          | Abi.IORING_SETUP_TASKRUN_FLAG
          | Abi.IORING_SETUP_SUBMIT_ALL
          | Abi.IORING_SETUP_R_DISABLED;

  /// The system call, so that tests can put its rare answers in its place.
  @FunctionalInterface
  interface Enter {
    int enter(
        int ringDescriptor, int toSubmit, int minComplete, int flags, MemorySegment arg, long size);
  }

  private final Arena arena;
  private final LibUring library;
  private final Enter enter;
  private final MemorySegment struct;
  private final int descriptor;
  private final boolean isDisabledAtFirst;

  private final MemorySegment entries;
  private final MemorySegment queues;
  private final long sqHeadAt;
  private final long sqTailAt;
  private final long sqFlagsAt;
  private final int sqMask;
  private final long cqHeadAt;
  private final long cqTailAt;
  private final long cqOverflowAt;
  private final long cqesAt;
  private final int cqMask;
  private final MemorySegment waitArgument;
  private final MemorySegment timespec;

  private int sqTail;
  private int cqHead;
  private long userData;
  private int result;

  private Ring(
      Arena arena, LibUring library, Enter enter, MemorySegment struct, boolean isDisabledAtFirst) {
    this.arena = arena;
    this.library = library;
    this.enter = enter;
    this.struct = struct;
    this.isDisabledAtFirst = isDisabledAtFirst;
    descriptor = struct.get(JAVA_INT, Abi.RING_FD);

    // Both queues are in one mapping (FEAT_SINGLE_MMAP), whose size the library noted twice.
    long base = struct.get(ADDRESS, Abi.SQ_RING_PTR).address();
    long size =
        Math.max(struct.get(JAVA_LONG, Abi.SQ_RING_SZ), struct.get(JAVA_LONG, Abi.CQ_RING_SZ));
    queues = mapped(base, size);
    sqHeadAt = pointer(Abi.SQ_KHEAD) - base;
    sqTailAt = pointer(Abi.SQ_KTAIL) - base;
    sqFlagsAt = pointer(Abi.SQ_KFLAGS) - base;
    sqMask = queues.get(JAVA_INT, pointer(Abi.SQ_KRING_MASK) - base);
    cqHeadAt = pointer(Abi.CQ_KHEAD) - base;
    cqTailAt = pointer(Abi.CQ_KTAIL) - base;
    cqOverflowAt = pointer(Abi.CQ_KOVERFLOW) - base;
    cqesAt = pointer(Abi.CQ_CQES) - base;
    cqMask = queues.get(JAVA_INT, pointer(Abi.CQ_KRING_MASK) - base);
    int entryCount = queues.get(JAVA_INT, pointer(Abi.SQ_KRING_ENTRIES) - base);
    entries = mapped(pointer(Abi.SQ_SQES), entryCount * Abi.SQE_BYTES);
    // The kernel finds entries through this table; we always use them in turn.
    long arrayAt = pointer(Abi.SQ_ARRAY) - base;
    for (int i = 0; i < entryCount; i++) {
      queues.set(JAVA_INT, arrayAt + (long) i * Integer.BYTES, i);
    }

    timespec = arena.allocate(Abi.TIMESPEC_BYTES, Long.BYTES);
    waitArgument = arena.allocate(Abi.GETEVENTS_ARG_BYTES, Long.BYTES);
    waitArgument.set(JAVA_LONG, Abi.GETEVENTS_ARG_TS, timespec.address());
  }

  /// Makes a ring. It must be enabled by the thread that will use it.
  ///
  /// @param submissions entries to submit at once, at least; the completion queue takes twice as
  ///   many
  static Ring open(LibUring library, int submissions) throws UringUnavailableException {
    return open(library, library::enter, submissions, 2 * submissions, true);
  }

  /// With choices that only tests make.
  @SuppressWarnings("MustBeClosedChecker") // The arena lives as long as the ring.
  static Ring open(
      LibUring library, Enter enter, int submissions, int completions, boolean isModern)
      throws UringUnavailableException {
    Arena arena = Arena.ofShared();
    try {
      MemorySegment struct = arena.allocate(Abi.IO_URING_BYTES, Long.BYTES);
      MemorySegment params = arena.allocate(Abi.PARAMS_BYTES, Long.BYTES);
      int flags = isModern ? MODERN_FLAGS : 0;
      int outcome = init(library, submissions, completions, struct, params, flags);
      if (outcome == -Errno.EINVAL && flags != 0) {
        // A kernel before 6.1 does not know the flags.
        flags = 0;
        outcome = init(library, submissions, completions, struct, params, flags);
      }
      if (outcome < 0) {
        throw new UringUnavailableException(reasonFor(outcome));
      }
      int features = params.get(JAVA_INT, Abi.PARAMS_FEATURES);
      if ((features & NEEDED_FEATURES) != NEEDED_FEATURES) {
        library.queueExit(struct);
        throw new UringUnavailableException(
            "this kernel's io_uring is too old (features 0x%x, needed 0x%x): Linux 5.11 has them"
                .formatted(features, NEEDED_FEATURES));
      }
      return new Ring(arena, library, enter, struct, flags != 0);
    } catch (UringUnavailableException | RuntimeException e) {
      arena.close();
      throw e;
    }
  }

  private static int init(
      LibUring library,
      int submissions,
      int completions,
      MemorySegment struct,
      MemorySegment params,
      int flags) {
    struct.fill((byte) 0);
    params.fill((byte) 0);
    params.set(JAVA_INT, Abi.PARAMS_FLAGS, flags | Abi.IORING_SETUP_CQSIZE);
    params.set(JAVA_INT, Abi.PARAMS_CQ_ENTRIES, completions);
    return library.queueInitParams(submissions, struct, params);
  }

  /// Says what stands behind the error number of io_uring_setup(2).
  static String reasonFor(int outcome) {
    String reason = "io_uring_setup failed with " + Errno.describe(outcome);
    return switch (-outcome) {
      case Errno.ENOSYS ->
          reason + ": a container's seccomp profile forbids it, or the kernel is older than 5.1";
      case Errno.EPERM ->
          reason + ": a seccomp profile or the sysctl kernel.io_uring_disabled forbids it";
      case Errno.ENOMEM ->
          reason + ": the limit of locked memory (ulimit -l) is too low for this kernel";
      case Errno.EMFILE -> reason + ": raise the limit of open files (ulimit -n)";
      default -> reason;
    };
  }

  @SuppressWarnings("restricted") // Memory that the library mapped; it says where and how large.
  private MemorySegment mapped(long address, long size) {
    return MemorySegment.ofAddress(address).reinterpret(size, arena, null);
  }

  private long pointer(long at) {
    return struct.get(ADDRESS, at).address();
  }

  /// Binds the ring to the calling thread.
  void enable() {
    if (isDisabledAtFirst) {
      int outcome = library.register(descriptor, Abi.IORING_REGISTER_ENABLE_RINGS);
      if (outcome < 0) {
        throw new IllegalStateException("enabling io_uring failed: " + Errno.describe(outcome));
      }
    }
  }

  /// Queues an operation, for the next [#enter].
  ///
  /// @throws IllegalStateException when the submission queue is full
  void push(
      int opcode,
      int file,
      long position,
      long address,
      int length,
      int opcodeFlags,
      long newUserData) {
    if (unsubmitted() > sqMask) {
      throw new IllegalStateException("submission queue is full");
    }
    long at = (sqTail & sqMask) * Abi.SQE_BYTES;
    Sqe.encode(entries, at, opcode, file, position, address, length, opcodeFlags, newUserData);
    sqTail++;
  }

  /// Operations that the kernel has not taken yet.
  int unsubmitted() {
    return sqTail - (int) INT.getAcquire(queues, sqHeadAt);
  }

  /// Submits what is queued and, if asked, waits for completions.
  ///
  /// @param waitNanos 0 for no waiting
  /// @param enough completions that end the wait
  /// @return 0, or the negative error number of a state that passes: EINTR, ETIME, EAGAIN, EBUSY
  /// @throws IllegalStateException for any other: the ring is unusable
  int enter(long waitNanos, int enough) {
    INT.setRelease(queues, sqTailAt, sqTail);
    int outcome;
    boolean isPartial;
    do {
      int toSubmit = unsubmitted();
      outcome = waitNanos > 0 ? enterAndWait(toSubmit, waitNanos, enough) : enterIfNeeded(toSubmit);
      // The kernel may take a part only; it has not waited then.
      isPartial = outcome > 0 && outcome < toSubmit;
    } while (isPartial);
    if ((int) INT.getAcquire(queues, cqOverflowAt) != 0) {
      throw new IllegalStateException("the kernel had no memory to keep a completion");
    }
    return outcome >= 0 ? 0 : passing(outcome);
  }

  private int enterAndWait(int toSubmit, long waitNanos, int enough) {
    timespec.set(JAVA_LONG, Abi.TIMESPEC_SEC, waitNanos / 1_000_000_000);
    timespec.set(JAVA_LONG, Abi.TIMESPEC_NSEC, waitNanos % 1_000_000_000);
    int flags = Abi.IORING_ENTER_GETEVENTS | Abi.IORING_ENTER_EXT_ARG;
    return enter.enter(descriptor, toSubmit, enough, flags, waitArgument, Abi.GETEVENTS_ARG_BYTES);
  }

  private int enterIfNeeded(int toSubmit) {
    int flags = (int) INT.getAcquire(queues, sqFlagsAt);
    boolean hasWork = (flags & (Abi.IORING_SQ_TASKRUN | Abi.IORING_SQ_CQ_OVERFLOW)) != 0;
    if (toSubmit == 0 && !hasWork) {
      return 0;
    }
    return enter.enter(descriptor, toSubmit, 0, Abi.IORING_ENTER_GETEVENTS, MemorySegment.NULL, 0);
  }

  private static int passing(int outcome) {
    return switch (-outcome) {
      case Errno.EINTR, Errno.ETIME, Errno.EAGAIN, Errno.EBUSY -> outcome;
      default ->
          throw new IllegalStateException("io_uring_enter failed: " + Errno.describe(outcome));
    };
  }

  /// Whether [#next()] would find one without entering.
  boolean hasNext() {
    return (int) INT.getAcquire(queues, cqTailAt) != cqHead;
  }

  /// Takes one completion, for [#userData()] and [#result()].
  boolean next() {
    if (!hasNext()) {
      return false;
    }
    long at = cqesAt + (cqHead & cqMask) * Abi.CQE_BYTES;
    userData = queues.get(ValueLayout.JAVA_LONG, at + Abi.CQE_USER_DATA);
    result = queues.get(JAVA_INT, at + Abi.CQE_RES);
    cqHead++;
    INT.setRelease(queues, cqHeadAt, cqHead);
    return true;
  }

  long userData() {
    return userData;
  }

  int result() {
    return result;
  }

  /// Takes the ring down. The kernel cancels what cannot end by itself.
  @Override
  public void close() {
    library.queueExit(struct);
    arena.close();
  }
}
