package io.floe.simulation;

import io.floe.consensus.metadata.core.Decision;
import io.floe.consensus.metadata.core.MetadataCommand;
import io.floe.consensus.metadata.core.MetadataCommand.SealAndOpenItem;
import io.floe.consensus.metadata.core.NodeRecord;
import io.floe.consensus.metadata.core.PartitionRecord;
import io.floe.consensus.metadata.core.SegmentRecord;
import io.floe.consensus.metadata.core.SegmentState;
import io.floe.consensus.replication.core.AppendRefusal;
import io.floe.consensus.replication.core.ProducerTable;
import io.floe.consensus.replication.core.WriterCore;
import io.floe.consensus.replication.core.WriterEffects;
import io.floe.consensus.replication.core.WriterEvent;
import io.floe.consensus.replication.core.WriterSettings;
import io.floe.consensus.replication.core.WriterState;
import io.floe.model.NodeId;
import io.floe.model.PartitionId;
import io.floe.model.ProcessIncarnation;
import io.floe.model.SegmentId;
import io.floe.model.StoreIncarnation;
import io.floe.model.batch.BatchHeader;
import io.floe.model.batch.BatchInfo;
import io.floe.simulation.SimulatedDisk.SegmentFile;
import io.floe.simulation.SimulatedDisk.StoredBatch;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.TreeMap;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/// A node that writes one partition: the simulator's shell of [WriterCore]. It carries effects out,
/// feeds back what the disk and the metadata say, and after each crash seals what it finds and
/// opens the next segment.
final class SimulatedNode implements SimulatedDisk.Listener {
  static final NodeId ID = new NodeId(0);
  private static final StoreIncarnation STORE = new StoreIncarnation(7);

  /// Small, so that every bound is reached.
  private static final WriterSettings SETTINGS = new WriterSettings(8, 2_000, 4, 1_000);

  private final World<Fault> world;
  private final PartitionId partition;
  private final SimulatedMetadata metadata;
  private final SimulatedDisk disk;
  private final History history;
  private final @Nullable PlantedBug bug;
  private final Effects effects = new Effects();
  private final TreeMap<Long, Request> requests = new TreeMap<>();
  private final List<Long> handedOver = new ArrayList<>();
  private long nextToken = 1;

  /// Counts starts and crashes: what was begun in another life is none of this one's.
  private long life;

  private long process;
  private boolean isUp;
  private @Nullable WriterCore writer;
  private WriterEffects.@Nullable HaltReason halted;
  private @Nullable SegmentId lastOpened;
  private long highWatermark;

  /// What a producer asks for.
  ///
  /// @param isRetry whether it sent the batch before
  record Request(long content, BatchInfo batch, boolean isRetry, Consumer<Answer> onAnswer) {}

  /// What it hears.
  sealed interface Answer {
    record Acked(long baseOffset) implements Answer {}

    record Refused(AppendRefusal reason) implements Answer {}

    record Unknown() implements Answer {}
  }

  SimulatedNode(
      World<Fault> world,
      PartitionId partition,
      SimulatedMetadata metadata,
      SimulatedDisk disk,
      History history,
      @Nullable PlantedBug bug) {
    this.world = world;
    this.partition = partition;
    this.metadata = metadata;
    this.disk = disk;
    this.history = history;
    this.bug = bug;
    disk.listen(this);
  }

  static NodeRecord record(long process) {
    return new NodeRecord(ID, STORE, new ProcessIncarnation(process), "node", 9092, null);
  }

  private NodeRecord self() {
    return record(process);
  }

  private SegmentRecord last() {
    PartitionRecord record = Objects.requireNonNull(metadata.state().partition(partition));
    return record.last();
  }

  private WriterCore writer() {
    return Objects.requireNonNull(writer);
  }

  long life() {
    return life;
  }

  /// Whether producers can connect.
  boolean isListening() {
    return writer != null;
  }

  boolean isOpen() {
    return writer != null && writer.state() == WriterState.OPEN;
  }

  long highWatermark() {
    return highWatermark;
  }

