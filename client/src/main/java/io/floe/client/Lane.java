package io.floe.client;

import io.floe.model.PartitionId;
import io.floe.model.batch.BatchBuilder;
import io.floe.model.batch.BatchInfo;
import io.floe.model.batch.RecordHeader;
import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// One partition's way out of a producer: the batch that is being filled and the batches that are
/// not acknowledged, in the order of their sequences.
///
/// ```
///             seal                  send                    Acked
///   (filling) ----> (closed, waits) ----> (on the way) ----------> gone
///                        ^                     |
///                        +---------------------+  Refused for now, Unknown: all that were on the way
///                                                 come back first, then the oldest goes alone
/// ```
///
/// The log takes a producer's batches only in the order of their sequences, except that it has
/// nothing to compare the first one with. So until something of this lane was acknowledged, and
/// again after anything came back, one batch at a time is on the way: a second one could be taken
/// in the place of a first one that was refused.
///
/// Thread-safety: none; belongs to one stage.
final class Lane {
  /// Bytes of a record beside key, value and headers: lengths, deltas and counts as varints.
  private static final int RECORD_OVERHEAD_BYTES = 36;

  private static final int HEADER_OVERHEAD_BYTES = 10;

  /// A record in its bytes.
  ///
  /// @param part which record of the envelope it is
  record Item(
      Pending<?, ?, ?> envelope,
      int part,
      long timestamp,
      @Nullable ByteBuffer key,
      @Nullable ByteBuffer value,
      List<RecordHeader> headers) {

    /// Upper bound of its bytes in a batch.
    long sizeBytes() {
      long size = RECORD_OVERHEAD_BYTES;
      size += key == null ? 0 : key.remaining();
      size += value == null ? 0 : value.remaining();
      for (RecordHeader header : headers) {
        ByteBuffer headerValue = header.value();
        // A char is at most three bytes of UTF-8.
        size += HEADER_OVERHEAD_BYTES + 3L * header.key().length();
        size += headerValue == null ? 0 : headerValue.remaining();
      }
      return size;
    }
  }

  /// A closed batch. Its bytes and its sequence never change: sent again, it is the same batch.
  static final class Batch {
    final ByteBuffer bytes;
    final BatchInfo info;
    final List<Item> items;
    final long itemBytes;
    final long begunNanos;
    boolean isOnTheWay;

    Batch(ByteBuffer bytes, List<Item> items, long itemBytes, long begunNanos) {
      this.bytes = bytes;
      this.info = BatchInfo.of(bytes, 0);
      this.items = items;
      this.itemBytes = itemBytes;
      this.begunNanos = begunNanos;
    }
  }

  final TopicPartition name;
  final PartitionId id;
  final ArrayDeque<Batch> unacked = new ArrayDeque<>();
  int onTheWay;

  /// Whether the log has acknowledged a batch since this lane began or last had one back.
  boolean isProven;

  /// A batch came back: nothing is sent until all have.
  boolean hasReturns;

  /// All came back: nothing is sent until the pause is over.
  boolean isResting;

  String lastRefusal = "no answer";

  private List<Item> filling = new ArrayList<>();
  private long fillingBytes;
  private long fillingSinceNanos;
  private int nextSequence;

  Lane(TopicPartition name, PartitionId id) {
    this.name = name;
    this.id = id;
  }

  boolean isFilling() {
    return !filling.isEmpty();
  }

  long fillingBytes() {
    return fillingBytes;
  }

  long fillingSinceNanos() {
    return fillingSinceNanos;
  }

  void add(Item item, long nowNanos) {
    if (filling.isEmpty()) {
      fillingSinceNanos = nowNanos;
    }
    filling.add(item);
    fillingBytes += item.sizeBytes();
  }

  /// Closes the batch that is being filled: from now on its bytes and its sequence are fixed.
  void seal(BatchBuilder builder, long producerId) {
    builder.begin(0).producer(producerId, (short) 0, nextSequence);
    for (Item item : filling) {
      builder.append(item.timestamp(), item.key(), item.value(), item.headers());
    }
    ByteBuffer built = builder.build();
    ByteBuffer bytes = ByteBuffer.allocate(built.remaining());
    bytes.put(0, built, built.position(), built.remaining());
    Batch batch = new Batch(bytes, filling, fillingBytes, fillingSinceNanos);
    unacked.add(batch);
    // Sequences wrap from the largest int to 0.
    nextSequence = (batch.info.lastSequence() + 1) & Integer.MAX_VALUE;
    filling = new ArrayList<>();
    fillingBytes = 0;
  }

  @Nullable Batch nextToSend() {
    for (Batch batch : unacked) {
      if (!batch.isOnTheWay) {
        return batch;
      }
    }
    return null;
  }

  /// When the oldest record here was taken in, in nanoseconds; null when there is none.
  @Nullable Long oldestNanos() {
    Batch oldest = unacked.peek();
    if (oldest != null) {
      return oldest.begunNanos;
    }
    return isFilling() ? fillingSinceNanos : null;
  }
}
