package io.floe.storage;

import io.floe.model.PartitionId;
import io.floe.model.SegmentId;
import io.floe.model.TopicId;
import io.floe.model.batch.BatchBuilder;
import io.floe.model.batch.BatchHeader;
import io.floe.model.batch.Compression;
import java.nio.ByteBuffer;
import java.util.UUID;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/// A writer for tests: appends batches and waits for what a test wants to wait for.
final class TestLog implements DurabilityListener {
  static final int EPOCH = 7;
  static final byte[] TABLE = {1, 2, 3};

  private final Semaphore space = new Semaphore(0);
  private final SegmentSpec spec;
  private long durable;
  private @Nullable StoreException failure;
  private @Nullable OpenSegment segment;

  private TestLog(SegmentSpec spec) {
    this.spec = spec;
    this.durable = spec.baseOffset();
  }

  static SegmentSpec spec(long id) {
    return spec(id, 100, false);
  }

  static SegmentSpec spec(long id, long baseOffset, boolean isHot) {
    PartitionId partition = new PartitionId(new TopicId(new UUID(5, 6)), 3);
    return new SegmentSpec(new SegmentId(id), partition, baseOffset, EPOCH, isHot);
  }

  static TestLog open(SegmentStore store, SegmentSpec spec) {
    TestLog log = new TestLog(spec);
    log.segment = store.open(spec, TABLE, log);
    return log;
  }

  /// One batch with one record for each timestamp; its values have so many bytes, filled by a seed.
  static ByteBuffer batch(int valueBytes, long seed, long... timestamps) {
    BatchBuilder builder = new BatchBuilder(Compression.NONE, 1 << 30);
    builder.begin(0);
    byte[] value = new byte[valueBytes];
    new java.util.Random(seed).nextBytes(value);
    for (long timestamp : timestamps) {
      builder.append(timestamp, null, ByteBuffer.wrap(value));
    }
    ByteBuffer built = builder.build();
    ByteBuffer copy = ByteBuffer.allocate(built.remaining());
    copy.put(built).flip();
    return copy;
  }

  /// The batch as the segment holds it.
  static ByteBuffer stamped(ByteBuffer batch, long baseOffset) {
    ByteBuffer copy = ByteBuffer.allocate(batch.remaining());
    copy.put(batch.duplicate()).flip();
    BatchHeader.stamp(copy, 0, baseOffset, EPOCH);
    return copy;
  }

  OpenSegment segment() {
    OpenSegment opened = segment;
    if (opened == null) {
      throw new IllegalStateException("not open");
    }
    return opened;
  }

  /// Waits for room, then appends. Returns the base offset.
  long append(ByteBuffer batch) throws InterruptedException {
    OpenSegment.Space answer = reserve(batch.remaining());
    if (answer != OpenSegment.Space.READY) {
      throw new IllegalStateException("space is " + answer);
    }
    long baseOffset = segment().endOffset();
    segment().append(batch.duplicate(), baseOffset);
    return baseOffset;
  }

  /// Asks until the answer is not PREPARING.
  OpenSegment.Space reserve(int sizeBytes) throws InterruptedException {
    while (true) {
      space.drainPermits();
      OpenSegment.Space answer = segment().reserve(sizeBytes);
      if (answer != OpenSegment.Space.PREPARING) {
        return answer;
      }
      if (!space.tryAcquire(10, TimeUnit.SECONDS)) {
        throw new IllegalStateException("no space within ten seconds");
      }
    }
  }

  /// Waits until everything appended is durable.
  void awaitDurable() throws InterruptedException {
    awaitDurable(segment().endOffset());
  }

  synchronized void awaitDurable(long offset) throws InterruptedException {
    long deadlineNanos = System.nanoTime() + 20_000_000_000L;
    while (durable < offset) {
      if (failure != null) {
        throw new IllegalStateException(failure);
      }
      if (System.nanoTime() > deadlineNanos) {
        throw new IllegalStateException("durable only up to " + durable + ", not " + offset);
      }
      wait(1_000);
    }
  }

  /// Waits for the store's failure.
  synchronized StoreException awaitFailure() throws InterruptedException {
    long deadlineNanos = System.nanoTime() + 20_000_000_000L;
    while (failure == null) {
      if (System.nanoTime() > deadlineNanos) {
        throw new IllegalStateException("did not fail");
      }
      wait(1_000);
    }
    return failure;
  }

  /// What the listener heard last.
  synchronized long reported() {
    return durable;
  }

  SegmentSpec spec() {
    return spec;
  }

  @Override
  public synchronized void onDurable(long endOffset) {
    if (endOffset < durable) {
      throw new IllegalStateException("durable end fell from " + durable + " to " + endOffset);
    }
    durable = endOffset;
    notifyAll();
  }

  @Override
  public void onSpace() {
    space.release();
  }

  @Override
  public synchronized void onFailed(StoreException cause) {
    failure = cause;
    space.release();
    notifyAll();
  }
}