  /// Where readers are let.
  long readableEnd() {
    return bug == PlantedBug.READS_EXPOSED_TO_THE_END && writer != null
        ? writer.endOffset()
        : highWatermark;
  }

  void start() {
    life++;
    process++;
    isUp = true;
    world.tell(() -> "node: process " + process + " starts");
    register();
  }

  void crash() {
    if (!isUp) {
      return;
    }
    world.count(isListening() ? Fault.CRASH : Fault.CRASH_DURING_START);
    world.tell(() -> "node: crash of " + writer);
    life++;
    isUp = false;
    writer = null;
    halted = null;
    requests.clear();
    handedOver.clear();
    disk.crash();
    world.soon(10 * World.MILLISECOND, this::start);
  }

  /// Runs later, unless the node has crashed meanwhile.
  private Runnable inThisLife(Runnable action) {
    long begun = life;
    return () -> {
      if (begun == life) {
        action.run();
      }
    };
  }

  private void submit(MetadataCommand command, Consumer<@Nullable Decision> onOutcome) {
    long begun = life;
    metadata.submit(
        command,
        decision -> {
          if (begun == life) {
            onOutcome.accept(decision);
          }
        });
  }

  private void register() {
    submit(
        new MetadataCommand.RegisterNode(self()),
        decision -> {
          if (decision instanceof Decision.Accepted) {
            takeOver();
          } else {
            register();
          }
        });
  }

  /// Seals the last segment if it is another process's, or was ended; opens it if it is ours.
  private void takeOver() {
    SegmentRecord last = last();
    boolean isOurs =
        last.state() instanceof SegmentState.Open
            && last.writer().equals(self().writer())
            && !last.id().equals(lastOpened);
    if (isOurs) {
      open(last);
      return;
    }
    long endOffset = disk.recover(last.id(), last.baseOffset());
    if (bug == PlantedBug.SEGMENT_RESUMED_AFTER_RESTART && disk.file(last.id()) != null) {
      writer =
          new WriterCore(
              withBase(last, endOffset), disk.tableAt(last.id(), endOffset), SETTINGS, this::trace);
      return;
    }
    submit(
        new MetadataCommand.BeginSeal(partition, last.id(), ID), _ -> seal(last.id(), endOffset));
  }

  private void seal(SegmentId segment, long endOffset) {
    SegmentRecord last = last();
    if (last.id().equals(segment) && last.state() instanceof SegmentState.Sealing sealing) {
      submit(
          new MetadataCommand.SealAndOpen(List.of(item(last, sealing.attempt(), endOffset, false))),
          _ -> takeOver());
    } else {
      takeOver();
    }
  }

  private SealAndOpenItem item(
      SegmentRecord segment, long attempt, long endOffset, boolean keepEpoch) {
    return new SealAndOpenItem(
        partition,
        segment.id(),
        attempt,
        endOffset,
        0,
        false,
        segment.replicas(),
        keepEpoch,
        self().writer(),
        List.of(self().replica()),
        1);
  }

  private static SegmentRecord withBase(SegmentRecord segment, long baseOffset) {
    return changed(segment, segment.id(), segment.epoch(), baseOffset);
  }

  private static SegmentRecord changed(
      SegmentRecord segment, SegmentId id, int epoch, long baseOffset) {
    return new SegmentRecord(
        id,
        epoch,
        baseOffset,
        segment.writer(),
        segment.replicas(),
        segment.ackQuorum(),
        new SegmentState.Open());
  }

  private void open(SegmentRecord segment) {
    ProducerTable table = tableAtBase(segment);
    if (bug == PlantedBug.PRODUCER_TABLE_MISSING && segment.baseOffset() > 0) {
      table = new ProducerTable();
      table.replay(
          new BatchInfo(
              BatchHeader.SIZE_BYTES,
              (int) segment.baseOffset(),
              0,
              BatchHeader.NO_PRODUCER_ID,
              (short) -1,
              -1),
          0);
    }
    SegmentRecord opened =
        bug == PlantedBug.EPOCH_KEPT_BY_A_NEW_PROCESS && segment.epoch() > 1
            ? changed(segment, segment.id(), segment.epoch() - 1, segment.baseOffset())
            : segment;
    byte[] stored = table.encode();
    WriterCore ended = writer;
    begin(
        ended == null
            ? new WriterCore(opened, table, SETTINGS, this::trace)
            : ended.reopened(opened, table),
        stored);
  }

