package io.floe.actors.partition;

import io.floe.consensus.replication.core.ProducerTable;
import io.floe.model.SegmentId;
import io.floe.model.StoreIncarnation;
import io.floe.storage.DurabilityListener;
import io.floe.storage.LogSlice;
import io.floe.storage.OpenSegment;
import io.floe.storage.RecoveredSegment;
import io.floe.storage.SegmentReads;
import io.floe.storage.SegmentSpec;
import io.floe.storage.SegmentStore;
import io.floe.storage.StoreException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.jspecify.annotations.Nullable;

/// A store in memory that makes durable, refuses and fails when the test says so.
///
/// Thread-safety: any thread.
final class FakeStore implements SegmentStore {
  /// Calls that matter for their order, in order.
  final List<String> calls = new ArrayList<>();

  private final TreeMap<SegmentId, Segment> segments = new TreeMap<>();
  private OpenSegment.Space space = OpenSegment.Space.READY;
  private boolean isAutomatic;
  private @Nullable StoreException sealFailure;

  synchronized void space(OpenSegment.Space answer) {
    space = answer;
  }

  /// From now on everything is durable as soon as it is appended.
  synchronized void automatic() {
    isAutomatic = true;
  }

  synchronized void failSeals(@Nullable StoreException failure) {
    sealFailure = failure;
  }

  synchronized List<String> calls() {
    return List.copyOf(calls);
  }

  synchronized Segment segment(long id) {
    Segment segment = segments.get(new SegmentId(id));
    if (segment == null) {
      throw new AssertionError("segment " + id + " was not opened, only " + segments.keySet());
    }
    return segment;
  }

  /// What every segment took, in order.
  synchronized List<String> values() {
    List<String> all = new ArrayList<>();
    segments.values().forEach(segment -> all.addAll(segment.values));
    return all;
  }

  final class Segment implements OpenSegment {
    private final SegmentSpec spec;
    private final DurabilityListener listener;
    private final List<String> values = new ArrayList<>();
    private long end;
    private long durable;
    private long bytes;
    private int givenBack;

    Segment(SegmentSpec spec, DurabilityListener listener) {
      this.spec = spec;
      this.listener = listener;
      this.end = spec.baseOffset();
      this.durable = end;
    }

    DurabilityListener listener() {
      return listener;
    }

    /// Makes all that was appended durable.
    void sync() {
      long now;
      synchronized (FakeStore.this) {
        durable = end;
        now = end;
      }
      listener.onDurable(now);
    }

    @Override
    public SegmentSpec spec() {
      return spec;
    }

    @Override
    public Space reserve(int sizeBytes) {
      synchronized (FakeStore.this) {
        return space;
      }
    }

    @Override
    public void giveBack() {
      synchronized (FakeStore.this) {
        givenBack++;
      }
    }

    /// How often room was given back.
    int givenBack() {
      synchronized (FakeStore.this) {
        return givenBack;
      }
    }

    @Override
    public void append(ByteBuffer batch, long baseOffset) {
      boolean mustSync;
      synchronized (FakeStore.this) {
        if (baseOffset != end || space != Space.READY) {
          throw new AssertionError("append at " + baseOffset + ", end " + end + ", " + space);
        }
        values.add(Appends.textOf(batch));
        end++;
        bytes += batch.remaining();
        mustSync = isAutomatic;
        FakeStore.this.notifyAll();
      }
      if (mustSync) {
        sync();
      }
    }

    @Override
    public long endOffset() {
      synchronized (FakeStore.this) {
        return end;
      }
    }

    @Override
    public long durableEnd() {
      synchronized (FakeStore.this) {
        return durable;
      }
    }

    @Override
    public long sizeBytes() {
      synchronized (FakeStore.this) {
        return bytes;
      }
    }

    @Override
    public long digest() {
      return 0;
    }
  }

  /// Says to every segment that it has room, as a store does that has just prepared it.
  void wakeAll() {
    List<Segment> all;
    synchronized (this) {
      all = List.copyOf(segments.values());
    }
    all.forEach(segment -> segment.listener.onSpace());
  }

  /// Waits until so many batches were appended altogether.
  synchronized void awaitAppends(int count) throws InterruptedException {
    long deadlineNanos = System.nanoTime() + 10_000_000_000L;
    while (values().size() < count) {
      long left = (deadlineNanos - System.nanoTime()) / 1_000_000;
      if (left <= 0) {
        throw new AssertionError("only " + values() + " appended");
      }
      wait(left);
    }
  }

  @Override
  public StoreIncarnation incarnation() {
    return new StoreIncarnation(1);
  }

  @Override
  public String ioName() {
    return "fake";
  }

  @Override
  public List<RecoveredSegment> recovered() {
    return List.of();
  }

  @Override
  public synchronized OpenSegment open(
      SegmentSpec spec, byte[] producerTableAtBase, DurabilityListener listener) {
    Segment segment = new Segment(spec, listener);
    if (segments.put(spec.id(), segment) != null) {
      throw new IllegalArgumentException("opened twice: " + spec.id());
    }
    calls.add("open " + spec.id());
    return segment;
  }

  @Override
  public synchronized CompletionStage<Void> seal(
      SegmentId segment, long endOffset, byte[] producerTable) {
    calls.add("seal " + segment + " at " + endOffset);
    notifyAll();
    return sealFailure == null
        ? CompletableFuture.completedFuture(null)
        : CompletableFuture.failedFuture(sealFailure);
  }

  @Override
  public synchronized CompletionStage<Void> delete(SegmentId segment) {
    calls.add("delete " + segment);
    notifyAll();
    return CompletableFuture.completedFuture(null);
  }

  /// Waits until a call was made so many times.
  synchronized void awaitCall(String call, int times) throws InterruptedException {
    long deadlineNanos = System.nanoTime() + 10_000_000_000L;
    while (calls.stream().filter(call::equals).count() < times) {
      long left = (deadlineNanos - System.nanoTime()) / 1_000_000;
      if (left <= 0) {
        throw new AssertionError(call + " missing in " + calls);
      }
      wait(left);
    }
  }

  @Override
  public CompletionStage<byte[]> producerTable(SegmentId segment) {
    ProducerTable table = new ProducerTable();
    table.passOver(5);
    return CompletableFuture.completedFuture(table.encode());
  }

  @Override
  public List<SegmentId> segments() {
    return List.of();
  }

  @Override
  public SegmentReads reads() {
    return new SegmentReads() {
      @Override
      public LogSlice read(SegmentId segment, long offset, long endOffset, int maxBytes)
          throws StoreException {
        throw new StoreException(StoreException.Category.IO, "nothing to read");
      }

      @Override
      public @Nullable Found firstAtOrAfter(SegmentId segment, long timestamp, long endOffset) {
        return null;
      }

      @Override
      public @Nullable Found maxTimestamp(SegmentId segment, long endOffset) {
        return null;
      }

      @Override
      public long bytesBetween(SegmentId segment, long fromOffset, long toOffset) {
        return 0;
      }
    };
  }

  @Override
  public void close() {}

  /// Batches of one record, and what became of them.
  static final class Appends {
    private Appends() {}

    static String textOf(ByteBuffer batch) {
      byte[] bytes = new byte[batch.remaining()];
      batch.get(batch.position(), bytes);
      String all = new String(bytes, StandardCharsets.ISO_8859_1);
      return all.substring(all.lastIndexOf('<') + 1, all.lastIndexOf('>'));
    }
  }
}
