package io.floe.consensus.replication.core;

import io.floe.consensus.BrokenInvariant;
import io.floe.consensus.metadata.core.SegmentRecord;
import io.floe.model.SegmentId;
import io.floe.model.batch.BatchInfo;
import java.util.ArrayDeque;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/// The writer of one segment: assigns offsets, tells new batches from repeated ones, decides when a
/// record is committed, and ends the segment by a planned roll. One for each segment of a process;
/// [#successor] begins the next one where this one ended.
///
/// What it holds to:
/// - An offset once assigned is never given to other bytes. Whatever fails after the assignment
///   ends the writer; requests in flight are answered *unknown*.
/// - The high watermark is the ack-quorum-th largest durable end, and never goes back. No answer
///   and no reader goes beyond it, duplicates included.
/// - Once the end of the segment was proposed nothing is appended to it again.
/// - What waits for a roll has no offset and may be refused or handed over.
///
/// See [WriterState] for the transitions. The host feeds events to [#step] and carries the effects
/// out in their order; the same class runs in the actor and in the simulator.
///
/// Units: offsets are record ordinals. Thread-safety: none. Errors: [BrokenInvariant] when an event
/// cannot be true; the node must stop. Source: `docs/internals/append-path.md`.
public final class WriterCore {
  private final SegmentRecord segment;
  private final ProducerTable producers;
  private final TurnedAway turnedAway;
  private final WriterSettings settings;
  private final WriterTrace trace;
  private final PendingAppends inflight;

  /// What waits for a roll: no place was assigned to it.
  private final ArrayDeque<Queued> queue = new ArrayDeque<>();

  private final long[] durableEnds;
  private final long[] sortedEnds;
  private WriterState state = WriterState.OPEN;
  private AppendRefusal refusalAtEnd = AppendRefusal.NOT_WRITER;
  private long queuedBytes;
  private long endOffset;
  private long highWatermark;
  private boolean isStepping;
  private @Nullable SegmentId next;

  private record Queued(long token, BatchInfo batch) {}

  /// Begins a segment.
  ///
  /// @param segment open, and without a record
  /// @param producers the table at the segment's base; belongs to the writer from now on
  public WriterCore(
      SegmentRecord segment, ProducerTable producers, WriterSettings settings, WriterTrace trace) {
    this(segment, producers, new TurnedAway(), settings, trace);
  }

  private WriterCore(
      SegmentRecord segment,
      ProducerTable producers,
      TurnedAway turnedAway,
      WriterSettings settings,
      WriterTrace trace) {
    if (producers.endOffset() != segment.baseOffset()) {
      throw new BrokenInvariant(
          "I18 ProducerStateExact",
          "segment "
              + segment.id()
              + " begins at "
              + segment.baseOffset()
              + " with a table at "
              + producers.endOffset());
    }
    this.segment = segment;
    this.producers = producers;
    this.turnedAway = turnedAway;
    this.settings = settings;
    this.trace = trace;
    inflight = new PendingAppends(settings.inflightBatchesMax(), settings.inflightBytesMax());
    durableEnds = new long[segment.replicas().size()];
    sortedEnds = new long[durableEnds.length];
    Arrays.fill(durableEnds, segment.baseOffset());
    endOffset = segment.baseOffset();
    highWatermark = segment.baseOffset();
  }

  /// The writer of the next segment, after this one was sealed by a planned roll of this process.
  public WriterCore successor(SegmentRecord nextSegment) {
    check(
        state == WriterState.SEALED && nextSegment.id().equals(next),
        "I2 OneWriter",
        "segment " + nextSegment.id() + " is not the successor");
    check(
        nextSegment.baseOffset() == endOffset && nextSegment.writer().equals(segment.writer()),
        "I8 ChainContiguous",
        "successor does not go on");
    return new WriterCore(nextSegment, producers, turnedAway, settings, trace);
  }

  /// The writer of a later segment of the partition in this process, after this one ended without a
  /// planned roll.
  ///
  /// @param table the producer table at the segment's base, as recovery found it
  public WriterCore reopened(SegmentRecord later, ProducerTable table) {
    check(
        state.isFinal() && later.id().compareTo(segment.id()) > 0,
        "I2 OneWriter",
        "segment " + later.id() + " does not come after the end of this one");
    return new WriterCore(later, table, turnedAway, settings, trace);
  }

  public SegmentRecord segment() {
    return segment;
  }

  public WriterState state() {
    return state;
  }

  /// First offset not assigned.
  public long endOffset() {
    return endOffset;
  }

  /// First offset not known committed.
  public long highWatermark() {
    return highWatermark;
  }

  /// Requests that were not answered yet, queued ones included.
  public int openRequests() {
    return inflight.count() + queue.size();
  }

  /// The stored form of the producer table at [#endOffset()].
  public byte[] encodeProducers() {
    return producers.encode();
  }