  /// From the footer of the segment before it, or replayed when a crash came before the footer.
  private ProducerTable tableAtBase(SegmentRecord segment) {
    PartitionRecord record = Objects.requireNonNull(metadata.state().partition(partition));
    if (record.chain().size() == 1) {
      return new ProducerTable();
    }
    SegmentRecord before = record.chain().get(record.chain().size() - 2);
    disk.seal(before.id(), segment.baseOffset());
    return disk.tableAt(before.id(), segment.baseOffset());
  }

  private void begin(WriterCore newWriter, byte[] table) {
    SegmentRecord segment = newWriter.segment();
    world.tell(() -> "node: opens " + segment);
    history.tableLoaded(table, segment.baseOffset(), metadata.state(), disk);
    disk.open(segment.id(), segment.baseOffset(), table);
    writer = newWriter;
    halted = null;
    lastOpened = segment.id();
    boolean goesBack = bug == PlantedBug.HIGH_WATERMARK_GOES_BACK && segment.baseOffset() > 0;
    publish(goesBack ? segment.baseOffset() - 1 : segment.baseOffset());
  }

  private void publish(long newHighWatermark) {
    highWatermark = newHighWatermark;
    SegmentFile file = Objects.requireNonNull(disk.file(writer().segment().id()));
    history.published(newHighWatermark, file.durableEnd());
  }

  /// Takes a request, unless nobody can connect.
  boolean receive(Request request) {
    if (!isListening()) {
      return false;
    }
    long token = nextToken++;
    requests.put(token, request);
    BatchInfo batch = request.batch();
    if (bug == PlantedBug.DEDUPE_WINDOW_LOST && request.isRetry()) {
      batch =
          new BatchInfo(
              batch.sizeBytes(),
              batch.recordCount(),
              0,
              BatchHeader.NO_PRODUCER_ID,
              (short) -1,
              -1);
    }
    if (bug == PlantedBug.DUPLICATE_ACKED_BEFORE_COMMIT && ackEarly(request)) {
      return true;
    }
    WriterState state = writer().state();
    if (state == WriterState.DRAINING || state == WriterState.PROPOSED) {
      world.count(Fault.APPEND_DURING_ROLL);
    }
    if (world.strikes(60)) {
      world.count(Fault.DISK_FULL);
      step(new WriterEvent.AppendWithoutSpace(token, batch));
    } else {
      step(new WriterEvent.Append(token, batch));
    }
    return true;
  }

  private boolean ackEarly(Request request) {
    SegmentFile file = Objects.requireNonNull(disk.file(writer().segment().id()));
    for (StoredBatch stored : file.batches) {
      if (stored.content() == request.content() && stored.endOffset() > highWatermark) {
        ack(request, stored.baseOffset());
        return true;
      }
    }
    return false;
  }

  /// Whether a roll was begun.
  void roll() {
    if (isOpen()) {
      world.count(Fault.ROLL);
      step(new WriterEvent.RollRequested("drawn"));
    }
  }

  /// Someone else begins to seal the open segment; the writer hears of it later.
  void fenceByAnother() {
    if (isOpen()) {
      world.count(Fault.FENCED_BY_ANOTHER);
      SegmentId segment = last().id();
      metadata.run(new MetadataCommand.BeginSeal(partition, segment, ID));
      world.soon(
          5 * World.MILLISECOND,
          inThisLife(
              () -> {
                if (writer != null && writer.segment().id().equals(segment)) {
                  step(new WriterEvent.Fenced());
                }
              }));
    }
  }

