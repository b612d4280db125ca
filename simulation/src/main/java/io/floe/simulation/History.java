package io.floe.simulation;

import io.floe.consensus.BrokenInvariant;
import io.floe.consensus.metadata.core.MetadataEvent;
import io.floe.consensus.metadata.core.MetadataState;
import io.floe.consensus.metadata.core.PartitionRecord;
import io.floe.consensus.metadata.core.SegmentRecord;
import io.floe.consensus.metadata.core.SegmentState;
import io.floe.consensus.metadata.core.WriterId;
import io.floe.consensus.replication.core.ProducerTable;
import io.floe.model.PartitionId;
import io.floe.model.SegmentId;
import io.floe.simulation.SimulatedDisk.SegmentFile;
import io.floe.simulation.SimulatedDisk.StoredBatch;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/// The checkers of one partition: all that was promised to anyone, and whether it is still true.
///
/// It looks at what happened outside of the cores (bytes, answers, reads, metadata) and shares
/// nothing with their own checks.
final class History {
  private final PartitionId partition;
  private final World<Fault> world;
  private final TreeSet<SegmentId> proposed = new TreeSet<>();
  private final Map<SegmentId, TreeMap<Long, Long>> assignedBySegment = new TreeMap<>();

  /// Contents of idempotent producers: each may be in the log once.
  private final TreeSet<Long> idempotent = new TreeSet<>();

  private final TreeMap<Long, Long> ackedOffsets = new TreeMap<>();
  private final TreeMap<Long, Long> readContents = new TreeMap<>();
  private long ackedEnd;
  private long highWatermark;

  History(PartitionId partition, World<Fault> world) {
    this.partition = partition;
    this.world = world;
  }

  int ackedCount() {
    return ackedOffsets.size();
  }

  int readCount() {
    return readContents.size();
  }

  void created(long content, boolean isIdempotent) {
    if (isIdempotent) {
      idempotent.add(content);
    }
  }

  void metadataChanged(MetadataEvent event, MetadataState after) {
    if (event instanceof MetadataEvent.SegmentsSealedAndOpened sealed) {
      for (MetadataEvent.SealedAndOpened item : sealed.applied()) {
        long end = item.sealed().endOffset();
        check(
            end >= ackedEnd && end >= highWatermark,
            "I4 SealCoversAcked",
            "segment %s sealed at %s, acked to %s, exposed to %s",
            item.segment(),
            end,
            ackedEnd,
            highWatermark);
        PartitionRecord record = Objects.requireNonNull(after.partition(partition));
        if (record.chain().stream().noneMatch(segment -> segment.id().equals(item.segment()))) {
          world.count(Fault.EMPTY_SEGMENT_SEALED);
        }
      }
    }
  }

  void proposed(SegmentId segment) {
    proposed.add(segment);
  }

  /// A process gave a batch to its store.
  void assigned(SegmentId segment, MetadataState metadata, WriterId process, StoredBatch batch) {
    SegmentRecord last = Objects.requireNonNull(metadata.partition(partition)).last();
    check(
        last.id().equals(segment) && last.writer().equals(process) && last.epoch() == batch.epoch(),
        "I2 OneWriter",
        "process %s appends to segment %s with epoch %s; the open one is %s",
        process,
        segment,
        batch.epoch(),
        last);
    check(
        !proposed.contains(segment),
        "I5 NoAckPastSeal",
        "append to segment %s after its end was proposed",
        segment);
    TreeMap<Long, Long> assigned = assignedBySegment.computeIfAbsent(segment, _ -> new TreeMap<>());
    check(
        assigned.isEmpty() || assigned.lastKey() < batch.baseOffset(),
        "I1 UniqueContent",
        "offset %s of segment %s is given to content %s, after %s",
        batch.baseOffset(),
        segment,
        batch.content(),
        assigned);
    assigned.put(batch.baseOffset(), batch.content());
  }

  /// A producer is told that its content is at this offset.
  ///
  /// @param stored what the disk holds there, synced and readable, or null
  void acked(long content, long baseOffset, long endOffset, @Nullable StoredBatch stored) {
    check(
        stored != null && stored.content() == content,
        "I16 AckTruth",
        "content %s is acked at %s, where the disk has synced %s",
        content,
        baseOffset,
        stored);
    check(
        endOffset <= highWatermark,
        "I3 AckedOnQuorum",
        "content %s is acked to %s above the high watermark %s",
        content,
        endOffset,
        highWatermark);
    Long before = ackedOffsets.get(content);
    check(
        before == null || !idempotent.contains(content) || before == baseOffset,
        "I11 NoDuplicate",
        "content %s is acked at %s and at %s",
        content,
        before,
        baseOffset);
    ackedOffsets.put(content, baseOffset);
    ackedEnd = Math.max(ackedEnd, endOffset);
  }

