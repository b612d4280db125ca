package io.floe.consensus.replication.core;

import io.floe.consensus.BrokenInvariant;
import io.floe.model.batch.BatchInfo;
import java.nio.ByteBuffer;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// What a partition remembers of its idempotent producers: of each the epoch and the last five
/// batches with their offsets, so that a batch that is sent again is told from a new one.
///
/// The table at an offset is a pure function of the batches below it (I18): whoever replays the log
/// gets the same table, byte for byte. So nothing here knows a clock. Producers are forgotten, the
/// one that was silent for the longest stretch of the log first,
/// - when there are more than [#PRODUCERS_MAX], and
/// - when its last timestamp lies more than [#EXPIRY_MILLIS] before the newest one in the table and
///   there are more than [#PRODUCERS_KEPT] of them.
///
/// The second bound is there since producers make the timestamps: a single record from the far
/// future must not make a partition forget everyone.
///
/// Stored form:
///
/// ```
///   0         1            9                   17         21
///   +---------+------------+-------------------+----------+------------------------
///   | version | end offset | newest timestamp  | count    | producers, longest
///   |    1    |            |                   |          | silent first …
///   +---------+------------+-------------------+----------+------------------------
///
///   producer:
///   0             8        10               18          19
///   +-------------+--------+----------------+-----------+--------------------------
///   | producer id | epoch  | last timestamp | n (1 – 5) | n × batch, oldest first
///   +-------------+--------+----------------+-----------+--------------------------
///
///   batch:
///   0               4               8             16
///   +---------------+---------------+-------------+
///   | base sequence | last sequence | base offset |
///   +---------------+---------------+-------------+
/// ```
///
/// All numbers are big-endian.
///
/// Thread-safety: none; belongs to one writer at a time.
public final class ProducerTable {
  /// Answer of [#check]: the batch is new and in sequence.
  static final long NEW = -1;

  /// Answer of [#check]: see [AppendRefusal#OUT_OF_ORDER_SEQUENCE].
  static final long OUT_OF_ORDER = -2;

  /// Answer of [#check]: see [AppendRefusal#PRODUCER_FENCED].
  static final long FENCED = -3;

  static final int PRODUCERS_KEPT = 1_000;
  static final int PRODUCERS_MAX = 10_000;
  static final long EXPIRY_MILLIS = 24 * 3_600_000L;

  /// Kafka's clients keep at most five batches in flight per partition.
  static final int BATCHES_KEPT = 5;

  private static final byte VERSION = 1;
  private static final int HEAD_BYTES = 21;
  private static final int PRODUCER_BYTES = 19;
  private static final int BATCH_BYTES = 16;

  private final int producersKept;
  private final int producersMax;

  /// Looked up only, never iterated: the order is that of the list from `silent` to `recent`.
  private final Map<Long, Producer> byId = new HashMap<>();

  private @Nullable Producer silent;
  private @Nullable Producer recent;
  private long endOffset;
  private long newestTimestamp;

  /// The table of an empty partition.
  public ProducerTable() {
    this(PRODUCERS_KEPT, PRODUCERS_MAX);
  }

  ProducerTable(int producersKept, int producersMax) {
    this.producersKept = producersKept;
    this.producersMax = producersMax;
  }

  /// Offset after the last batch that the table knows of: what it is the table *at*.
  public long endOffset() {
    return endOffset;
  }

  public int producerCount() {
    return byId.size();
  }

  /// Judges a batch that a producer sent: [#NEW], [#OUT_OF_ORDER], [#FENCED], or the base offset of
  /// the batch that it repeats.
  long check(BatchInfo batch) {
    if (!batch.isIdempotent()) {
      return NEW;
    }
    if (batch.baseSequence() < 0 || batch.producerEpoch() < 0) {
      return OUT_OF_ORDER;
    }
    Producer producer = byId.get(batch.producerId());
    if (producer == null) {
      // Its earlier batches may have left the log: any sequence may be the next one.
      return NEW;
    }
    if (batch.producerEpoch() < producer.epoch) {
      return FENCED;
    }
    if (batch.producerEpoch() > producer.epoch) {
      return batch.baseSequence() == 0 ? NEW : OUT_OF_ORDER;
    }
    long original = producer.originalOf(batch);
    if (original >= 0) {
      return original;
    }
    return batch.baseSequence() == producer.nextSequence() ? NEW : OUT_OF_ORDER;
  }

  boolean knows(long producerId) {
    return byId.containsKey(producerId);
  }

  /// Takes the next batch of the log: one that was assigned its place, or one that a recovery read.
  ///
  /// Errors: [BrokenInvariant] when it does not begin at [#endOffset()].
  public void replay(BatchInfo batch, long baseOffset) {
    if (baseOffset != endOffset) {
      throw new BrokenInvariant(
          "I18 ProducerStateExact", "batch at " + baseOffset + " for a table at " + endOffset);
    }
    endOffset = Math.addExact(baseOffset, batch.recordCount());
    if (!batch.isIdempotent()) {
      return;
    }
    Producer producer = byId.get(batch.producerId());
    if (producer == null) {
      producer = new Producer(batch.producerId(), batch.producerEpoch());
      byId.put(batch.producerId(), producer);
    } else {
      unlink(producer);
    }
    producer.add(batch, baseOffset);
    linkLast(producer);
    newestTimestamp = Math.max(newestTimestamp, producer.lastTimestamp);
    expire();
  }