  @Override
  public void onDurable(SegmentId segment, long endOffset) {
    if (writer != null) {
      step(new WriterEvent.DurableEnd(segment, 0, endOffset));
    }
  }

  @Override
  public void onFailed() {
    if (bug == PlantedBug.OFFSET_REASSIGNED_AFTER_FAILURE && isOpen()) {
      SegmentRecord segment = writer().segment();
      disk.goOnAfterFailure();
      long end = Objects.requireNonNull(disk.file(segment.id())).durableEnd();
      writer =
          new WriterCore(
              withBase(segment, end), disk.tableAt(segment.id(), end), SETTINGS, this::trace);
      return;
    }
    if (writer != null) {
      step(new WriterEvent.StoreFailed());
    }
    world.soon(5 * World.MILLISECOND, inThisLife(this::crash));
  }

  private void step(WriterEvent event) {
    world.tell(() -> "writer: " + event);
    writer().step(event, effects);
    if (halted == WriterEffects.HaltReason.FENCED) {
      halted = null;
      settle();
    }
    if (writer != null && writer.state() == WriterState.SEALED && !handedOver.isEmpty()) {
      giveHandedOver();
    }
  }

  /// Waits until nothing is on its way to the disk, then seals what is there.
  private void settle() {
    if (disk.hasFailed()) {
      return; // A restart follows.
    }
    if (disk.isQuiet()) {
      takeOver();
    } else {
      world.soon(World.MILLISECOND, inThisLife(this::settle));
    }
  }

  private void propose(long endOffset) {
    WriterCore proposer = writer();
    SegmentRecord segment = proposer.segment();
    history.proposed(segment.id());
    submit(
        new MetadataCommand.SealAndOpen(List.of(item(segment, 0, endOffset, true))),
        decision -> {
          if (writer != proposer || proposer.state() != WriterState.PROPOSED) {
            return;
          }
          if (decision == null) {
            rollUnknown(segment, endOffset);
          } else {
            readRollOutcome(endOffset);
          }
        });
    if (bug == PlantedBug.WRITES_BEFORE_THE_ROLL_COMMITS) {
      long nextId = metadata.state().nextSegmentId();
      SegmentRecord guess = changed(segment, new SegmentId(nextId), segment.epoch(), endOffset);
      world.after(1, inThisLife(() -> nextOpened(guess)));
    }
  }

  private void rollUnknown(SegmentRecord segment, long endOffset) {
    world.count(Fault.ROLL_OUTCOME_UNKNOWN);
    if (bug == PlantedBug.APPEND_AFTER_PROPOSED_ROLL) {
      writer =
          new WriterCore(
              withBase(segment, endOffset),
              ProducerTable.decode(writer().encodeProducers()),
              SETTINGS,
              this::trace);
      return;
    }
    step(new WriterEvent.RollUnknown());
  }

  private void readRollOutcome(long endOffset) {
    if (writer == null || writer.state() != WriterState.PROPOSED) {
      return;
    }
    SegmentRecord segment = writer().segment();
    SegmentRecord last = last();
    if (last.id().equals(segment.id()) && last.state() instanceof SegmentState.Open) {
      step(new WriterEvent.RollPending());
    } else if (!last.id().equals(segment.id())
        && last.baseOffset() == endOffset
        && last.writer().equals(self().writer())
        && last.epoch() == segment.epoch()) {
      nextOpened(last);
    } else {
      world.count(Fault.ROLL_REFUSED);
      step(new WriterEvent.RollRefused());
    }
  }

  private void nextOpened(SegmentRecord next) {
    WriterCore ended = writer();
    if (ended.state() != WriterState.PROPOSED) {
      return;
    }
    ended.step(new WriterEvent.NextOpened(next.id()), effects);
    if (ended.segment().baseOffset() < ended.endOffset()) {
      disk.seal(ended.segment().id(), ended.endOffset());
    }
    begin(ended.successor(next), ended.encodeProducers());
    giveHandedOver();
  }

  private void giveHandedOver() {
    List<Long> tokens = List.copyOf(handedOver);
    handedOver.clear();
    for (long token : tokens) {
      step(new WriterEvent.Append(token, request(token).batch()));
    }
  }