  /// Takes one event and says what is to be done.
  public void step(WriterEvent event, WriterEffects effects) {
    check(!isStepping, "one step at a time", "an effect called the writer");
    isStepping = true;
    switch (event) {
      case WriterEvent.Append e -> append(e.token(), e.batch(), true, effects);
      case WriterEvent.AppendWithoutSpace e -> append(e.token(), e.batch(), false, effects);
      case WriterEvent.DurableEnd e -> durableEnd(e, effects);
      case WriterEvent.StoreFailed e -> storeFailed(effects);
      case WriterEvent.RollRequested e -> rollRequested(e.reason(), effects);
      case WriterEvent.RollUnknown e -> rollUnknown(effects);
      case WriterEvent.RollPending e -> rollPending(effects);
      case WriterEvent.RollRefused e -> rollRefused(effects);
      case WriterEvent.NextOpened e -> nextOpened(e.next(), effects);
      case WriterEvent.Fenced e -> stepDown("fenced", effects);
      case WriterEvent.Stop e -> stop(e.refusal(), effects);
    }
    checkCheap();
    isStepping = false;
  }

  private void append(long token, BatchInfo batch, boolean hasSpace, WriterEffects effects) {
    switch (state) {
      case OPEN -> appendOpen(token, batch, hasSpace, effects);
      case DRAINING, PROPOSED -> enqueue(token, batch, effects);
      case SEALED -> effects.handOver(token);
      case RESIGNED, FAILED, STOPPED -> turnAway(token, batch, refusalAtEnd, effects);
    }
  }

  private void appendOpen(long token, BatchInfo batch, boolean hasSpace, WriterEffects effects) {
    long verdict = producers.check(batch);
    if (verdict >= 0) {
      duplicate(token, verdict, batch, effects);
    } else if (verdict == ProducerTable.FENCED) {
      effects.refused(token, AppendRefusal.PRODUCER_FENCED);
    } else if (verdict == ProducerTable.OUT_OF_ORDER || turnedAway.mustWait(producers, batch)) {
      effects.refused(token, AppendRefusal.OUT_OF_ORDER_SEQUENCE);
    } else if (!hasSpace) {
      turnAway(token, batch, AppendRefusal.NO_SPACE, effects);
    } else if (!inflight.hasRoom(batch.sizeBytes())) {
      turnAway(token, batch, AppendRefusal.OVERLOADED, effects);
    } else {
      assign(token, batch, effects);
    }
  }

  private void assign(long token, BatchInfo batch, WriterEffects effects) {
    long baseOffset = endOffset;
    producers.replay(batch, baseOffset);
    turnedAway.accepted(batch);
    endOffset = producers.endOffset();
    inflight.add(token, baseOffset, endOffset, batch.sizeBytes());
    effects.write(token, baseOffset, segment.epoch());
  }

  private void duplicate(long token, long original, BatchInfo batch, WriterEffects effects) {
    long originalEnd = original + batch.recordCount();
    if (originalEnd <= highWatermark) {
      effects.acked(token, original, true);
    } else if (inflight.hasRoom(0)) {
      inflight.add(token, original, originalEnd, 0);
    } else {
      effects.refused(token, AppendRefusal.OVERLOADED);
    }
  }

  private void enqueue(long token, BatchInfo batch, WriterEffects effects) {
    boolean hasRoom =
        queue.size() < settings.queuedBatchesMax()
            && (queue.isEmpty() || queuedBytes + batch.sizeBytes() <= settings.queuedBytesMax());
    if (!hasRoom || turnedAway.mustWait(producers, batch)) {
      turnAway(token, batch, AppendRefusal.OVERLOADED, effects);
      return;
    }
    queue.add(new Queued(token, batch));
    queuedBytes += batch.sizeBytes();
  }

  private void turnAway(long token, BatchInfo batch, AppendRefusal reason, WriterEffects effects) {
    turnedAway.add(producers, batch);
    effects.refused(token, reason);
  }

  private void durableEnd(WriterEvent.DurableEnd event, WriterEffects effects) {
    if (state.isFinal() || !event.segment().equals(segment.id())) {
      return; // Of an earlier segment, or too late to be answered for.
    }
    check(
        event.endOffset() <= endOffset, "I1 UniqueContent", "a replica has what was not assigned");
    int replica = event.replica();
    if (event.endOffset() <= durableEnds[replica]) {
      return; // Acks are cumulative and may overtake each other.
    }
    durableEnds[replica] = event.endOffset();
    long committed = ackQuorumthLargestEnd();
    if (committed <= highWatermark) {
      return;
    }
    highWatermark = committed;
    effects.advanceHighWatermark(committed);
    ackBelowHighWatermark(effects);
    if (state == WriterState.DRAINING) {
      proposeWhenDrained(effects);
    }
  }

  private long ackQuorumthLargestEnd() {
    if (durableEnds.length == 1) {
      return durableEnds[0];
    }
    System.arraycopy(durableEnds, 0, sortedEnds, 0, durableEnds.length);
    Arrays.sort(sortedEnds);
    return sortedEnds[durableEnds.length - segment.ackQuorum()];
  }

