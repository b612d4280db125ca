package io.floe.storage.io.channel;

import io.floe.storage.io.DirectRules;
import io.floe.storage.io.Errno;
import io.floe.storage.io.FileNames;
import io.floe.storage.io.OwnerThread;
import io.floe.storage.io.StorageFile;
import io.floe.storage.io.StorageIo;
import io.floe.storage.io.TransferRules;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.OpenOption;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.locks.LockSupport;
import org.agrona.concurrent.ManyToOneConcurrentArrayQueue;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// The fallback: file channels and a few threads that do the waiting.
///
/// Operations run on worker threads and not on the owner for two reasons. Several direct writes in
/// flight are what a disk needs to be fast. And a file channel closes itself when the thread that
/// uses it is interrupted, which stopping an agent does: the workers are nobody's to interrupt.
///
/// Thread-safety, Errors, Ownership: as [StorageIo] says. Memory must be of a shared or automatic
/// arena, since other threads touch it.
public final class FileChannelIo implements StorageIo {
  /// The name that logs and `READY` show.
  public static final String NAME = "file_channel";

  private static final Logger LOG = LoggerFactory.getLogger(FileChannelIo.class);
  private static final int WORKERS = 4;

  private final int depth;
  private final DirectRules.Cache directRules = new DirectRules.Cache();
  private final OwnerThread owner = new OwnerThread();
  private final Set<ChannelFile> files = ConcurrentHashMap.newKeySet();
  private final ManyToOneConcurrentArrayQueue<Ended> ended;
  private final ExecutorService workers;
  private int inFlight;
  private volatile boolean isWoken;
  private volatile boolean isClosed;

  private record Ended(ChannelFile file, long operation, int result) {}

  /// What a worker does; the result is what the completion carries.
  @FunctionalInterface
  private interface Work {
    int run() throws IOException;
  }

  private FileChannelIo(int depth, int workerCount) {
    this.depth = depth;
    this.ended = new ManyToOneConcurrentArrayQueue<>(depth);
    this.workers =
        Executors.newFixedThreadPool(
            workerCount, Thread.ofPlatform().name("floe-file-io-", 0).daemon().factory());
  }

  /// An open instance; its threads start with the first operations.
  ///
  /// @param depth the largest number of operations in flight
  public static FileChannelIo create(int depth) {
    return create(depth, WORKERS);
  }

  static FileChannelIo create(int depth, int workerCount) {
    if (depth < 1) {
      throw new IllegalArgumentException("depth is " + depth + ", must be at least 1");
    }
    return new FileChannelIo(depth, workerCount);
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
    ChannelFile file = direct ? openDirect(path, mode) : null;
    if (file == null) {
      file = new ChannelFile(this, path, FileChannel.open(path, options(mode)));
    }
    files.add(file);
    return file;
  }

  /// Null where the filesystem has no direct transfers.
  private @Nullable ChannelFile openDirect(Path path, Mode mode) throws IOException {
    if (DirectOption.DIRECT == null) {
      return null;
    }
    Set<OpenOption> options = options(mode);
    options.add(DirectOption.DIRECT);
    FileChannel channel;
    try {
      channel = FileChannel.open(path, options);
    } catch (UnsupportedOperationException e) {
      return null;
    } catch (IOException e) {
      if (Failures.isInvalidArgument(e)) {
        return null;
      }
      throw e;
    }
    DirectRules rules = directRules.find(path);
    if (rules == null) {
      channel.close();
      return null;
    }
    return new ChannelFile(this, path, channel, rules);
  }

  private static Set<OpenOption> options(Mode mode) {
    Set<OpenOption> options = new HashSet<>();
    options.add(StandardOpenOption.READ);
    if (mode != Mode.READ) {
      options.add(StandardOpenOption.WRITE);
    }
    if (mode == Mode.CREATE) {
      options.add(StandardOpenOption.CREATE);
    }
    return options;
  }

  @Override
  public void close(StorageFile file) {
    ChannelFile own = own(file);
    if (own.beginClose()) {
      files.remove(own);
      closeChannel(own);
    }
  }

