package io.floe.actors.partition;

import io.floe.actors.log.AppendResult;
import io.floe.actors.log.MetadataReply;
import io.floe.actors.metadata.MetadataProtocol;
import io.floe.consensus.metadata.core.MetadataCommand;
import io.floe.consensus.metadata.core.MetadataEvent;
import io.floe.consensus.metadata.core.SegmentRecord;
import io.floe.consensus.replication.core.ProducerTable;
import io.floe.consensus.replication.core.WriterCore;
import io.floe.consensus.replication.core.WriterEffects;
import io.floe.consensus.replication.core.WriterEvent;
import io.floe.storage.DurabilityListener;
import io.floe.storage.OpenSegment;
import io.floe.storage.SegmentSpec;
import io.floe.storage.StoreException;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import org.agrona.collections.Long2ObjectHashMap;
import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.actor.typed.Behavior;
import org.apache.pekko.actor.typed.javadsl.AbstractMatchingBehavior;
import org.apache.pekko.actor.typed.javadsl.ActorContext;
import org.apache.pekko.actor.typed.javadsl.Behaviors;
import org.apache.pekko.actor.typed.javadsl.TimerScheduler;
import org.jspecify.annotations.Nullable;

/// The one writer of one open segment: a thin shell around [WriterCore].
///
/// The core decides (offsets, duplicates, acknowledgements, high watermark, rolls); this actor carries batches to the store, the store's syncs back to the core, and the core's answers to the callers. Two
/// things the core cannot know are decided here, before it sees a batch: whether the store has room for it (an offset that was assigned must be written, so room comes first), and who is called back.
///
/// The store's thread talks to it by messages only.
final class SegmentWriter extends AbstractMatchingBehavior<SegmentWriterCommand> {
  /// The metadata log answers in milliseconds; after so long its answer is unknown.
  private static final Duration ROLL_TIMEOUT = Duration.ofSeconds(30);

  private final PartitionShared shared;
  private final ServedPartition served;
  private final SegmentRecord record;
  private final ActorRef<PartitionCommand> router;
  private final TimerScheduler<SegmentWriterCommand> timers;
  private final OpenSegment segment;
  private final WriterCore core;
  private final Effects effects = new Effects();

  /// Callers by token, until they are answered.
  private final Long2ObjectHashMap<PartitionCommand.Append> pending = new Long2ObjectHashMap<>();

  /// Appends that wait for room in the store, in order.
  private final Deque<PartitionCommand.Append> waitingForSpace = new ArrayDeque<>();

  private PartitionSettings settings;
  private long nextToken;
  private boolean isDiskFull;
  private boolean isRollProposed;
  private boolean wasFilled;
  private boolean isClosing;
  private boolean isDraining;
  private final List<PartitionCommand.Append> forSuccessor = new ArrayList<>();
}
