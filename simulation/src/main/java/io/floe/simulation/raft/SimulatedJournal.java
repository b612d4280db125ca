package io.floe.simulation.raft;

import io.floe.consensus.BrokenInvariant;
import io.floe.consensus.raft.core.DurableEvent;
import io.floe.consensus.raft.core.DurableState;
import io.floe.consensus.raft.core.RaftCodec;
import io.floe.simulation.World;
import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.zip.CRC32C;
import org.jspecify.annotations.Nullable;

/// A member's journal: one record for each batch, with its length and checksum. A batch is volatile
/// until its sync ended. A crash may leave all of it, nothing, or a torn record, which the recovery
/// drops. A failed write may be there or not; nobody knows before the journal was read again.
final class SimulatedJournal {
  private static final int HEAD_BYTES = 8;
  private static final int RECORDS_MAX = 60;
  private static final long SYNC_NANOS_MAX = 3 * World.MILLISECOND;

  private final World<RaftFault> world;
  private final @Nullable RaftBug bug;

  /// What the disk holds, as bytes: a checkpoint and the records after it.
  private byte[] checkpoint = RaftCodec.encodeState(new DurableState());

  private final List<byte[]> records = new ArrayList<>();

  /// The same, decoded: what the checkers look at.
  private DurableState synced = new DurableState();

  private final ArrayDeque<List<DurableEvent>> writing = new ArrayDeque<>();
  private long life;
  private long slowUntilNanos;

  /// Hears what became of a write.
  interface Outcome {
    void durable();

    void failed();
  }

  SimulatedJournal(World<RaftFault> world, @Nullable RaftBug bug) {
    this.world = world;
    this.bug = bug;
  }

  DurableState synced() {
    return synced;
  }

  /// Becomes a new disk.
  void wipe() {
    life++;
    writing.clear();
    records.clear();
    checkpoint = RaftCodec.encodeState(new DurableState());
    synced = new DurableState();
  }

  void format(List<DurableEvent> events) {
    keep(events);
  }

  void slowDown(long nanos) {
    slowUntilNanos = world.nowNanos() + nanos;
  }

  void write(List<DurableEvent> batch, Outcome outcome) {
    List<DurableEvent> events = bug == RaftBug.VOTE_NOT_PERSISTED ? withoutVotes(batch) : batch;
    writing.add(events);
    long writtenIn = life;
    boolean isSlow = world.nowNanos() < slowUntilNanos && !world.isCalm();
    world.soon(
        isSlow ? 100 * SYNC_NANOS_MAX : SYNC_NANOS_MAX,
        () -> {
          if (writtenIn == life) {
            ended(outcome);
          }
        });
    if (bug == RaftBug.ACK_BEFORE_SYNC) {
      world.after(1, () -> ifAlive(writtenIn, outcome));
    }
  }

  private void ifAlive(long writtenIn, Outcome outcome) {
    if (writtenIn == life) {
      outcome.durable();
    }
  }

  private static List<DurableEvent> withoutVotes(List<DurableEvent> batch) {
    return batch.stream()
        .map(
            event ->
                event instanceof DurableEvent.HardState hard
                    ? new DurableEvent.HardState(hard.term(), null)
                    : event)
        .toList();
  }

  private void ended(Outcome outcome) {
    List<DurableEvent> batch = writing.remove();
    if (!world.strikes(250)) {
      keep(batch);
      if (bug != RaftBug.ACK_BEFORE_SYNC) {
        outcome.durable();
      }
      return;
    }
    life++;
    if (world.below(2) == 0) {
      world.count(RaftFault.PERSIST_FAILED_BUT_DURABLE);
      keep(batch);
    } else {
      world.count(RaftFault.PERSIST_FAILED_AND_LOST);
    }
    if (bug == RaftBug.FAILED_PERSIST_IGNORED) {
      outcome.durable();
    } else {
      writing.clear();
      outcome.failed();
    }
  }

  private void keep(List<DurableEvent> batch) {
    records.add(record(batch));
    batch.forEach(synced::apply);
    if (records.size() == RECORDS_MAX) {
      checkpoint = RaftCodec.encodeState(synced);
      records.clear();
    }
  }

  /// The process ends.
  void crash() {
    life++;
    while (!writing.isEmpty()) {
      List<DurableEvent> batch = writing.remove();
      switch (world.below(3)) {
        case 0 -> {
          world.count(RaftFault.UNSYNCED_KEPT);
          keep(batch);
        }
        case 1 -> {
          world.count(RaftFault.TORN_WRITE);
          byte[] whole = record(batch);
          records.add(java.util.Arrays.copyOf(whole, 1 + world.below(whole.length - 1)));
          writing.clear();
        }
        default -> {
          world.count(RaftFault.UNSYNCED_LOST);
          writing.clear();
        }
      }
    }
  }

  private static byte[] record(List<DurableEvent> batch) {
    byte[] body = RaftCodec.encodeBatch(batch);
    return ByteBuffer.allocate(HEAD_BYTES + body.length)
        .putInt(body.length)
        .putInt(checksum(body))
        .put(body)
        .array();
  }

  private static int checksum(byte[] body) {
    CRC32C crc = new CRC32C();
    crc.update(body);
    return (int) crc.getValue();
  }

  /// Reads the bytes again and cuts a torn end off.
  DurableState recover() {
    DurableState state = RaftCodec.decodeState(checkpoint);
    for (int i = 0; i < records.size(); i++) {
      byte[] body = wholeBody(records.get(i));
      if (body == null) {
        if (i != records.size() - 1) {
          throw new BrokenInvariant("journal", "a torn record that is not the last one");
        }
        records.removeLast();
      } else {
        RaftCodec.decodeBatch(body).forEach(state::apply);
      }
    }
    if (!state.toString().equals(synced.toString())) {
      throw new BrokenInvariant("journal", "recovered " + state + ", synced was " + synced);
    }
    return state;
  }

  private static byte @Nullable [] wholeBody(byte[] record) {
    if (record.length < HEAD_BYTES) {
      return null;
    }
    ByteBuffer buffer = ByteBuffer.wrap(record);
    int length = buffer.getInt();
    int checksum = buffer.getInt();
    if (buffer.remaining() != length) {
      return null;
    }
    byte[] body = new byte[length];
    buffer.get(body);
    return checksum(body) == checksum ? body : null;
  }
}
