package io.floe.actors.partition;

import io.floe.actors.metadata.MetadataProtocol;
import io.floe.consensus.metadata.core.ReplicaId;
import io.floe.consensus.metadata.core.WriterId;
import io.floe.consensus.replication.core.WriterSettings;
import io.floe.storage.SegmentStore;
import java.util.function.Consumer;
import org.apache.pekko.actor.typed.ActorRef;

/// What every partition of this node shares.
///
/// @param self this life of this process
/// @param replica this store
/// @param metadataLog where rolls are proposed
/// @param pendingBytesMax bytes of appends to one partition that were not answered yet
/// @param writerSettings bounds of each segment writer
/// @param footers what is done with segments that are sealed or deleted
/// @param onFatal called when the store failed: the node has to stop
public record PartitionShared(
    SegmentStore store,
    Footers footers,
    WriterId self,
    ReplicaId replica,
    ActorRef<MetadataProtocol> metadataLog,
    long pendingBytesMax,
    WriterSettings writerSettings,
    Consumer<Throwable> onFatal) {

  ProducerTables tables() {
    return footers.tables();
  }
}