  /// Goes on at a later offset, past batches that nobody can read any more.
  ///
  /// Errors: [BrokenInvariant] when that is before [#endOffset()].
  public void passOver(long toOffset) {
    if (toOffset < endOffset) {
      throw new BrokenInvariant(
          "I18 ProducerStateExact", "passing over to " + toOffset + " in a table at " + endOffset);
    }
    endOffset = toOffset;
  }

  /// The stored form.
  public byte[] encode() {
    int bytes = HEAD_BYTES;
    for (Producer p = silent; p != null; p = p.newer) {
      bytes += PRODUCER_BYTES + p.batches * BATCH_BYTES;
    }
    ByteBuffer out = ByteBuffer.allocate(bytes);
    out.put(VERSION).putLong(endOffset).putLong(newestTimestamp).putInt(byId.size());
    for (Producer p = silent; p != null; p = p.newer) {
      p.encode(out);
    }
    return out.array();
  }

  /// Reads what [#encode] wrote.
  ///
  /// Errors: `IllegalArgumentException` when the bytes are anything else.
  public static ProducerTable decode(byte[] bytes) {
    ByteBuffer in = ByteBuffer.wrap(bytes);
    check(bytes.length >= HEAD_BYTES, "has only " + bytes.length + " bytes");
    byte version = in.get();
    check(version == VERSION, "has format version " + version + "; this program reads " + VERSION);
    ProducerTable table = new ProducerTable();
    table.endOffset = in.getLong();
    table.newestTimestamp = in.getLong();
    int count = in.getInt();
    check(
        count >= 0 && count <= in.remaining() / (PRODUCER_BYTES + BATCH_BYTES),
        "says " + count + " producers in " + in.remaining() + " bytes");
    check(table.endOffset >= 0 && table.newestTimestamp >= 0, "has a negative position");
    for (int i = 0; i < count; i++) {
      check(in.remaining() >= PRODUCER_BYTES, "ends early");
      Producer producer = new Producer(in.getLong(), in.getShort());
      producer.lastTimestamp = in.getLong();
      int batches = in.get();
      check(batches >= 1 && batches <= BATCHES_KEPT, "says " + batches + " batches");
      check(in.remaining() >= batches * BATCH_BYTES, "ends early");
      for (int b = 0; b < batches; b++) {
        producer.add(in.getInt(), in.getInt(), in.getLong());
      }
      check(table.byId.put(producer.id, producer) == null, "has a producer twice");
      table.linkLast(producer);
    }
    check(!in.hasRemaining(), "has " + in.remaining() + " bytes too many");
    return table;
  }

  private static void check(boolean holds, String problem) {
    if (!holds) {
      throw new IllegalArgumentException("producer table " + problem);
    }
  }

  private void expire() {
    while (silent != null
        && (byId.size() > producersMax
            || (byId.size() > producersKept
                && newestTimestamp - silent.lastTimestamp > EXPIRY_MILLIS))) {
      byId.remove(silent.id);
      unlink(silent);
    }
  }

  private void linkLast(Producer producer) {
    producer.older = recent;
    producer.newer = null;
    if (recent == null) {
      silent = producer;
    } else {
      recent.newer = producer;
    }
    recent = producer;
  }

  private void unlink(Producer producer) {
    Producer older = producer.older;
    Producer newer = producer.newer;
    if (older == null) {
      silent = newer;
    } else {
      older.newer = newer;
    }
    if (newer == null) {
      recent = older;
    } else {
      newer.older = older;
    }
  }

  /// One producer, and its neighbours in the order of their last batches.
  private static final class Producer {
    private final long id;
    private short epoch;
    private long lastTimestamp;
    private final int[] baseSequences = new int[BATCHES_KEPT];
    private final int[] lastSequences = new int[BATCHES_KEPT];
    private final long[] baseOffsets = new long[BATCHES_KEPT];
    private int newest = -1;
    private int batches;
    private @Nullable Producer older;
    private @Nullable Producer newer;

    Producer(long id, short epoch) {
      this.id = id;
      this.epoch = epoch;
    }

    void add(BatchInfo batch, long baseOffset) {
      if (batch.producerEpoch() != epoch) {
        epoch = batch.producerEpoch();
        batches = 0;
      }
      lastTimestamp = Math.max(0, batch.maxTimestamp());
      add(batch.baseSequence(), batch.lastSequence(), baseOffset);
    }

    void add(int baseSequence, int lastSequence, long baseOffset) {
      newest = (newest + 1) % BATCHES_KEPT;
      baseSequences[newest] = baseSequence;
      lastSequences[newest] = lastSequence;
      baseOffsets[newest] = baseOffset;
      batches = Math.min(batches + 1, BATCHES_KEPT);
    }

    long originalOf(BatchInfo batch) {
      for (int back = 0; back < batches; back++) {
        int slot = slot(back);
        if (baseSequences[slot] == batch.baseSequence()
            && lastSequences[slot] == batch.lastSequence()) {
          return baseOffsets[slot];
        }
      }
      return NEW;
    }

    int nextSequence() {
      return (lastSequences[newest] + 1) & Integer.MAX_VALUE;
    }

    void encode(ByteBuffer out) {
      out.putLong(id).putShort(epoch).putLong(lastTimestamp).put((byte) batches);
      for (int back = batches - 1; back >= 0; back--) {
        int slot = slot(back);
        out.putInt(baseSequences[slot]).putInt(lastSequences[slot]).putLong(baseOffsets[slot]);
      }
    }

    private int slot(int back) {
      return (newest - back + BATCHES_KEPT) % BATCHES_KEPT;
    }
  }
}