  void published(long newHighWatermark, long durableEnd) {
    check(
        newHighWatermark >= highWatermark,
        "high watermark never goes back",
        "from %s to %s",
        highWatermark,
        newHighWatermark);
    check(
        newHighWatermark <= durableEnd,
        "I3 AckedOnQuorum",
        "high watermark %s above what is synced, %s",
        newHighWatermark,
        durableEnd);
    highWatermark = newHighWatermark;
  }

  void read(StoredBatch batch, boolean isTorn) {
    check(
        batch.endOffset() <= highWatermark,
        "I10 ReadBelowHW",
        "read to %s above the high watermark %s",
        batch.endOffset(),
        highWatermark);
    check(!isTorn, "I9 ReadStable", "batch at %s is torn", batch.baseOffset());
    Long before = readContents.put(batch.baseOffset(), batch.content());
    check(
        before == null || before == batch.content(),
        "I9 ReadStable",
        "offset %s was read as %s and as %s",
        batch.baseOffset(),
        before,
        batch.content());
  }

  /// The producer table that a writer begins with must be that of the whole log below it.
  void tableLoaded(byte[] table, long baseOffset, MetadataState metadata, SimulatedDisk disk) {
    ProducerTable expected = new ProducerTable();
    for (StoredBatch batch : log(metadata, disk)) {
      if (batch.endOffset() <= baseOffset) {
        expected.replay(batch.info(), batch.baseOffset());
      }
    }
    check(
        Arrays.equals(expected.encode(), table),
        "I18 ProducerStateExact",
        "table at %s is not that of the log",
        baseOffset);
  }

  /// Looks at every byte that is kept.
  void checkLog(MetadataState metadata, SimulatedDisk disk) {
    TreeMap<Long, StoredBatch> byOffset = new TreeMap<>();
    TreeSet<Long> contents = new TreeSet<>();
    Map<String, Integer> nextSequences = new TreeMap<>();
    for (StoredBatch batch : log(metadata, disk)) {
      byOffset.put(batch.baseOffset(), batch);
      check(
          contents.add(batch.content()) || !idempotent.contains(batch.content()),
          "I11 NoDuplicate",
          "content %s is in the log twice, the second time at %s",
          batch.content(),
          batch.baseOffset());
      if (batch.info().isIdempotent()) {
        String producer = batch.info().producerId() + "/" + batch.info().producerEpoch();
        int expected = nextSequences.getOrDefault(producer, 0);
        check(
            batch.info().baseSequence() == expected,
            "I17 ProducerOrder",
            "producer %s has sequence %s at %s, not %s",
            producer,
            batch.info().baseSequence(),
            batch.baseOffset(),
            expected);
        nextSequences.put(producer, expected + batch.info().recordCount());
      }
    }
    ackedOffsets.forEach((content, offset) -> checkThere("I14 acked", byOffset, offset, content));
    readContents.forEach((offset, content) -> checkThere("I9 read", byOffset, offset, content));
  }

  private static void checkThere(
      String invariant, Map<Long, StoredBatch> byOffset, long offset, long content) {
    StoredBatch batch = byOffset.get(offset);
    check(
        batch != null && batch.content() == content,
        invariant,
        "content %s at %s, where the log has %s",
        content,
        offset,
        batch);
  }

  /// Every batch of the sealed segments, and what is synced of the last one.
  private List<StoredBatch> log(MetadataState metadata, SimulatedDisk disk) {
    List<StoredBatch> log = new ArrayList<>();
    long expected = 0;
    for (SegmentRecord segment : Objects.requireNonNull(metadata.partition(partition)).chain()) {
      check(segment.baseOffset() == expected, "I8 ChainContiguous", "%s", segment);
      SegmentFile file = disk.file(segment.id());
      boolean isSealed = segment.state() instanceof SegmentState.Sealed;
      long end = segment.state() instanceof SegmentState.Sealed sealed ? sealed.endOffset() : -1;
      int count = 0;
      for (StoredBatch batch : file == null ? List.<StoredBatch>of() : file.batches) {
        if (isSealed
            ? batch.endOffset() > end
            : count >= Objects.requireNonNull(file).syncedCount) {
          break;
        }
        count++;
        check(
            batch.baseOffset() == expected
                && batch.epoch() == segment.epoch()
                && !Objects.requireNonNull(file).torn.contains(batch.baseOffset()),
            "no gap, no hole",
            "%s in %s, expected offset %s",
            batch,
            segment,
            expected);
        log.add(batch);
        expected = batch.endOffset();
      }
      check(
          !isSealed || expected == end, "I7 SealedReplicated", "%s ends at %s", segment, expected);
    }
    return log;
  }

  @SuppressWarnings("AnnotateFormatMethod")
  private static void check(
      boolean holds, String invariant, String detail, @Nullable Object... args) {
    if (!holds) {
      throw new BrokenInvariant(invariant, String.format(detail, args));
    }
  }
}
