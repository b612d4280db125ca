package io.floe.simulation;

import io.floe.consensus.replication.core.ProducerTable;
import io.floe.model.SegmentId;
import io.floe.model.batch.BatchInfo;
import java.util.ArrayList;
import java.util.List;
import java.util.TreeMap;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/// A store's disk: what is written is volatile until the sync of its group ended, and with it the
/// group's record in the tail journal. A crash during a sync may have left the journal record, any
/// part of the group, both or neither. A failed sync ends the store until it is recovered.
final class SimulatedDisk {
  private static final long SYNC_NANOS_MAX = 3 * World.MILLISECOND;

  private final World<Fault> world;
  private final @Nullable PlantedBug bug;
  private final TreeMap<SegmentId, SegmentFile> files = new TreeMap<>();
  private long life;
  private boolean isSyncing;
  private boolean hasFailed;
  private Listener listener = new Listener() {};

  /// Hears from the disk.
  interface Listener {
    default void onDurable(SegmentId segment, long endOffset) {}

    default void onFailed() {}
  }

  /// A batch on the disk.
  ///
  /// @param content names its bytes: the same for each time its producer sends it
  record StoredBatch(long content, BatchInfo info, long baseOffset, int epoch) {
    long endOffset() {
      return baseOffset + info.recordCount();
    }
  }

  /// A segment's file, its entries in the tail journal and its footer.
  static final class SegmentFile {
    final long baseOffset;
    final byte[] tableAtBase;
    final List<StoredBatch> batches = new ArrayList<>();

    /// Contents whose bytes are torn.
    final TreeSet<Long> torn = new TreeSet<>();

    int syncedCount;
    private int groupCount;
    private boolean isNamed;
    private long journalEnd;
    private @Nullable Long sealedEnd;
    private byte @Nullable [] footerTable;

    private SegmentFile(long baseOffset, byte[] tableAtBase) {
      this.baseOffset = baseOffset;
      this.tableAtBase = tableAtBase;
      journalEnd = baseOffset;
    }

    long endOffset() {
      return batches.isEmpty() ? baseOffset : batches.getLast().endOffset();
    }

    long durableEnd() {
      return syncedCount == 0 ? baseOffset : batches.get(syncedCount - 1).endOffset();
    }

    private void cut(int count) {
      batches.subList(count, batches.size()).clear();
      syncedCount = Math.min(syncedCount, count);
      groupCount = Math.min(groupCount, count);
    }
  }

  SimulatedDisk(World<Fault> world, @Nullable PlantedBug bug) {
    this.world = world;
    this.bug = bug;
  }

  void listen(Listener newListener) {
    listener = newListener;
  }

  boolean hasFailed() {
    return hasFailed;
  }

  @Nullable SegmentFile file(SegmentId id) {
    return files.get(id);
  }

  SegmentFile open(SegmentId id, long baseOffset, byte[] tableAtBase) {
    SegmentFile file = new SegmentFile(baseOffset, tableAtBase);
    files.put(id, file);
    return file;
  }

  void append(SegmentId id, SegmentFile file, StoredBatch batch) {
    file.batches.add(batch);
    if (bug == PlantedBug.ACK_BEFORE_SYNC) {
      long written = life;
      world.after(
          1,
          () -> {
            if (written == life && !hasFailed) {
              listener.onDurable(id, batch.endOffset());
            }
          });
    }
    beginSync();
  }

  /// Whether nothing is on its way to the disk.
  boolean isQuiet() {
    return !isSyncing;
  }

  private void beginSync() {
    if (isSyncing || hasFailed) {
      return;
    }
    isSyncing = true;
    files.values().forEach(file -> file.groupCount = file.batches.size());
    long begun = life;
    world.soon(
        SYNC_NANOS_MAX,
        () -> {
          if (begun == life) {
            endSync();
          }
        });
  }

  private void endSync() {
    isSyncing = false;
    if (world.strikes(150)) {
      world.count(Fault.SYNC_ERROR);
      world.tell(() -> "disk: sync failed");
      hasFailed = true;
      listener.onFailed();
      return;
    }
    boolean hasMore = false;
    for (var entry : List.copyOf(files.entrySet())) {
      SegmentFile file = entry.getValue();
      if (file.groupCount > file.syncedCount) {
        file.syncedCount = file.groupCount;
        file.isNamed = true;
        file.journalEnd = file.durableEnd();
        listener.onDurable(entry.getKey(), file.journalEnd);
      }
      hasMore |= file.batches.size() > file.syncedCount;
    }
    if (hasMore) {
      beginSync();
    }
  }