  private void ackBelowHighWatermark(WriterEffects effects) {
    while (!inflight.isEmpty() && inflight.firstEndOffset() <= highWatermark) {
      long token = inflight.firstToken();
      long baseOffset = inflight.firstBaseOffset();
      boolean isDuplicate = inflight.isFirstDuplicate();
      inflight.removeFirst();
      effects.acked(token, baseOffset, isDuplicate);
    }
  }

  private void rollRequested(String reason, WriterEffects effects) {
    if (state == WriterState.OPEN) {
      become(WriterState.DRAINING, WriterTrace.Action.BEGIN_ROLL, reason);
      proposeWhenDrained(effects);
    }
  }

  private void proposeWhenDrained(WriterEffects effects) {
    if (highWatermark == endOffset) {
      become(WriterState.PROPOSED, WriterTrace.Action.PROPOSE_SEAL_AND_OPEN, "drained");
      effects.proposeSealAndOpen(endOffset);
    }
  }

  private void rollUnknown(WriterEffects effects) {
    if (state == WriterState.PROPOSED) {
      effects.readRollOutcome();
    }
  }

  private void rollPending(WriterEffects effects) {
    if (state == WriterState.PROPOSED) {
      // The same end again: whichever of the two is applied, the other one fails its precondition.
      effects.proposeSealAndOpen(endOffset);
    }
  }

  private void rollRefused(WriterEffects effects) {
    if (state == WriterState.PROPOSED) {
      stepDown("roll refused", effects);
    }
  }

  private void nextOpened(SegmentId successor, WriterEffects effects) {
    if (state != WriterState.PROPOSED) {
      stepDown("sealed by someone else", effects);
      return;
    }
    next = successor;
    become(WriterState.SEALED, WriterTrace.Action.LEARN_SEALED, "next is " + successor);
    while (!queue.isEmpty()) {
      effects.handOver(queue.remove().token());
    }
    queuedBytes = 0;
  }

  private void stepDown(String reason, WriterEffects effects) {
    if (!state.isFinal()) {
      become(WriterState.RESIGNED, WriterTrace.Action.STEP_DOWN, reason);
      end(AppendRefusal.NOT_WRITER, WriterEffects.HaltReason.FENCED, effects);
    }
  }

  private void storeFailed(WriterEffects effects) {
    if (!state.isFinal()) {
      become(WriterState.FAILED, WriterTrace.Action.FAIL_STORE, "store failed");
      end(AppendRefusal.STORE_FAILED, WriterEffects.HaltReason.STORE_FAILED, effects);
    }
  }

  private void stop(AppendRefusal refusal, WriterEffects effects) {
    if (!state.isFinal()) {
      become(WriterState.STOPPED, WriterTrace.Action.STOP, "told to stop");
      end(refusal, WriterEffects.HaltReason.STOPPED, effects);
    }
  }

  /// Answers everyone. What has an offset may be on a disk, so nobody can say what becomes of it.
  private void end(AppendRefusal refusal, WriterEffects.HaltReason reason, WriterEffects effects) {
    refusalAtEnd = refusal;
    while (!inflight.isEmpty()) {
      long token = inflight.firstToken();
      inflight.removeFirst();
      effects.unknown(token);
    }
    while (!queue.isEmpty()) {
      Queued queued = queue.remove();
      turnAway(queued.token(), queued.batch(), refusal, effects);
    }
    queuedBytes = 0;
    effects.halt(reason);
  }

  private void become(WriterState to, WriterTrace.Action action, String reason) {
    WriterState from = state;
    state = to;
    trace.became(segment.id(), action, from, to, reason);
  }

  private void checkCheap() {
    check(
        highWatermark <= endOffset && segment.baseOffset() <= highWatermark,
        "I3 AckedOnQuorum",
        "high watermark");
    check(
        (state != WriterState.PROPOSED && state != WriterState.SEALED)
            || highWatermark == endOffset,
        "I4 SealCoversAcked",
        "proposed before everything was committed");
    check(
        inflight.isEmpty() || state == WriterState.OPEN || state == WriterState.DRAINING,
        "I5 NoAckPastSeal",
        "requests in flight");
    check(
        queue.isEmpty() || state == WriterState.DRAINING || state == WriterState.PROPOSED,
        "I17 ProducerOrder",
        "requests queued");
    check(producers.endOffset() == endOffset, "I18 ProducerStateExact", "table at another offset");
  }

  private void check(boolean holds, String invariant, String detail) {
    if (!holds) {
      throw new BrokenInvariant(invariant, detail + ": " + this);
    }
  }

  @Override
  public String toString() {
    return "writer of segment "
        + segment.id()
        + " from "
        + segment.baseOffset()
        + ", "
        + state
        + ", end "
        + endOffset
        + ", high watermark "
        + highWatermark
        + ", "
        + openRequests()
        + " open requests";
  }
}
