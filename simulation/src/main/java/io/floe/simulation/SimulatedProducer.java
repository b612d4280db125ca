package io.floe.simulation;

import io.floe.model.batch.BatchHeader;
import io.floe.model.batch.BatchInfo;
import io.floe.simulation.SimulatedNode.Answer;
import io.floe.simulation.SimulatedNode.Request;
import java.util.ArrayList;
import java.util.List;

/// A producer that behaves as Kafka's do: several batches in flight over one ordered connection
/// when it is idempotent, one otherwise; after any failure it connects anew and sends all that was
/// not acknowledged again, in order. A restart begins a new producer epoch.
final class SimulatedProducer {
  private static final long PAUSE_NANOS_MAX = 3 * World.MILLISECOND;
  private static final long NETWORK_NANOS_MAX = 2 * World.MILLISECOND;
  private static final long TIMEOUT_NANOS = 80 * World.MILLISECOND;
  private static final int INFLIGHT_MAX = 5;
  private static final long CONTENTS_OF_ONE = 1_000_000;

  private final World<Fault> world;
  private final SimulatedNode node;
  private final History history;
  private final long id;
  private final boolean isIdempotent;
  private final List<Unacked> unacked = new ArrayList<>();
  private long nextContent;
  private short epoch;
  private int nextSequence;
  private Connection connection;
  private boolean mustResend;

  private static final class Unacked {
    final long content;
    final BatchInfo batch;

    Unacked(long content, BatchInfo batch) {
      this.content = content;
      this.batch = batch;
    }
  }

  /// An ordered connection to one life of the node. When it breaks, what is under way is lost, or
  /// arrives late.
  private static final class Connection {
    final long nodeLife;
    boolean isBroken;
    boolean arrivesLate;
    boolean isGone;
    long lastArrivalNanos;

    Connection(long nodeLife) {
      this.nodeLife = nodeLife;
    }
  }

  SimulatedProducer(
      World<Fault> world, SimulatedNode node, History history, long id, boolean isIdempotent) {
    this.world = world;
    this.node = node;
    this.history = history;
    this.id = id;
    this.isIdempotent = isIdempotent;
    nextContent = id * CONTENTS_OF_ONE;
    connection = new Connection(node.life());
    world.soon(PAUSE_NANOS_MAX, this::tick);
  }

  boolean isIdle() {
    return unacked.isEmpty();
  }

  @Override
  public String toString() {
    return "producer " + id + " epoch " + epoch + " with " + unacked.size() + " batches not acked";
  }

  private void tick() {
    if (world.strikes(150)) {
      restart();
    }
    if (world.strikes(100)) {
      world.count(Fault.CONNECTION_BROKEN);
      mustResend = true;
    }
    if (mustResend) {
      resend();
    } else if (!world.isCalm() && mayBegin()) {
      Unacked next = new Unacked(nextContent++, nextBatch());
      history.created(next.content, isIdempotent);
      unacked.add(next);
      send(next, false);
    }
    world.soon(PAUSE_NANOS_MAX, this::tick);
  }

  /// The oldest batch that was not acknowledged is at most five back, so that the node remembers
  /// it.
  private boolean mayBegin() {
    return unacked.isEmpty()
        || nextContent - unacked.getFirst().content < (isIdempotent ? INFLIGHT_MAX : 1);
  }

  /// A new life, that knows nothing of what the old one had under way.
  private void restart() {
    world.count(Fault.PRODUCER_RESTARTED);
    world.tell(() -> this + " restarts");
    reconnect();
    unacked.clear();
    mustResend = false;
    epoch++;
    nextSequence = 0;
  }

  private BatchInfo nextBatch() {
    int records = 1 + world.below(3);
    int sizeBytes = BatchHeader.SIZE_BYTES + 100 * records;
    if (!isIdempotent) {
      return new BatchInfo(sizeBytes, records, 0, BatchHeader.NO_PRODUCER_ID, (short) -1, -1);
    }
    BatchInfo batch =
        new BatchInfo(
            sizeBytes, records, world.nowNanos() / World.MILLISECOND, id, epoch, nextSequence);
    nextSequence += records;
    return batch;
  }

  private void reconnect() {
    connection.isBroken = true;
    connection.arrivesLate = world.strikes(2);
    connection = new Connection(node.life());
  }

  private void resend() {
    mustResend = false;
    reconnect();
    for (Unacked batch : unacked) {
      send(batch, true);
    }
  }

  private void send(Unacked batch, boolean isRetry) {
    Connection used = connection;
    long delay = 1L + world.below((int) NETWORK_NANOS_MAX);
    // One connection keeps its order.
    used.lastArrivalNanos = Math.max(used.lastArrivalNanos + 1, world.nowNanos() + delay);
    world.after(used.lastArrivalNanos - world.nowNanos(), () -> arrive(used, batch, isRetry));
    world.after(
        TIMEOUT_NANOS,
        () -> {
          if (used == connection && unacked.contains(batch)) {
            mustResend = true;
          }
        });
  }

  private void arrive(Connection used, Unacked batch, boolean isRetry) {
    if (used.isGone || used.nodeLife != node.life()) {
      failed(used); // The process at the other end is gone.
      return;
    }
    if (used.isBroken) {
      if (!used.arrivesLate) {
        return;
      }
      world.count(Fault.REQUEST_LATE);
    }
    boolean isTaken =
        node.receive(
            new Request(
                batch.content, batch.batch, isRetry, answer -> answered(used, batch, answer)));
    if (!isTaken) {
      failed(used);
    }
  }

  /// Nobody is at the other end: nothing more arrives over this connection.
  private void failed(Connection used) {
    used.isGone = true;
    if (used == connection) {
      mustResend = true;
    }
  }

  private void answered(Connection used, Unacked batch, Answer answer) {
    if (world.strikes(60)) {
      world.count(Fault.REPLY_LOST);
      return;
    }
    world.soon(NETWORK_NANOS_MAX, () -> hear(used, batch, answer));
  }

  private void hear(Connection used, Unacked batch, Answer answer) {
    if (used != connection) {
      return;
    }
    switch (answer) {
      case Answer.Acked acked -> unacked.remove(batch);
      case Answer.Refused refused -> mustResend = true;
      case Answer.Unknown unknown -> mustResend = true;
    }
  }
}
