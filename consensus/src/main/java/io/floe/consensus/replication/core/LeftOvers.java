package io.floe.consensus.replication.core;

import io.floe.consensus.metadata.core.MetadataCommand.SealAndOpenItem;
import io.floe.consensus.metadata.core.MetadataState;
import io.floe.consensus.metadata.core.PartitionRecord;
import io.floe.consensus.metadata.core.ReplicaId;
import io.floe.consensus.metadata.core.SegmentRecord;
import io.floe.consensus.metadata.core.SegmentState;
import io.floe.consensus.metadata.core.TopicRecord;
import io.floe.consensus.metadata.core.WriterId;
import io.floe.model.PartitionId;
import io.floe.model.SegmentId;
import io.floe.model.batch.ChainDigest;
import java.util.ArrayList;
import java.util.List;
import java.util.SortedMap;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;
import org.pcollections.PVector;

/// What a node's former life left behind, and what is to be done about it before it serves.
///
/// A restarted writer never resumes its segment: every open segment whose writer was an earlier
/// life of this process is sealed at the end that the store recovered, and its successor opened
/// with a new epoch. The store of this node is the whole replica set here, so its recovered end is
/// the agreed end: it holds every acknowledged record, since an acknowledgement waited for exactly
/// this store's sync.
///
/// @param toSeal what the metadata log has to be told, in partition order
/// @param toFinish segments that the metadata log knows (or will know) as sealed and that have no
///   footer yet
/// @param toDelete segments that no partition lists any more
/// @param unheardOf segments that are newer than all that the metadata knows: it was set back, and
///   its ids would be given out again
/// @param troubles what a human must know; each names partition, segment and offsets
public record LeftOvers(
    List<SealAndOpenItem> toSeal,
    List<Finish> toFinish,
    List<SegmentId> toDelete,
    List<SegmentId> unheardOf,
    List<String> troubles) {

  /// What a store's recovery says of a segment without a footer.
  ///
  /// @param endOffset end of its readable, durable prefix
  /// @param digest chain digest there
  /// @param inDoubt offsets of the last group before a crash that cannot be read; empty if from =
  ///   to
  /// @param damaged acknowledged offsets below the end that cannot be read
  public record Recovered(
      SegmentId id, long endOffset, long digest, Offsets inDoubt, List<Offsets> damaged) {
    public Recovered {
      damaged = List.copyOf(damaged);
    }
  }

  /// Offsets [from, to).
  public record Offsets(long from, long to) {}

  /// A footer to write.
  ///
  /// @param chain of its partition, as it was before this life
  /// @param index of the segment in it
  public record Finish(
      SegmentId segment, long endOffset, PVector<SegmentRecord> chain, int index) {}

  public LeftOvers {
    toSeal = List.copyOf(toSeal);
    toFinish = List.copyOf(toFinish);
    toDelete = List.copyOf(toDelete);
    unheardOf = List.copyOf(unheardOf);
    troubles = List.copyOf(troubles);
  }

  /// Plans. Decides only from its arguments.
  ///
  /// @param self this life of this process
  /// @param replica this store
  /// @param held every segment in the store, footers or not
  public static LeftOvers plan(
      MetadataState metadata,
      WriterId self,
      ReplicaId replica,
      List<Recovered> recovered,
      List<SegmentId> held) {
    Planner planner = new Planner(self, replica, recovered, held);
    SortedSet<SegmentId> listed = new TreeSet<>();
    for (TopicRecord topic : metadata.topics()) {
      for (PartitionRecord partition : topic.partitions()) {
        partition.chain().forEach(segment -> listed.add(segment.id()));
        planner.plan(new PartitionId(topic.id(), partition.index()), partition);
      }
    }
    List<SegmentId> orphans = new ArrayList<>();
    List<SegmentId> unheardOf = new ArrayList<>();
    for (SegmentId id : held) {
      if (!listed.contains(id)) {
        (id.value() < metadata.nextSegmentId() ? orphans : unheardOf).add(id);
      }
    }
    return new LeftOvers(planner.toSeal, planner.toFinish, orphans, unheardOf, planner.troubles);
  }

  private static final class Planner {
    private final WriterId self;
    private final ReplicaId replica;
    private final SortedSet<SegmentId> held;
    private final SortedMap<SegmentId, Recovered> recovered = new TreeMap<>();
    private final List<SealAndOpenItem> toSeal = new ArrayList<>();
    private final List<Finish> toFinish = new ArrayList<>();
    private final List<String> troubles = new ArrayList<>();

    Planner(WriterId self, ReplicaId replica, List<Recovered> recovered, List<SegmentId> held) {
      this.self = self;
      this.replica = replica;
      this.held = new TreeSet<>(held);
      recovered.forEach(segment -> this.recovered.put(segment.id(), segment));
    }

    void plan(PartitionId id, PartitionRecord partition) {
      for (int index = 0; index < partition.chain().size(); index++) {
        SegmentRecord segment = partition.chain().get(index);
        if (segment.state() instanceof SegmentState.Sealed sealed) {
          sealedBefore(id, partition.chain(), index, sealed);
        } else if (segment.writer().node().equals(self.node()) && !segment.writer().equals(self)) {
          seal(id, partition.chain(), index);
        }
      }
    }

    private void sealedBefore(
        PartitionId id, PVector<SegmentRecord> chain, int index, SegmentState.Sealed sealed) {
      SegmentId segment = chain.get(index).id();
      Recovered found = recovered.get(segment);
      if (found == null) {
        if (!held.contains(segment) && sealed.replicas().contains(replica)) {
          troubles.add(
              name(id, segment)
                  + ": sealed at offset "
                  + sealed.endOffset()
                  + " but not in the store");
        }
      } else if (found.endOffset() < sealed.endOffset()) {
        troubles.add(
            name(id, segment)
                + ": sealed at offset "
                + sealed.endOffset()
                + " but the store can read only to "
                + found.endOffset()
                + "; what is readable is served, reads beyond fail");
      } else {
        // The process ended before the footer was written.
        toFinish.add(new Finish(found.id(), sealed.endOffset(), chain, index));
      }
    }

    private void seal(PartitionId id, PVector<SegmentRecord> chain, int index) {
      SegmentRecord segment = chain.get(index);
      if (!segment.replicas().contains(replica)) {
        // To find nothing here says nothing about what was acknowledged there.
        troubles.add(
            name(id, segment.id())
                + ": was written to another store of this node, which is gone; the partition is not"
                + " served");
        return;
      }
      Recovered found = recovered.get(segment.id());
      long end = found == null ? segment.baseOffset() : found.endOffset();
      long digest = found == null ? ChainDigest.start(segment.id().value()) : found.digest();
      boolean damaged = found != null && !found.damaged().isEmpty();
      if (found != null) {
        report(id, found);
        toFinish.add(new Finish(found.id(), end, chain, index));
      }
      toSeal.add(
          new SealAndOpenItem(
              id,
              segment.id(),
              0,
              end,
              digest,
              damaged,
              segment.replicas(),
              false,
              self,
              List.of(replica),
              1));
    }

    private static String name(PartitionId id, SegmentId segment) {
      return "partition " + id + ", segment " + segment;
    }

    private void report(PartitionId id, Recovered found) {
      Offsets inDoubt = found.inDoubt();
      if (inDoubt.from() < inDoubt.to()) {
        troubles.add(
            name(id, found.id())
                + ": offsets "
                + inDoubt.from()
                + " to "
                + (inDoubt.to() - 1)
                + " were in the last group before the crash and cannot be read; no other copy"
                + " exists, so they count as never acknowledged");
      }
      for (Offsets range : found.damaged()) {
        troubles.add(
            name(id, found.id())
                + ": acknowledged offsets "
                + range.from()
                + " to "
                + (range.to() - 1)
                + " are damaged; reads there fail, what lies behind is served");
      }
    }
  }
}
