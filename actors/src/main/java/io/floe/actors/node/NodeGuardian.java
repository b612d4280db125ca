package io.floe.actors.node;

import io.floe.actors.log.LogService;
import io.floe.actors.log.MetadataReply;
import io.floe.actors.metadata.MetadataNode;
import io.floe.actors.metadata.MetadataProtocol;
import io.floe.actors.metadata.MetadataProtocol.Notice;
import io.floe.actors.metadata.MetadataProtocol.Outcome;
import io.floe.actors.metadata.MetadataSettings;
import io.floe.actors.partition.Footers;
import io.floe.actors.partition.PartitionDirectory;
import io.floe.actors.partition.PartitionShared;
import io.floe.actors.partition.Partitions;
import io.floe.consensus.BrokenInvariant;
import io.floe.consensus.metadata.core.MetadataCommand;
import io.floe.consensus.metadata.core.MetadataCommand.SealAndOpenItem;
import io.floe.consensus.metadata.core.MetadataState;
import io.floe.consensus.metadata.core.NodeRecord;
import io.floe.consensus.metadata.core.ReplicaId;
import io.floe.consensus.metadata.core.WriterId;
import io.floe.consensus.replication.core.LeftOvers;
import io.floe.consensus.replication.core.WriterSettings;
import io.floe.model.NodeId;
import io.floe.model.ProcessIncarnation;
import io.floe.storage.OffsetRange;
import io.floe.storage.RecoveredSegment;
import io.floe.storage.SegmentStore;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashSet;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.function.Consumer;
import java.util.function.Function;
import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.actor.typed.Behavior;
import org.apache.pekko.actor.typed.ChildFailed;
import org.apache.pekko.actor.typed.DispatcherSelector;
import org.apache.pekko.actor.typed.PostStop;
import org.apache.pekko.actor.typed.Signal;
import org.apache.pekko.actor.typed.Terminated;
import org.apache.pekko.actor.typed.javadsl.AbstractMatchingBehavior;
import org.apache.pekko.actor.typed.javadsl.ActorContext;
import org.apache.pekko.actor.typed.javadsl.Behaviors;
import org.apache.pekko.cluster.ClusterEvent;
import org.apache.pekko.cluster.Member;
import org.apache.pekko.cluster.UniqueAddress;
import org.apache.pekko.cluster.typed.Cluster;
import org.apache.pekko.cluster.typed.Subscribe;
import org.jspecify.annotations.Nullable;

/// The root of a node: brings it up step by step, then passes every metadata entry on to the
/// partitions before its proposer hears of it.
///
/// ```
///   recover metadata ─▶ found cluster (first start) ─▶ register this life ─▶ seal what the last life left open ─▶ serve
/// ```
///
/// It does not outlive a part that failed for good: a metadata log that could not write, a store
/// that could not sync, a partition's actor that threw, or itself.
final class NodeGuardian extends AbstractMatchingBehavior<NodeGuardian.Command> {
  /// Segments sealed by one metadata entry.
  private static final int SEALS_PER_ENTRY = 500;

  private static final Duration ENTRY_TIMEOUT = Duration.ofSeconds(60);
  private static final Duration HAND_OVER_TIMEOUT = Duration.ofSeconds(2);

  /// What the node's root is told.
  sealed interface Command {}

  private record Noticed(Notice notice) implements Command {}

  private record Answered(@Nullable Outcome outcome, @Nullable Throwable failure)
      implements Command {}

  private record ClusterChanged(ClusterEvent.ClusterDomainEvent event) implements Command {}

  /// Another member had this node's id some time ago.
  private record CheckSameId(UniqueAddress other) implements Command {}

  /// Something failed for good.
  record Fatal(Throwable cause) implements Command {}

  /// Stop taking appends and call back when nothing is in flight.
  record Drain(Runnable onDrained) implements Command {}

  /// Nothing is in flight any more: if this node leads the metadata group, another one may.
  private record HandOver(Runnable onDone) implements Command {}

  private record HandedOver(Runnable onDone) implements Command {}

  /// Stop the actor system.
  enum Stop implements Command {
    STOP
  }

  /// What a node is made of before its actors start.
  ///
  /// @param directory of the partitions that it will serve
  /// @param ready completed when the node serves, or with what kept it from it
  record Parts(
      IdentityFile identity,
      Function<HostPort, MetadataSettings> metadata,
      HostPort kafka,
      SegmentStore store,
      long pendingBytesMax,
      WriterSettings writerSettings,
      PartitionDirectory directory,
      CompletableFuture<LogService> ready,
      CompletableFuture<Throwable> failed) {}