  @Override
  public void write(StorageFile file, long position, MemorySegment source, long operation) {
    ChannelFile own = own(file);
    TransferRules.check(own, position, source);
    ByteBuffer bytes = source.asByteBuffer();
    submit(own, operation, () -> own.channel.write(bytes, position));
  }

  @Override
  public void read(StorageFile file, long position, MemorySegment target, long operation) {
    ChannelFile own = own(file);
    TransferRules.checkTarget(own, position, target);
    ByteBuffer bytes = target.asByteBuffer();
    submit(own, operation, () -> Math.max(0, own.channel.read(bytes, position)));
  }

  @Override
  public void sync(StorageFile file, long operation) {
    ChannelFile own = own(file);
    submit(
        own,
        operation,
        () -> {
          own.channel.force(false);
          return 0;
        });
  }

  private void submit(ChannelFile file, long operation, Work work) {
    owner.claim();
    refuseClosed();
    if (inFlight == depth) {
      throw new IllegalStateException("depth " + depth + " is exhausted: reap first");
    }
    file.begin();
    inFlight++;
    workers.execute(() -> run(file, operation, work));
  }

  private void run(ChannelFile file, long operation, Work work) {
    int result = -Errno.EIO;
    try {
      result = work.run();
    } catch (IOException | RuntimeException e) {
      result = Failures.resultOf(e);
      if (result == -Errno.EIO) {
        // The number may stand for something that Failures does not know: keep the text.
        LOG.atWarn().addKeyValue("path", file.path()).setCause(e).log("operation failed");
      }
    } finally {
      // Also after an Error: an operation that never completes would hang its caller.
      ended.add(new Ended(file, operation, result));
      LockSupport.unpark(owner.get());
    }
  }

  @Override
  public int reap(Completion completion, long waitNanos) {
    owner.claim();
    refuseClosed();
    if (waitNanos > 0 && ended.isEmpty()) {
      await(waitNanos);
    }
    return handOver(completion);
  }

  private int handOver(Completion completion) {
    int handedOver = 0;
    // Bounded, so that a completion that submits again cannot keep the caller here for ever.
    while (handedOver < depth) {
      Ended next = ended.poll();
      if (next == null) {
        break;
      }
      inFlight--;
      next.file.end();
      handedOver++;
      completion.onComplete(next.operation, next.result);
    }
    return handedOver;
  }

  private void await(long waitNanos) {
    long startNanos = System.nanoTime();
    boolean isInterrupted = false;
    while (ended.isEmpty() && !isWoken) {
      long remainingNanos = waitNanos - (System.nanoTime() - startNanos);
      if (remainingNanos <= 0) {
        break;
      }
      LockSupport.parkNanos(this, remainingNanos);
      // An interrupted thread does not park: forget it for now, else this would spin.
      isInterrupted |= Thread.interrupted();
    }
    if (ended.isEmpty()) {
      isWoken = false;
    }
    if (isInterrupted) {
      Thread.currentThread().interrupt();
    }
  }

  @Override
  public void wake() {
    isWoken = true;
    LockSupport.unpark(owner.get());
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

  /// Waits for what is in flight if the owner calls, and refuses if another thread does.
  @Override
  public void close() {
    if (isClosed) {
      return;
    }
    List<ChannelFile> busy = files.stream().filter(file -> !file.isIdle()).toList();
    if (!busy.isEmpty() && !owner.isCaller()) {
      throw new IllegalStateException("operations are in flight on " + busy);
    }
    isClosed = true;
    workers.close();
    files.forEach(FileChannelIo::closeChannel);
    files.clear();
  }

  private static void closeChannel(ChannelFile file) {
    try {
      file.channel.close();
    } catch (IOException e) {
      // Nothing that was not synced is promised, so nothing is lost that was.
      LOG.atWarn().addKeyValue("path", file.path()).setCause(e).log("closing failed");
    }
  }

  private ChannelFile own(StorageFile file) {
    if (file instanceof ChannelFile own && own.belongsTo(this)) {
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
