package io.floe.storage.log;

import io.floe.storage.StoreException;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// The thread that owns a [FramedLog], and the group commit.
///
/// Tasks run one after another. Those that wait together are run together, up to the group's size,
/// and what they appended is committed once: while one sync runs, the next group gathers.
///
/// Thread-safety: [#execute] and [#close] from any thread.
///
/// Errors: every task either runs or is refused. A task that throws stops the thread, since the
/// log's state is then unknown; what waits is refused.
public final class LogThread implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(LogThread.class);
  private static final long JOIN_MILLIS = 10;

  /// Work on the log's thread. Exactly one of the two methods is called.
  public interface Task {
    /// Does the work.
    void run(FramedLog log);

    /// Hears that the work will not be done; on any thread.
    void refuse(StoreException cause);
  }

  /// Opens the log, on its thread.
  @FunctionalInterface
  public interface Opener {
    /// The open log, which the thread closes.
    FramedLog open() throws StoreException;
  }

  /// Only ends a wait.
  private static final Task WAKE_UP =
      new Task() {
        @Override
        public void run(FramedLog log) {}

        @Override
        public void refuse(StoreException cause) {}
      };

  private final String name;
  private final int queueCapacity;
  private final BlockingQueue<Task> queue;
  private final Thread thread;
  private final long groupBytesMax;
  private final CompletableFuture<Void> opened = new CompletableFuture<>();
  // Guards isStopped together with the queue: a task that was taken in is run or refused.
  private final Object gate = new Object();
  private boolean isStopped;

  private LogThread(String name, int queueCapacity, long groupBytesMax, Opener opener) {
    this.name = name;
    this.queueCapacity = queueCapacity;
    this.queue = new ArrayBlockingQueue<>(queueCapacity);
    this.groupBytesMax = groupBytesMax;
    this.thread = Thread.ofPlatform().name(name).unstarted(() -> run(opener));
  }

  /// Starts the thread and waits until the log is open.
  ///
  /// @param queueCapacity the most tasks that may wait
  /// @param groupBytesMax as in [LogSettings]
  public static LogThread start(String name, int queueCapacity, long groupBytesMax, Opener opener)
      throws StoreException {
    LogThread result = new LogThread(name, queueCapacity, groupBytesMax, opener);
    result.thread.start();
    try {
      result.opened.join();
      return result;
    } catch (CompletionException e) {
      if (e.getCause() instanceof StoreException refused) {
        throw refused;
      }
      throw new StoreException(
          StoreException.Category.IO, name + " cannot open its log: " + e.getCause(), e);
    }
  }

  /// Queues a task, or refuses it at once when the queue is full or the thread has stopped.
  public void execute(Task task) {
    String refusal;
    synchronized (gate) {
      if (isStopped) {
        refusal = name + " is closed";
      } else if (queue.offer(task)) {
        return;
      } else {
        refusal = name + " has " + queueCapacity + " tasks waiting, which is the limit";
      }
    }
    task.refuse(new StoreException(StoreException.Category.IO, refusal));
  }

  /// Runs what is queued, closes the log and waits for the thread's end.
  @Override
  public void close() {
    stop();
    boolean isInterrupted = false;
    while (thread.isAlive()) {
      queue.offer(WAKE_UP);
      try {
        thread.join(JOIN_MILLIS);
      } catch (InterruptedException e) {
        isInterrupted = true;
      }
    }
    if (isInterrupted) {
      Thread.currentThread().interrupt();
    }
  }

  private void stop() {
    synchronized (gate) {
      isStopped = true;
    }
  }

  private boolean isStopped() {
    synchronized (gate) {
      return isStopped;
    }
  }

  private void run(Opener opener) {
    FramedLog log;
    try {
      log = opener.open();
    } catch (StoreException | RuntimeException e) {
      stop();
      opened.completeExceptionally(e);
      return;
    }
    opened.complete(null);
    try (log) {
      loop(log);
    } catch (RuntimeException e) {
      LOG.atError().addKeyValue("thread", name).setCause(e).log("log thread stopped");
    } finally {
      stop();
      refuseAll();
    }
  }

  private void loop(FramedLog log) {
    while (true) {
      Task task = queue.poll();
      if (task == null) {
        if (isStopped()) {
          return;
        }
        task = take();
      }
      while (task != null) {
        task.run(log);
        task = log.pendingBytes() < groupBytesMax ? queue.poll() : null;
      }
      log.commit();
    }
  }

  private Task take() {
    while (true) {
      try {
        return queue.take();
      } catch (InterruptedException e) {
        LOG.atWarn().addKeyValue("thread", name).log("interrupt ignored, only close() stops it");
      }
    }
  }

  private void refuseAll() {
    Task task = queue.poll();
    while (task != null) {
      task.refuse(
          new StoreException(StoreException.Category.FAILED, name + " stopped after an error"));
      task = queue.poll();
    }
  }
}