  /// Before the node id in the role that says which node a member of the Pekko cluster is.
  static final String ROLE = "node-";

  /// A node that ended is seen as gone after about half of this.
  private static final Duration SAME_ID_GRACE = Duration.ofSeconds(12);

  private final Parts parts;
  private final Cluster cluster;
  private final ActorRef<MetadataProtocol> metadataLog;
  private final Deque<List<SealAndOpenItem>> sealsLeft = new ArrayDeque<>();

  private @Nullable WriterId self;
  private @Nullable LeftOvers leftOvers;
  private @Nullable Footers footers;
  private @Nullable Partitions partitions;
  private @Nullable NodeLog log;
  private MetadataState metadata = MetadataState.EMPTY;

  private NodeGuardian(ActorContext<Command> context, Parts parts) {
    super(context);
    this.parts = parts;
    this.cluster = Cluster.get(context.getSystem());
    cluster
        .subscriptions()
        .tell(
            Subscribe.create(
                context.messageAdapter(ClusterEvent.ClusterDomainEvent.class, ClusterChanged::new),
                ClusterEvent.ClusterDomainEvent.class));
    this.metadataLog =
        context.spawn(
            MetadataNode.create(
                parts.metadata().apply(addressOf(cluster.selfMember())),
                parts.identity(),
                context.messageAdapter(Notice.class, Noticed::new)),
            MetadataNode.actorName());
    context.watch(metadataLog);
  }

  static Behavior<Command> create(Parts parts) {
    return Behaviors.setup(context -> new NodeGuardian(context, parts));
  }

  @Override
  public Behavior<Command> onMessage(Command command) {
    try {
      return handle(command);
    } catch (RuntimeException | BrokenInvariant e) {
      // The root's own failure would end the actor system without a word to whoever started it.
      return onFatal(e);
    }
  }

  private Behavior<Command> handle(Command command) {
    return switch (command) {
      case Noticed noticed ->
          switch (noticed.notice()) {
            case Notice.Recovered recovered -> onRecovered(recovered);
            case Notice.Applied applied -> onApplied(applied);
            case Notice.Replaced replaced -> onReplaced(replaced);
            case Notice.Failed failed -> onFatal(new NodeStartException(failed.message()));
          };
      case Answered answered -> onAnswered(answered);
      case ClusterChanged changed -> onClusterChanged(changed.event());
      case CheckSameId check -> onCheckSameId(check.other());
      case Fatal fatal -> onFatal(fatal.cause());
      case Drain drain -> onDrain(drain);
      case HandOver handOver -> onHandOver(handOver);
      case HandedOver handedOver -> onHandedOver(handedOver);
      case Stop stop -> Behaviors.stopped();
    };
  }

  @Override
  public Behavior<Command> onSignal(Signal signal) {
    if (signal instanceof PostStop && footers != null) {
      footers.stop();
    } else if (signal instanceof Terminated terminated) {
      Throwable cause = terminated instanceof ChildFailed failed ? failed.getCause() : null;
      if (terminated.getRef().path().equals(metadataLog.path())) {
        return onFatal(new IllegalStateException("the metadata log failed: " + cause, cause));
      }
      if (cause != null) {
        return onFatal(cause);
      }
      // A deleted partition has ended.
    }
    return this;
  }

  private Behavior<Command> onRecovered(Notice.Recovered recovered) {
    metadata = recovered.state();
    NodeRecord before = metadata.node(parts.identity().nodeId());
    String clusterId = Objects.requireNonNull(parts.identity().clusterId());
    if (!metadata.isFounded()) {
      propose(new MetadataCommand.FoundCluster(clusterId));
    } else if (metadata.clusterId().equals(clusterId)) {
      if (before != null
          && metadata.nodes().size() == 1
          && !before.store().equals(parts.store().incarnation())
          && metadata.partitionCount() > 0) {
        // It would find nothing, and what it does not find would count as never acknowledged.
        return onFatal(
            new NodeStartException(
                "the store has incarnation "
                    + parts.store().incarnation()
                    + " but the metadata knows "
                    + before.store()
                    + ": it was wiped or replaced, and the records with it; put the old one back,"
                    + " or start with an empty data directory"));
      }
      register();
    } else {
      return onFatal(
          new NodeStartException(
              "the metadata belongs to cluster "
                  + metadata.clusterId()
                  + " but the data directory to cluster "
                  + clusterId));
    }
    return this;
  }