  private Request request(long token) {
    return Objects.requireNonNull(requests.get(token));
  }

  private void ack(Request request, long baseOffset) {
    long endOffset = baseOffset + request.batch().recordCount();
    history.acked(request.content(), baseOffset, endOffset, synced(baseOffset));
    request.onAnswer().accept(new Answer.Acked(baseOffset));
  }

  /// What the disk holds at an offset, if it is synced.
  private @Nullable StoredBatch synced(long baseOffset) {
    for (SegmentRecord segment :
        Objects.requireNonNull(metadata.state().partition(partition)).chain()) {
      SegmentFile file = disk.file(segment.id());
      if (file != null) {
        for (StoredBatch batch : file.batches.subList(0, file.syncedCount)) {
          if (batch.baseOffset() == baseOffset) {
            return batch;
          }
        }
      }
    }
    return null;
  }

  private void trace(
      SegmentId segment, Object action, WriterState from, WriterState to, String reason) {
    world.tell(
        () -> "writer of " + segment + ": " + from + " → " + to + " by " + action + ", " + reason);
  }

  /// Carries out what the writer wants.
  private final class Effects implements WriterEffects {
    @Override
    public void write(long token, long baseOffset, int epoch) {
      Request request = request(token);
      SegmentRecord segment = writer().segment();
      BatchInfo info =
          bug == PlantedBug.DEDUPE_WINDOW_LOST && request.isRetry()
              ? new BatchInfo(
                  request.batch().sizeBytes(),
                  request.batch().recordCount(),
                  0,
                  BatchHeader.NO_PRODUCER_ID,
                  (short) -1,
                  -1)
              : request.batch();
      StoredBatch batch = new StoredBatch(request.content(), info, baseOffset, epoch);
      history.assigned(segment.id(), metadata.state(), self().writer(), batch);
      SegmentFile file = Objects.requireNonNull(disk.file(segment.id()));
      disk.append(segment.id(), file, batch);
    }

    @Override
    public void advanceHighWatermark(long newHighWatermark) {
      publish(newHighWatermark);
    }

    @Override
    public void acked(long token, long baseOffset, boolean isDuplicate) {
      if (isDuplicate) {
        world.count(Fault.DUPLICATE_ANSWERED);
      }
      boolean isWrong = bug == PlantedBug.WRONG_OFFSET_FOR_DUPLICATE && isDuplicate;
      ack(Objects.requireNonNull(requests.remove(token)), isWrong ? highWatermark - 1 : baseOffset);
    }

    @Override
    public void refused(long token, AppendRefusal reason) {
      switch (reason) {
        case OVERLOADED -> world.count(Fault.APPEND_OVERLOADED);
        case OUT_OF_ORDER_SEQUENCE -> world.count(Fault.APPEND_OUT_OF_ORDER);
        case PRODUCER_FENCED -> world.count(Fault.PRODUCER_FENCED);
        case NOT_WRITER, UNKNOWN_PARTITION, NO_SPACE, STORE_FAILED -> {}
      }
      answer(token, new Answer.Refused(reason));
    }

    @Override
    public void unknown(long token) {
      world.count(Fault.APPEND_UNKNOWN);
      answer(token, new Answer.Unknown());
    }

    private void answer(long token, Answer answer) {
      world.tell(() -> "writer: " + token + " " + answer);
      Objects.requireNonNull(requests.remove(token)).onAnswer().accept(answer);
    }

    @Override
    public void proposeSealAndOpen(long endOffset) {
      propose(endOffset);
    }

    @Override
    public void readRollOutcome() {
      WriterCore proposer = writer();
      world.soon(
          5 * World.MILLISECOND,
          inThisLife(() -> SimulatedNode.this.readRollOutcome(proposer.endOffset())));
    }

    @Override
    public void handOver(long token) {
      handedOver.add(token);
    }

    @Override
    public void halt(HaltReason reason) {
      halted = reason;
    }
  }
}
