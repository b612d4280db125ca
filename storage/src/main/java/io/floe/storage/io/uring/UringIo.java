package io.floe.storage.io.uring;

import io.floe.storage.io.DirectRules;
import io.floe.storage.io.Errno;
import io.floe.storage.io.FileNames;
import io.floe.storage.io.OwnerThread;
import io.floe.storage.io.StorageFile;
import io.floe.storage.io.StorageIo;
import io.floe.storage.io.TransferRules;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileSystemException;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/// io_uring: operations are queued in shared memory and one system call in [#reap] submits all of
/// them and waits.
///
/// Nothing reaches the kernel before [#reap]. Both queues have room for everything in flight, so a
/// submission never blocks and no completion overflows.
///
/// Files, buffers and the ring's descriptor are not registered with the kernel: the gain was below
/// the noise of measuring, and registering would let only the owner open files and tie the store's
/// memory to the ring. Numbers are in `docs/adr/0001-storage-io.md`.
///
/// Thread-safety, Errors, Ownership: as [StorageIo] says. Memory in flight is kept reachable, so
/// that an automatic arena does not free it.
public final class UringIo implements StorageIo {
  /// The name that logs and `READY` show.
  public static final String NAME = "io_uring";

  /// The kernel's limit is 32768 entries; far below it a disk gains nothing from more.
  private static final int DEPTH_MAX = 8192;

  private static final long BUSY_PAUSE_NANOS = 100_000;

  private final int depth;
  private final OwnerThread owner = new OwnerThread();
  private final Set<UringFile> files = ConcurrentHashMap.newKeySet();
  private final DirectRules.Cache directRules = new DirectRules.Cache();
  private final Ring ring;
  private final WakeSignal wake;

  // One slot for each operation in flight; its number is the user data of the entry.
  private final long[] operations;
  private final @Nullable UringFile[] operationFiles;
  private final @Nullable MemorySegment[] operationMemory;
  private final int[] freeSlots;
  private int freeCount;

  private boolean isEnabled;
  private boolean isWakeArmed;
  private boolean isWoken;
  private volatile boolean isClosed;

  private UringIo(int depth, Ring ring, WakeSignal wake) {
    this.depth = depth;
    this.ring = ring;
    this.wake = wake;
    operations = new long[depth];
    operationFiles = new UringFile[depth];
    operationMemory = new MemorySegment[depth];
    freeSlots = new int[depth];
    for (int slot = 0; slot < depth; slot++) {
      freeSlots[slot] = depth - 1 - slot;
    }
    freeCount = depth;
  }

  /// An open instance.
  ///
  /// @param depth the largest number of operations in flight
  /// @throws UringUnavailableException if there is no io_uring here
  public static UringIo create(int depth) throws UringUnavailableException {
    LibUring library = LibUring.load();
    return create(depth, () -> Ring.open(library, ringEntries(depth)));
  }

  /// How to get a ring, so that tests can use a special one.
  @FunctionalInterface
  interface RingSource {
    Ring open() throws UringUnavailableException;
  }

  static UringIo create(int depth, RingSource source) throws UringUnavailableException {
    if (depth < 1 || depth > DEPTH_MAX) {
      throw new IllegalArgumentException("depth is " + depth + ", must be 1 to " + DEPTH_MAX);
    }
    WakeSignal wake = WakeSignal.open();
    try {
      return new UringIo(depth, source.open(), wake);
    } catch (UringUnavailableException | RuntimeException e) {
      wake.close();
      throw e;
    }
  }

  /// One more than the operations, for the poll of the wake signal; the kernel rounds up.
  static int ringEntries(int depth) {
    return depth + 1;
  }

  @Override
  public String name() {
    return NAME;
  }

  @Override
  public int depth() {
    return depth;
  }

  @Override
  public StorageFile open(Path path, Mode mode, boolean direct) throws IOException {
    refuseClosed();
    int flags = flags(mode);
    UringFile file = direct ? openDirect(path, flags) : null;
    if (file == null) {
      int descriptor = LibC.open(path, flags);
      if (descriptor < 0) {
        throw failure(path, descriptor);
      }
      file = new UringFile(this, path, descriptor);
    }
    files.add(file);
    return file;
  }

  /// Null where the filesystem has no direct transfers.
  private @Nullable UringFile openDirect(Path path, int flags) throws IOException {
    int descriptor = LibC.open(path, flags | Abi.O_DIRECT);
    if (descriptor == -Errno.EINVAL) {
      return null;
    }
    if (descriptor < 0) {
      throw failure(path, descriptor);
    }
    DirectRules rules;
    try {
      rules = directRules.find(path);
    } catch (IOException | RuntimeException e) {
      LibC.close(descriptor);
      throw e;
    }
    if (rules == null) {
      LibC.close(descriptor);
      return null;
    }
    return new UringFile(this, path, descriptor, rules);
  }

  private static int flags(Mode mode) {
    int access =
        switch (mode) {
          case READ -> Abi.O_RDONLY;
          case WRITE -> Abi.O_RDWR;
          case CREATE -> Abi.O_RDWR | Abi.O_CREAT;
        };
    return access | Abi.O_CLOEXEC;
  }

  private static FileSystemException failure(Path path, int outcome) {
    String name = path.toString();
    return switch (-outcome) {
      case Errno.ENOENT -> new NoSuchFileException(name);
      case Errno.EACCES -> new AccessDeniedException(name);
      default -> new FileSystemException(name, null, Errno.describe(outcome));
    };
  }