  /// Pekko's cluster says where nodes are and whom clients can reach; it decides nothing.
  private Behavior<Command> onClusterChanged(ClusterEvent.ClusterDomainEvent event) {
    if (event instanceof ClusterEvent.MemberEvent changed) {
      Member member = changed.member();
      NodeId id = nodeOf(member);
      if (id != null && !(changed instanceof ClusterEvent.MemberRemoved)) {
        metadataLog.tell(new MetadataProtocol.AddressLearned(id, addressOf(member)));
        if (id.equals(parts.identity().nodeId())
            && !member.uniqueAddress().equals(cluster.selfMember().uniqueAddress())) {
          getContext()
              .scheduleOnce(
                  SAME_ID_GRACE, getContext().getSelf(), new CheckSameId(member.uniqueAddress()));
        }
      }
    }
    publishLive();
    return this;
  }

  private void publishLive() {
    NodeLog served = log;
    if (served == null) {
      return;
    }
    ClusterEvent.CurrentClusterState state = cluster.state();
    Set<NodeId> live = new HashSet<>();
    for (Member member : state.getMembers()) {
      NodeId id = nodeOf(member);
      if (id != null && !state.getUnreachable().contains(member)) {
        live.add(id);
      }
    }
    served.live(live);
  }

  private Behavior<Command> onCheckSameId(UniqueAddress other) {
    ClusterEvent.CurrentClusterState state = cluster.state();
    for (Member member : state.getMembers()) {
      if (member.uniqueAddress().equals(other)
          && !state.getUnreachable().contains(member)
          // Of two the younger one goes.
          && member.isOlderThan(cluster.selfMember())) {
        return onFatal(
            new NodeStartException(
                "node id "
                    + parts.identity().nodeId()
                    + " is in use by a live node at "
                    + addressOf(member)
                    + ": choose another by --node-id, or stop that one"));
      }
    }
    return this;
  }

  private static @Nullable NodeId nodeOf(Member member) {
    for (String role : member.getRoles()) {
      if (role.startsWith(ROLE)) {
        return new NodeId(Integer.parseInt(role.substring(ROLE.length())));
      }
    }
    return null;
  }

  private static HostPort addressOf(Member member) {
    return new HostPort(member.address().getHost().get(), member.address().getPort().get());
  }

  private void register() {
    NodeRecord before = metadata.node(parts.identity().nodeId());
    ProcessIncarnation process =
        new ProcessIncarnation(before == null ? 1 : before.process().value() + 1);
    self = new WriterId(parts.identity().nodeId(), process);
    propose(
        new MetadataCommand.RegisterNode(
            new NodeRecord(
                parts.identity().nodeId(),
                parts.store().incarnation(),
                process,
                parts.kafka().host(),
                parts.kafka().port(),
                null)));
  }

  private void propose(MetadataCommand command) {
    getContext()
        .ask(
            Outcome.class,
            metadataLog,
            ENTRY_TIMEOUT,
            (ActorRef<Outcome> replyTo) -> new MetadataProtocol.Submit(command, replyTo),
            (outcome, failure) -> new Answered(outcome, failure));
  }

  private Behavior<Command> onApplied(Notice.Applied applied) {
    metadata = applied.state();
    if (partitions != null && log != null) {
      partitions.applied(metadata, applied.outcome().events());
      log.publish(metadata);
    }
    if (applied.replyTo() != null) {
      applied.replyTo().tell(applied.outcome());
    }
    return this;
  }

  /// What happened in between is not known: start over from what is.
  private Behavior<Command> onReplaced(Notice.Replaced replaced) {
    if (partitions == null || log == null) {
      metadata = replaced.state();
      return this;
    }
    return onFatal(
        new NodeRejoinException(
            "this node was so far behind that it got a snapshot of the metadata"));
  }

  /// An entry of the start itself is applied: take the next step.
  private Behavior<Command> onAnswered(Answered answered) {
    Outcome outcome = answered.outcome();
    if (outcome == null) {
      return onFatal(
          new NodeStartException("the metadata log did not answer: " + answered.failure()));
    }
    if (outcome.reply() instanceof MetadataReply.Refused refused
        // Another founder was quicker.
        && !(self == null && metadata.isFounded())) {
      return onFatal(new NodeStartException(refused.refusal().message()));
    }
    if (self == null) {
      register();
    } else if (leftOvers == null) {
      return planLeftOvers(self);
    } else {
      sealNext(self);
    }
    return this;
  }

