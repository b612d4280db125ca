package io.floe.journal;

import io.floe.storage.StoreException;
import io.floe.storage.io.StorageIo;
import io.floe.storage.log.AppendListener;
import io.floe.storage.log.DirectoryLock;
import io.floe.storage.log.EntryPosition;
import io.floe.storage.log.FramedLog;
import io.floe.storage.log.LogThread;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// The journal without Pekko: events of many persistence ids in one log.
///
/// Everything runs in the order of the calls on the log's thread. A question for the highest
/// sequence number or a replay commits first what was written before it, so that a restarting actor
/// never sees less than what its last incarnation may have stored.
///
/// Space: a file is given back when little in it is alive. Its live writes are copied to the log's
/// end first, and the facts that only it had (`JournalIndex`), so that the highest sequence number
/// of an id never falls.
///
/// Thread-safety: any thread. Errors: a future fails with a [StoreException]; after a failed write
/// or sync every one does, until the store is opened again.
final class JournalStore implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(JournalStore.class);
  private static final int FACTS_BYTES = 64 * 1024;
  private static final int COMPACTED_FILES_MIN = 4;

  private final JournalSettings settings;
  private final StorageIo io;
  private final DirectoryLock lock;
  private final JournalIndex index = new JournalIndex();
  private final LogThread thread;
  // The log's thread only.
  private boolean isReclaimQueued;

  /// One atomic write, encoded.
  static final class Write {
    final String persistenceId;
    final long lowest;
    final long highest;
    final byte[] entry;

    Write(String persistenceId, long[] sequences, List<byte[]> events) {
      this.persistenceId = persistenceId;
      this.lowest = sequences[0];
      this.highest = sequences[sequences.length - 1];
      this.entry = JournalEntry.encodeEvents(persistenceId, sequences, events);
    }
  }

  private JournalStore(JournalSettings settings, StorageIo io, DirectoryLock lock)
      throws StoreException {
    this.settings = settings;
    this.io = io;
    this.lock = lock;
    this.thread =
        LogThread.start(
            "floe-journal-" + settings.directory().getFileName(),
            settings.queueCapacity(),
            settings.log().groupBytesMax(),
            () -> FramedLog.open(settings.directory(), io, settings.log(), this::onRecovered));
  }

  /// Opens the journal in its directory.
  ///
  /// Ownership: the store closes `io`, also when this fails.
  static JournalStore open(JournalSettings settings, StorageIo io) throws StoreException {
    DirectoryLock lock = null;
    JournalStore store = null;
    try {
      lock = DirectoryLock.acquire(settings.directory());
      store = new JournalStore(settings, io, lock);
      return store;
    } finally {
      if (store == null) {
        io.close();
        if (lock != null) {
          lock.close();
        }
      }
    }
  }

  private void onRecovered(EntryPosition position, ByteBuffer entry) throws StoreException {
    switch (JournalEntry.decode(entry)) {
      case JournalEntry.Events events -> index.onEvents(events, position);
      case JournalEntry.Facts facts -> index.onFacts(facts, position.file());
    }
  }

  /// Stores the writes. The future ends when all are durable.
  CompletableFuture<@Nullable Void> write(List<Write> writes) {
    CompletableFuture<@Nullable Void> result = new CompletableFuture<>();
    if (writes.isEmpty()) {
      result.complete(null);
      return result;
    }
    execute(
        result,
        log -> {
          Countdown countdown = new Countdown(writes.size(), result);
          for (Write write : writes) {
            append(log, write, countdown);
          }
        });
    return result;
  }

  private void append(FramedLog log, Write write, Countdown countdown) {
    JournalIndex.Stream stream = index.stream(write.persistenceId);
    if (write.lowest <= stream.appended) {
      countdown.fail(
          new StoreException(
              StoreException.Category.IO,
              "persistence id "
                  + write.persistenceId
                  + " writes sequence number "
                  + write.lowest
                  + ", but "
                  + stream.appended
                  + " is written already: two writers use the id"));
      return;
    }
    stream.appended = write.highest;
    log.append(
        write.entry,
        new AppendListener() {
          @Override
          public void onDurable(EntryPosition position) {
            index.onEvents(
                new JournalEntry.Events(write.persistenceId, write.lowest, write.highest),
                position);
            countdown.done();
          }

          @Override
          public void onFailed(StoreException failure) {
            stream.appended = stream.highest;
            countdown.fail(failure);
          }
        });
  }

  /// Deletes the events of an id up to and with `toSequence`. The future ends when that is durable.
  CompletableFuture<@Nullable Void> deleteTo(String persistenceId, long toSequence) {
    CompletableFuture<@Nullable Void> result = new CompletableFuture<>();
    execute(
        result,
        log -> {
          log.commit();
          JournalIndex.Stream stream = index.find(persistenceId);
          if (stream == null || Math.min(toSequence, stream.highest) <= stream.deletedTo) {
            result.complete(null);
            return;
          }
          long deletedTo = Math.min(toSequence, stream.highest);
          JournalEntry.Facts facts =
              new JournalEntry.Facts(
                  List.of(new JournalEntry.Fact(persistenceId, stream.highest, deletedTo)));
          log.append(
              JournalEntry.encodeFacts(facts.facts()),
              new AppendListener() {
                @Override
                public void onDurable(EntryPosition position) {
                  index.onFacts(facts, position.file());
                  queueReclaim();
                  result.complete(null);
                }

                @Override
                public void onFailed(StoreException failure) {
                  result.completeExceptionally(failure);
                }
              });
        });
    return result;
  }

  /// The highest sequence number that the id ever used, 0 for none.
  CompletableFuture<Long> highestSequence(String persistenceId) {
    CompletableFuture<Long> result = new CompletableFuture<>();
    execute(
        result,
        log -> {
          log.commit();
          if (refuseFailed(log, result)) {
            return;
          }
          JournalIndex.Stream stream = index.find(persistenceId);
          result.complete(stream == null ? 0 : stream.highest);
        });
    return result;
  }

  /// Hands the events between the two sequence numbers, at most `max` of them, in order to
  /// `consumer`, which runs on `executor`.
  CompletableFuture<@Nullable Void> replay(
      String persistenceId,
      long from,
      long to,
      long max,
      Executor executor,
      Consumer<byte[]> consumer) {
    CompletableFuture<@Nullable Void> result = new CompletableFuture<>();
    replayFrom(new Replay(persistenceId, to, executor, consumer, result), from, max);
    return result;
  }

  private record Replay(
      String persistenceId,
      long to,
      Executor executor,
      Consumer<byte[]> consumer,
      CompletableFuture<@Nullable Void> result) {}

  /// One chunk at a time: the log's thread goes on with writes while the executor works, and no
  /// more than a chunk is in memory.
  private void replayFrom(Replay replay, long from, long max) {
    execute(
        replay.result(),
        log -> {
          log.commit();
          if (refuseFailed(log, replay.result())) {
            return;
          }
          Chunk chunk = new Chunk(from);
          try {
            chunk.read(log, replay, max);
          } catch (StoreException e) {
            replay.result().completeExceptionally(e);
            return;
          }
          replay.executor().execute(() -> deliver(replay, chunk, max));
        });
  }

  private void deliver(Replay replay, Chunk chunk, long max) {
    try {
      for (byte[] event : chunk.events) {
        replay.consumer().accept(event);
      }
    } catch (RuntimeException e) {
      replay.result().completeExceptionally(e);
      return;
    }
    if (chunk.isLast) {
      replay.result().complete(null);
    } else {
      replayFrom(replay, chunk.next, max - chunk.events.size());
    }
  }

  private final class Chunk {
    final List<byte[]> events = new ArrayList<>();
    long next;
    boolean isLast;

    Chunk(long from) {
      this.next = from;
    }

    void read(FramedLog log, Replay replay, long max) throws StoreException {
      JournalIndex.Stream stream = index.find(replay.persistenceId());
      int bytes = 0;
      while (bytes < settings.replayChunkBytes()) {
        JournalIndex.Write write = stream == null ? null : stream.from(next);
        if (stream == null
            || write == null
            || write.lowest() > replay.to()
            || events.size() >= max) {
          isLast = true;
          return;
        }
        long first = Math.max(next, stream.deletedTo + 1);
        JournalEntry.decodeEvents(
            log.read(write.position()),
            (sequence, event) -> {
              if (sequence >= first && sequence <= replay.to() && events.size() < max) {
                events.add(event);
              }
            });
        bytes += write.position().sizeBytes();
        next = write.highest() + 1;
      }
    }
  }

  private void queueReclaim() {
    if (!isReclaimQueued) {
      isReclaimQueued = true;
      execute(
          new CompletableFuture<>(),
          log -> {
            isReclaimQueued = false;
            reclaim(log);
          });
    }
  }

  /// Gives back the oldest file if that is worth it, then looks again.
  private void reclaim(FramedLog log) {
    log.commit();
    int file = log.oldestFile();
    if (file == log.activeFile() || log.failure() != null || !isWorthReclaiming(log, file)) {
      return;
    }
    try {
      Copies copies = new Copies();
      for (JournalIndex.Write write : index.liveWrites(file)) {
        copyWrite(log, write, copies);
      }
      copyFacts(log, index.factsOnlyIn(file), copies);
      log.commit();
      if (copies.failed) {
        return;
      }
      log.releaseOldest();
      index.forget(file);
      queueReclaim();
    } catch (StoreException e) {
      // Nothing is lost: the file stays and is tried again after the next deletion.
      LOG.atWarn()
          .addKeyValue("dir", settings.directory())
          .addKeyValue("file", file)
          .setCause(e)
          .log("journal file not reclaimed");
    }
  }

  /// Little is alive in the oldest file, or in all files together: then one round through them
  /// gives back at least as much as it copies.
  private boolean isWorthReclaiming(FramedLog log, int file) {
    long otherBytes = log.fileBytes() - log.fileBytes(log.activeFile());
    return index.liveBytes(file) <= log.fileBytes(file) / 4
        || (log.fileCount() >= COMPACTED_FILES_MIN && index.liveBytes() < otherBytes / 2);
  }

  private static final class Copies {
    boolean failed;
  }

  private void copyWrite(FramedLog log, JournalIndex.Write write, Copies copies)
      throws StoreException {
    byte[] entry = log.read(write.position());
    if (!(JournalEntry.decode(ByteBuffer.wrap(entry)) instanceof JournalEntry.Events events)) {
      throw new StoreException(StoreException.Category.DAMAGED, "no events at " + write.position());
    }
    log.append(
        entry,
        new AppendListener() {
          @Override
          public void onDurable(EntryPosition position) {
            index.onEvents(events, position);
          }

          @Override
          public void onFailed(StoreException failure) {
            copies.failed = true;
          }
        });
  }

  private void copyFacts(FramedLog log, List<JournalEntry.Fact> facts, Copies copies) {
    List<JournalEntry.Fact> some = new ArrayList<>();
    int bytes = 0;
    for (JournalEntry.Fact fact : facts) {
      some.add(fact);
      bytes += fact.sizeBytes();
      if (bytes >= FACTS_BYTES) {
        appendFacts(log, new JournalEntry.Facts(List.copyOf(some)), copies);
        some.clear();
        bytes = 0;
      }
    }
    if (!some.isEmpty()) {
      appendFacts(log, new JournalEntry.Facts(List.copyOf(some)), copies);
    }
  }

  private void appendFacts(FramedLog log, JournalEntry.Facts facts, Copies copies) {
    log.append(
        JournalEntry.encodeFacts(facts.facts()),
        new AppendListener() {
          @Override
          public void onDurable(EntryPosition position) {
            index.onFacts(facts, position.file());
          }

          @Override
          public void onFailed(StoreException failure) {
            copies.failed = true;
          }
        });
  }

  private static boolean refuseFailed(FramedLog log, CompletableFuture<?> result) {
    StoreException failure = log.failure();
    if (failure == null) {
      return false;
    }
    result.completeExceptionally(
        new StoreException(
            StoreException.Category.FAILED,
            "journal failed and answers nothing until it is opened again: " + failure.getMessage(),
            failure));
    return true;
  }

  private void execute(CompletableFuture<?> result, Consumer<FramedLog> work) {
    thread.execute(
        new LogThread.Task() {
          @Override
          public void run(FramedLog log) {
            work.accept(log);
          }

          @Override
          public void refuse(StoreException cause) {
            result.completeExceptionally(cause);
          }
        });
  }

  /// Ends the futures of many appends as one; the log's thread only.
  private static final class Countdown {
    private final CompletableFuture<@Nullable Void> result;
    private int open;
    private @Nullable StoreException failure;

    Countdown(int open, CompletableFuture<@Nullable Void> result) {
      this.open = open;
      this.result = result;
    }

    void done() {
      open--;
      end();
    }

    void fail(StoreException cause) {
      failure = cause;
      open--;
      end();
    }

    private void end() {
      if (open > 0) {
        return;
      }
      if (failure == null) {
        result.complete(null);
      } else {
        result.completeExceptionally(failure);
      }
    }
  }

  /// Finishes what was asked for and closes the log, the [StorageIo] and the lock.
  @Override
  public void close() {
    thread.close();
    io.close();
    lock.close();
  }
}
