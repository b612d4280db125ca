package io.floe.simulation;

import io.floe.consensus.metadata.core.SegmentRecord;
import io.floe.model.PartitionId;
import io.floe.simulation.SimulatedDisk.SegmentFile;
import io.floe.simulation.SimulatedDisk.StoredBatch;
import java.util.Objects;

/// Reads the partition as far as the node lets it, and now and then what it has read before.
final class SimulatedConsumer {
  private static final long PAUSE_NANOS_MAX = 4 * World.MILLISECOND;
  private static final int BATCHES_MAX = 5;

  private final World<Fault> world;
  private final PartitionId partition;
  private final SimulatedNode node;
  private final SimulatedMetadata metadata;
  private final SimulatedDisk disk;
  private final History history;
  private long position;

  SimulatedConsumer(
      World<Fault> world,
      PartitionId partition,
      SimulatedNode node,
      SimulatedMetadata metadata,
      SimulatedDisk disk,
      History history) {
    this.world = world;
    this.partition = partition;
    this.node = node;
    this.metadata = metadata;
    this.disk = disk;
    this.history = history;
    world.soon(PAUSE_NANOS_MAX, this::tick);
  }

  long position() {
    return position;
  }

  private void tick() {
    if (node.isListening()) {
      if (world.strikes(4) && position > 0) {
        read(world.below((int) position));
      } else {
        position = read(position);
      }
    }
    world.soon(PAUSE_NANOS_MAX, this::tick);
  }

  private long read(long from) {
    long next = from;
    int count = 0;
    long end = node.readableEnd();
    for (SegmentRecord segment :
        Objects.requireNonNull(metadata.state().partition(partition)).chain()) {
      SegmentFile file = disk.file(segment.id());
      if (file == null || file.endOffset() <= next) {
        continue;
      }
      for (StoredBatch batch : file.batches) {
        if (batch.endOffset() > next && batch.endOffset() <= end && count < BATCHES_MAX) {
          history.read(batch, file.torn.contains(batch.baseOffset()));
          next = batch.endOffset();
          count++;
        }
      }
    }
    return next;
  }
}