  private Behavior<Command> planLeftOvers(WriterId writer) {
    LeftOvers plan =
        LeftOvers.plan(
            metadata,
            writer,
            replica(),
            parts.store().recovered().stream().map(NodeGuardian::judged).toList(),
            parts.store().segments());
    leftOvers = plan;
    plan.troubles().forEach(trouble -> getContext().getLog().error(trouble));
    if (!plan.unheardOf().isEmpty()) {
      return onFatal(
          new NodeStartException(
              "the store holds segments "
                  + plan.unheardOf()
                  + " but the metadata ends before segment "
                  + metadata.nextSegmentId()
                  + ": the metadata was wiped or set back; put it back, or start with an empty data"
                  + " directory"));
    }
    List<SealAndOpenItem> items = plan.toSeal();
    for (int from = 0; from < items.size(); from += SEALS_PER_ENTRY) {
      sealsLeft.add(items.subList(from, Math.min(items.size(), from + SEALS_PER_ENTRY)));
    }
    sealNext(writer);
    return this;
  }

  /// The store's verdict in the words of the core.
  private static LeftOvers.Recovered judged(RecoveredSegment segment) {
    return new LeftOvers.Recovered(
        segment.spec().id(),
        segment.endOffset(),
        segment.digest(),
        offsets(segment.inDoubt()),
        segment.damaged().stream().map(NodeGuardian::offsets).toList());
  }

  private static LeftOvers.Offsets offsets(OffsetRange range) {
    return new LeftOvers.Offsets(range.from(), range.to());
  }

  private void sealNext(WriterId writer) {
    List<SealAndOpenItem> items = sealsLeft.poll();
    if (items != null) {
      propose(new MetadataCommand.SealAndOpen(items));
    } else {
      serve(writer);
    }
  }

  private void serve(WriterId writer) {
    LeftOvers plan = Objects.requireNonNull(leftOvers);
    ActorRef<Command> node = getContext().getSelf();
    Consumer<Throwable> onFailed = cause -> node.tell(new Fatal(cause));
    Footers background =
        new Footers(
            parts.store(),
            getContext().getSystem().dispatchers().lookup(DispatcherSelector.blocking()),
            onFailed);
    footers = background;
    background.settle(plan);
    PartitionShared shared =
        new PartitionShared(
            parts.store(),
            background,
            writer,
            replica(),
            metadataLog,
            parts.pendingBytesMax(),
            parts.writerSettings(),
            onFailed);
    partitions = new Partitions(shared, parts.directory(), this::spawnWatched, metadata);
    NodeLog served =
        new NodeLog(
            parts.identity().nodeId(),
            metadata,
            parts.directory(),
            metadataLog,
            getContext().getSystem().scheduler());
    log = served;
    publishLive();
    getContext()
        .getLog()
        .atInfo()
        .addKeyValue("node", parts.identity().nodeId())
        .addKeyValue("process", writer.incarnation())
        .addKeyValue("topics", metadata.topicCount())
        .addKeyValue("partitions", partitions.count())
        .addKeyValue("sealed", plan.toSeal().size())
        .log("node serves");
    parts.ready().complete(served);
  }

  private <T> ActorRef<T> spawnWatched(Behavior<T> behavior, String name) {
    ActorRef<T> child = getContext().spawn(behavior, name);
    getContext().watch(child);
    return child;
  }

  private ReplicaId replica() {
    return new ReplicaId(parts.identity().nodeId(), parts.store().incarnation());
  }

  private Behavior<Command> onDrain(Drain drain) {
    ActorRef<Command> node = getContext().getSelf();
    Runnable next = () -> node.tell(new HandOver(drain.onDrained()));
    if (partitions == null) {
      next.run();
    } else {
      partitions.drain(next);
    }
    return this;
  }

  /// The others need not wait for this node's silence.
  private Behavior<Command> onHandOver(HandOver handOver) {
    getContext()
        .ask(
            MetadataProtocol.MembershipReply.class,
            metadataLog,
            HAND_OVER_TIMEOUT,
            MetadataProtocol.HandOver::new,
            (reply, failure) -> new HandedOver(handOver.onDone()));
    return this;
  }

  private Behavior<Command> onHandedOver(HandedOver handedOver) {
    handedOver.onDone().run();
    return this;
  }

  private Behavior<Command> onFatal(Throwable cause) {
    getContext()
        .getLog()
        .atError()
        .addKeyValue("node", parts.identity().nodeId())
        .addKeyValue("cause", cause.toString())
        .log("the node stops");
    parts.ready().completeExceptionally(cause);
    parts.failed().complete(cause);
    return Behaviors.stopped();
  }
}
