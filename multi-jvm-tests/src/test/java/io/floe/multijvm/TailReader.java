package io.floe.multijvm;

import io.floe.cli.check.History;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.jspecify.annotations.Nullable;

/// A consumer that reads along while nodes come and go. What it has seen must stay as it was: it
/// keeps a history of its own, in which each offset comes once.
final class TailReader implements AutoCloseable {
  private final Load load;
  private final History seen;
  private final Thread thread;
  private final AtomicReference<@Nullable RuntimeException> failure = new AtomicReference<>();
  private volatile boolean isStopped;
  private final AtomicLong readCount = new AtomicLong();

  private TailReader(Load load, History seen) {
    this.load = load;
    this.seen = seen;
    this.thread = Thread.ofPlatform().daemon().name("tail-reader").unstarted(this::read);
  }

  static TailReader start(Load load) {
    TailReader reader = new TailReader(load, load.history);
    reader.thread.start();
    return reader;
  }

  private void read() {
    try (KafkaConsumer<byte[], byte[]> consumer = load.consumer()) {
      consumer.assign(load.assigned());
      consumer.seekToBeginning(load.assigned());
      while (!isStopped) {
        for (ConsumerRecord<byte[], byte[]> record : consumer.poll(Duration.ofMillis(200))) {
          seen.read(record.partition(), record.offset(), Load.number(record.value()));
          readCount.incrementAndGet();
        }
      }
    } catch (RuntimeException e) {
      failure.set(e);
    }
  }

  /// Waits until it has read all that was acknowledged, and ends it.
  void finish(Duration limit) throws InterruptedException {
    long deadlineNanos = System.nanoTime() + limit.toNanos();
    while (readCount.get() < load.acknowledged() && failure.get() == null) {
      if (System.nanoTime() > deadlineNanos) {
        throw new AssertionError(
            "the reader saw " + readCount.get() + " of " + load.acknowledged() + " records");
      }
      Thread.sleep(10);
    }
    isStopped = true;
    thread.join();
    RuntimeException thrown = failure.get();
    if (thrown != null) {
      throw new AssertionError("the reader failed: " + thrown, thrown);
    }
  }

  @Override
  public void close() {
    isStopped = true;
  }
}