  @Override
  public void close(StorageFile file) {
    UringFile own = own(file);
    if (own.beginClose()) {
      files.remove(own);
      LibC.close(own.descriptor);
    }
  }

  @Override
  public void write(StorageFile file, long position, MemorySegment source, long operation) {
    UringFile own = own(file);
    TransferRules.check(own, position, source);
    submit(own, Abi.IORING_OP_WRITE, position, source, 0, operation);
  }

  @Override
  public void read(StorageFile file, long position, MemorySegment target, long operation) {
    UringFile own = own(file);
    TransferRules.checkTarget(own, position, target);
    submit(own, Abi.IORING_OP_READ, position, target, 0, operation);
  }

  @Override
  public void sync(StorageFile file, long operation) {
    int flags = Abi.IORING_FSYNC_DATASYNC;
    submit(own(file), Abi.IORING_OP_FSYNC, 0, MemorySegment.NULL, flags, operation);
  }

  private void submit(
      UringFile file, int opcode, long position, MemorySegment memory, int flags, long operation) {
    begin();
    if (freeCount == 0) {
      throw new IllegalStateException("depth " + depth + " is exhausted: reap first");
    }
    file.begin();
    int slot = freeSlots[--freeCount];
    operations[slot] = operation;
    operationFiles[slot] = file;
    operationMemory[slot] = memory;
    int length = (int) memory.byteSize();
    ring.push(opcode, file.descriptor, position, memory.address(), length, flags, slot);
  }

  @Override
  public int reap(Completion completion, long waitNanos) {
    return reap(completion, waitNanos, 1);
  }

  @Override
  public int reap(Completion completion, long waitNanos, int enough) {
    begin();
    if (waitNanos <= 0) {
      while (ring.enter(0, 0) == -Errno.EINTR) {
        Thread.onSpinWait();
      }
      return handOver(completion);
    }
    int handedOver = await(completion, waitNanos, enough);
    if (isWoken) {
      isWoken = false;
      wake.lower();
    }
    return handedOver;
  }

  private int await(Completion completion, long waitNanos, int enough) {
    long startNanos = System.nanoTime();
    while (true) {
      armWake();
      long remainingNanos = waitNanos - (System.nanoTime() - startNanos);
      boolean mayWait = !isWoken && !ring.hasNext() && remainingNanos > 0;
      int outcome = ring.enter(mayWait ? remainingNanos : 0, enough);
      int handedOver = handOver(completion);
      if (handedOver > 0 || isWoken || remainingNanos <= 0) {
        return handedOver;
      }
      if (outcome == -Errno.EAGAIN || outcome == -Errno.EBUSY) {
        // The kernel has no memory for the operation just now.
        LockSupport.parkNanos(this, BUSY_PAUSE_NANOS);
      }
    }
  }

  private void armWake() {
    if (!isWakeArmed && !isWoken) {
      isWakeArmed = true;
      ring.push(Abi.IORING_OP_POLL_ADD, wake.descriptor(), 0, 0, 0, Abi.POLLIN, depth);
    }
  }

  private int handOver(Completion completion) {
    int handedOver = 0;
    // Bounded, so that a completion that submits again cannot keep the caller here for ever.
    while (handedOver < depth && ring.next()) {
      int slot = (int) ring.userData();
      int result = ring.result();
      if (slot == depth) {
        isWakeArmed = false;
        isWoken = true;
        continue;
      }
      UringFile file = operationFiles[slot];
      operationFiles[slot] = null;
      operationMemory[slot] = null;
      freeSlots[freeCount++] = slot;
      if (file != null) {
        file.end();
      }
      handedOver++;
      completion.onComplete(operations[slot], result);
    }
    return handedOver;
  }

  @Override
  public void wake() {
    wake.raise();
  }

  @Override
  public void rename(Path from, Path to) throws IOException {
    FileNames.rename(from, to);
  }

  @Override
  public void delete(Path path) throws IOException {
    FileNames.delete(path);
  }

  @Override
  public void syncDirectory(Path directory) throws IOException {
    FileNames.syncDirectory(directory);
  }

  /// Waits for what is in flight if the owner calls, and refuses if another thread does: it could
  /// not, and the disk must not be left writing from or into memory that is about to be freed.
  @Override
  public void close() {
    if (isClosed) {
      return;
    }
    List<UringFile> busy = files.stream().filter(file -> !file.isIdle()).toList();
    if (!busy.isEmpty() && !owner.isCaller()) {
      throw new IllegalStateException("operations are in flight on " + busy);
    }
    while (freeCount < depth) {
      reap((operation, result) -> {}, Long.MAX_VALUE);
    }
    isClosed = true;
    ring.close();
    wake.close();
    for (UringFile file : files) {
      if (file.beginClose()) {
        LibC.close(file.descriptor);
      }
    }
    files.clear();
  }

  private void begin() {
    owner.claim();
    refuseClosed();
    if (!isEnabled) {
      ring.enable();
      isEnabled = true;
    }
  }

  private UringFile own(StorageFile file) {
    if (file instanceof UringFile own && own.belongsTo(this)) {
      return own;
    }
    throw new IllegalArgumentException(file.path() + " was not opened by this StorageIo");
  }

  private void refuseClosed() {
    if (isClosed) {
      throw new IllegalStateException("this StorageIo is closed");
    }
  }
}