  /// Writes the footer of a sealed segment, a little later.
  void seal(SegmentId id, long endOffset) {
    long begun = life;
    world.soon(
        2 * SYNC_NANOS_MAX,
        () -> {
          SegmentFile file = files.get(id);
          if (begun == life && !hasFailed && file != null) {
            file.sealedEnd = endOffset;
            file.footerTable = replay(file, endOffset).encode();
            file.isNamed = true;
          }
        });
  }

  /// The machine loses power. What was not synced is lost, or not, as the draws say.
  void crash() {
    life++;
    for (var entry : List.copyOf(files.entrySet())) {
      SegmentFile file = entry.getValue();
      int unsynced = file.batches.size() - file.syncedCount;
      boolean wasSyncing = isSyncing && file.groupCount > file.syncedCount;
      if (unsynced > 0) {
        crash(file, wasSyncing);
      }
      if (!file.isNamed) {
        files.remove(entry.getKey());
      }
    }
    isSyncing = false;
    hasFailed = false;
  }

  private void crash(SegmentFile file, boolean wasSyncing) {
    int fate = world.below(wasSyncing ? 4 : 2);
    switch (fate) {
      case 0 -> {
        world.count(Fault.UNSYNCED_LOST);
        file.cut(file.syncedCount);
      }
      case 1 -> {
        world.count(Fault.UNSYNCED_PARTLY_KEPT);
        file.isNamed = true;
        file.cut(file.syncedCount + world.below(file.batches.size() - file.syncedCount + 1));
      }
      case 2 -> {
        world.count(Fault.TORN_GROUP);
        landJournal(file);
        for (StoredBatch batch : file.batches.subList(file.syncedCount, file.groupCount)) {
          if (world.below(2) == 0) {
            file.torn.add(batch.baseOffset());
          }
        }
      }
      default -> {
        world.count(Fault.UNANNOUNCED_GROUP_KEPT);
        landJournal(file);
      }
    }
  }

  private static void landJournal(SegmentFile file) {
    file.isNamed = true;
    file.cut(file.groupCount);
    file.journalEnd = file.endOffset();
  }

  /// What a store must never do: go on after a failed sync, with what it takes for the end.
  void goOnAfterFailure() {
    files.values().forEach(file -> file.cut(file.syncedCount));
    hasFailed = false;
  }

  /// Cuts the segment to what the tail journal vouches for and what can be read of that.
  ///
  /// @return its end, or its base when no file of it is left
  long recover(SegmentId id, long baseOffset) {
    SegmentFile file = files.get(id);
    if (file == null) {
      return baseOffset;
    }
    int good = 0;
    while (good < file.batches.size()
        && file.batches.get(good).endOffset() <= file.journalEnd
        && (bug == PlantedBug.TORN_BATCH_KEPT
            || !file.torn.contains(file.batches.get(good).baseOffset()))) {
      good++;
    }
    if (bug == PlantedBug.SEALED_BELOW_THE_DURABLE_END && good > 0) {
      good--;
    }
    file.cut(good);
    file.syncedCount = good;
    file.journalEnd = file.endOffset();
    file.torn.removeIf(offset -> offset >= file.endOffset());
    return file.endOffset();
  }

  /// The table at the end of a sealed or recovered segment, from its footer or from its batches.
  ProducerTable tableAt(SegmentId id, long endOffset) {
    SegmentFile file = files.get(id);
    if (file == null) {
      throw new AssertionError("segment " + id + " is lost");
    }
    byte[] footer = file.footerTable;
    if (footer != null && file.sealedEnd != null && file.sealedEnd == endOffset) {
      return ProducerTable.decode(footer);
    }
    return replay(file, endOffset);
  }

  private static ProducerTable replay(SegmentFile file, long endOffset) {
    ProducerTable table = ProducerTable.decode(file.tableAtBase);
    for (StoredBatch batch : file.batches) {
      if (batch.endOffset() <= endOffset) {
        table.replay(batch.info(), batch.baseOffset());
      }
    }
    return table;
  }
}
