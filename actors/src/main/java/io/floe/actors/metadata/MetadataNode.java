package io.floe.actors.metadata;

import io.floe.actors.log.ClusterChange;
import io.floe.actors.log.MetadataReply;
import io.floe.actors.metadata.MetadataProtocol.LogCommand;
import io.floe.actors.metadata.MetadataProtocol.MembershipReply;
import io.floe.actors.metadata.MetadataProtocol.Notice;
import io.floe.actors.metadata.MetadataProtocol.Outcome;
import io.floe.actors.node.HostPort;
import io.floe.consensus.BrokenInvariant;
import io.floe.consensus.metadata.core.CommandCodec;
import io.floe.consensus.metadata.core.CommandResult;
import io.floe.consensus.metadata.core.MetadataCommand;
import io.floe.consensus.metadata.core.Refusal;
import io.floe.consensus.metadata.replica.ReplicatedMetadata;
import io.floe.consensus.raft.core.DurableState;
import io.floe.consensus.raft.core.Entry;
import io.floe.consensus.raft.core.GroupId;
import io.floe.consensus.raft.core.MalformedRaft;
import io.floe.consensus.raft.core.MemberId;
import io.floe.consensus.raft.core.Membership;
import io.floe.consensus.raft.core.MembershipChange;
import io.floe.consensus.raft.core.Outcome.Reason;
import io.floe.consensus.raft.core.Payload;
import io.floe.consensus.raft.core.RaftCodec;
import io.floe.consensus.raft.core.RaftCore;
import io.floe.consensus.raft.core.RaftEffect;
import io.floe.consensus.raft.core.RaftEvent;
import io.floe.consensus.raft.core.RaftMessage;
import io.floe.consensus.raft.core.RaftRole;
import io.floe.consensus.raft.core.RaftTrace;
import io.floe.consensus.raft.sessions.SessionCommand;
import io.floe.consensus.raft.sessions.SessionResult;
import io.floe.model.NodeId;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.function.Consumer;
import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.actor.typed.Behavior;
import org.apache.pekko.actor.typed.ChildFailed;
import org.apache.pekko.actor.typed.DispatcherSelector;
import org.apache.pekko.actor.typed.Signal;
import org.apache.pekko.actor.typed.Terminated;
import org.apache.pekko.actor.typed.javadsl.AbstractMatchingBehavior;
import org.apache.pekko.actor.typed.javadsl.ActorContext;
import org.apache.pekko.actor.typed.javadsl.Adapter;
import org.apache.pekko.actor.typed.javadsl.Behaviors;
import org.apache.pekko.actor.typed.javadsl.TimerScheduler;
import org.jspecify.annotations.Nullable;

/// A node's part in the group that keeps the metadata: the shell of [RaftCore], with its time, its
/// messages and its log.
///
/// ```
///   reading ──log is empty──▶ bootstrapping ──log begun──▶ running ──read index──▶ announced
///      └───────────────────log is there──────────────────────▲
/// ```
///
/// - Commands of this node are sent to the leader until this node has applied them ([Proposals]).
/// - What is applied is told to the node once, in order.
/// - Pekko's cluster only says where nodes are. Who leads and who counts is the core's matter.
///
/// Errors: a broken journal, or a command of the log that cannot be applied, ends the actor, and
/// the node with it.
public final class MetadataNode extends AbstractMatchingBehavior<MetadataProtocol> {
  private static final long PROBE_NANOS = 500_000_000L;
  private static final long SAY_NANOS = 5_000_000_000L;
  private static final long ALIVE_NANOS = 3_000_000_000L;
  private static final int COMMAND_OVERHEAD_BYTES = 64;
  private static final Duration CHANGE_TIMEOUT = Duration.ofSeconds(10);

  private static final Refusal NOT_STORED =
      new Refusal(
          Refusal.Reason.NOT_STORED,
          "the metadata log could not store the change, so nothing changed; most often the disk of"
              + " the data directory is full: make room and try again, the node's log has the"
              + " cause");

  private final MetadataSettings settings;
  private final ClusterIdentity identity;
  private final ActorRef<Notice> node;
  private final ActorRef<LogCommand> log;
  private final Peers peers;
  private final AppliedEverywhere everywhere;
  private final SecureRandom random = new SecureRandom();
  private final ReplicatedMetadata metadata = new ReplicatedMetadata();
  private final Proposals proposals = new Proposals();

  /// What to do with the answers of the core, by token.
  private final Map<Long, Consumer<io.floe.consensus.raft.core.Outcome>> tokens = new HashMap<>();

  /// Who waits for a change of the group that another node carries out, by nonce.
  private final Map<Long, ActorRef<MembershipReply>> changes = new HashMap<>();

  private long nextToken;
  private @Nullable RaftCore core;
  private @Nullable Bootstrap bootstrap;
  private boolean isBeginning;
  private boolean isReading;
  private boolean isAnnounced;
  private boolean isSnapshotting;
  private boolean isLeaderNew;
  private boolean isChanging;
  private long sessionNonce;
  private long sessionAskedNanos;
  private long probedNanos;
  private long saidNanos = System.nanoTime();
  private long toldIndex;
  private long snapshotIndex;

  private MetadataNode(
      ActorContext<MetadataProtocol> context,
      TimerScheduler<MetadataProtocol> timers,
      MetadataSettings settings,
      ClusterIdentity identity,
      ActorRef<Notice> node) {
    super(context);
    this.settings = settings;
    this.identity = identity;
    this.node = node;
    this.peers = new Peers(Adapter.toClassic(context.getSystem()));
    this.everywhere = new AppliedEverywhere(peers, settings.self().node(), settings.address());
    this.probedNanos = System.nanoTime() - PROBE_NANOS;
    this.sessionAskedNanos = probedNanos;
    context.setLoggerName(MetadataNode.class);
    log = context.spawn(new RaftLogActor(context.getSelf()), "log");
    context.watch(log);
    timers.startTimerWithFixedDelay(MetadataProtocol.Tick.TICK, settings.tick());
  }

  /// The behavior; its actor must have the name [Peers#ACTOR] under the root.
  ///
  /// @param node hears of the state at the start, and of every entry after it
  public static Behavior<MetadataProtocol> create(
      MetadataSettings settings, ClusterIdentity identity, ActorRef<Notice> node) {
    return Behaviors.setup(
        context ->
            Behaviors.withTimers(
                timers -> new MetadataNode(context, timers, settings, identity, node)));
  }

  /// The name under which other nodes look for it.
  public static String actorName() {
    return Peers.ACTOR;
  }

  @Override
  public Behavior<MetadataProtocol> onMessage(MetadataProtocol message) {
    switch (message) {
      case MetadataProtocol.Submit submit -> submit(submit);
      case MetadataProtocol.ChangeMembership change -> changeMembership(change);
      case MetadataProtocol.GetStatus get -> get.replyTo().tell(status());
      case MetadataProtocol.HandOver handOver -> handOver(handOver.replyTo());
      case MetadataProtocol.AwaitEverywhere await -> everywhere.await(await, System.nanoTime());
      case MetadataProtocol.AskApplied ask -> everywhere.asked(ask, metadata.state().version());
      case MetadataProtocol.AppliedReached reached -> everywhere.reached(reached);
      case MetadataProtocol.Peer peer -> received(peer);
      case MetadataProtocol.Forwarded forwarded -> proposeForwarded(forwarded.command());
      case MetadataProtocol.OpenSession open -> openSession(open);
      case MetadataProtocol.SessionOpened opened -> sessionOpened(opened.nonce(), opened.session());
      case MetadataProtocol.ForwardedChange change -> forwardedChange(change);
      case MetadataProtocol.ChangeAnswered answered -> changeAnswered(answered);
      case MetadataProtocol.Probe probe -> probed(probe);
      case MetadataProtocol.ProbeReply reply -> probeReplied(reply);
      case MetadataProtocol.LogRead read -> logRead(read.state());
      case MetadataProtocol.LogWritten written -> logWritten(written.batchId());
      case MetadataProtocol.LogBroken broken ->
          throw new IllegalStateException(
              "the journal of the metadata log failed: " + broken.cause().getMessage(),
              broken.cause());
      case MetadataProtocol.SnapshotEncoded encoded -> {
        isSnapshotting = false;
        // After a write that failed the entries are applied anew; then there will be another one.
        if (encoded.index() <= metadata.appliedIndex()) {
          snapshotIndex = encoded.index();
          step(new RaftEvent.SnapshotTaken(encoded.index(), encoded.data()));
        }
      }
      case MetadataProtocol.AddressLearned learned ->
          peers.learn(learned.node(), learned.address());
      case MetadataProtocol.Run run -> run.action().run();
      case MetadataProtocol.Tick tick -> tick();
    }
    return this;
  }

  @Override
  public Behavior<MetadataProtocol> onSignal(Signal signal) {
    if (signal instanceof Terminated ended) {
      Throwable cause = ended instanceof ChildFailed failed ? failed.getCause() : null;
      throw new IllegalStateException("the metadata log ended: " + cause, cause);
    }
    return this;
  }

  // ---- the log

  private void logRead(DurableState durable) {
    RaftCore before = core;
    if (before != null) {
      getContext()
          .getLog()
          .atWarn()
          .addKeyValue("log", durable)
          .log("a write of the metadata log failed; it was read again");
      carryOut(before.step(new RaftEvent.Stop()));
      core = null;
      tokens.clear();
      isReading = false;
      isChanging = false;
      if (isAlone(before.membership())) {
        proposals
            .lost(durable.entries())
            .forEach(
                asker -> asker.tell(new Outcome(new MetadataReply.Refused(NOT_STORED), List.of())));
      }
    }
    isBeginning = false;
    if (durable.term() > 0) {
      begin(durable);
    } else if (identity.isJoined()) {
      node.tell(
          new Notice.Failed(
              "the metadata log is empty though this node belongs to cluster "
                  + identity.clusterId()
                  + ": it was wiped or replaced; put it back, or start with an empty data"
                  + " directory as a new node"));
    } else {
      bootstrap = new Bootstrap(settings, identity.clusterId());
      tryBootstrap();
    }
  }

  private boolean isAlone(Membership membership) {
    return membership.voters().equals(List.of(settings.self()));
  }

  private void tryBootstrap() {
    if (bootstrap == null || isBeginning) {
      return;
    }
    switch (bootstrap.decide()) {
      case Bootstrap.Decision.Wait(String reason) -> sayAtTimes(reason);
      case Bootstrap.Decision.Refuse(String reason) -> node.tell(new Notice.Failed(reason));
      case Bootstrap.Decision.Begin(String clusterId, var events) -> {
        isBeginning = true;
        identity.joining(clusterId);
        DurableState begun = new DurableState();
        events.forEach(begun::apply);
        beginning = begun;
        log.tell(new LogCommand.Write(0, events));
      }
    }
  }

  private @Nullable DurableState beginning;

  private void logWritten(long batchId) {
    DurableState begun = beginning;
    if (begun != null) {
      beginning = null;
      isBeginning = false;
      bootstrap = null;
      begin(begun);
    } else {
      step(new RaftEvent.Persisted(batchId));
    }
  }

  private void begin(DurableState durable) {
    String clusterId = identity.clusterId();
    if (clusterId == null) {
      throw new IllegalStateException("the metadata log has no cluster id beside it");
    }
    beginning = null;
    if (!identity.isJoined()) {
      identity.joined();
    }
    snapshotIndex = durable.snapshot().lastIndex();
    RaftCore begun =
        new RaftCore(
            new GroupId(Bootstrap.groupOf(clusterId)),
            settings.self(),
            settings.raft(),
            durable,
            random.nextLong(),
            RaftTrace.NONE);
    core = begun;
    carryOut(begun.start());
    if (isAlone(begun.membership())) {
      // Nobody else could be elected: no need to wait for their silence.
      for (int i = 0;
          i < 2 * settings.raft().electionTicks() && begun.role() == RaftRole.FOLLOWER;
          i++) {
        step(new RaftEvent.Tick());
      }
    }
  }

  // ---- the core

  private void step(RaftEvent event) {
    RaftCore current = core;
    if (current != null) {
      carryOut(current.step(event));
    }
  }

  private void carryOut(List<RaftEffect> effects) {
    for (RaftEffect effect : effects) {
      switch (effect) {
        case RaftEffect.Persist persist ->
            log.tell(new LogCommand.Write(persist.batchId(), persist.events()));
        case RaftEffect.Send send -> send(send.message());
        case RaftEffect.Restore restore -> restore(restore);
        case RaftEffect.Apply apply -> apply.entries().forEach(this::apply);
        case RaftEffect.Answered answered -> {
          var asker = tokens.remove(answered.token());
          if (asker != null) {
            asker.accept(answered.outcome());
          }
        }
        case RaftEffect.LeadershipChanged changed -> leadershipChanged(changed);
        case RaftEffect.MembershipChanged changed ->
            getContext()
                .getLog()
                .atInfo()
                .addKeyValue("voters", changed.membership().voters())
                .addKeyValue("observers", changed.membership().observers())
                .addKeyValue("index", changed.index())
                .log("metadata group");
      }
    }
  }

  private void send(RaftMessage message) {
    peers.send(
        message.header().to().node(),
        new MetadataProtocol.Peer(
            settings.address(), Payload.of(RaftCodec.encodeMessage(message))));
  }

  private void received(MetadataProtocol.Peer peer) {
    RaftMessage message;
    try {
      message = RaftCodec.decodeMessage(peer.message().bytes());
    } catch (MalformedRaft malformed) {
      getContext()
          .getLog()
          .atWarn()
          .addKeyValue("from", peer.from())
          .addKeyValue("cause", malformed.getMessage())
          .log("a message of the metadata group cannot be read");
      return;
    }
    peers.heard(message.header().from().node(), peer.from(), System.nanoTime());
    step(new RaftEvent.Received(message));
  }

  private void leadershipChanged(RaftEffect.LeadershipChanged changed) {
    getContext()
        .getLog()
        .atInfo()
        .addKeyValue("role", changed.role())
        .addKeyValue("term", changed.term())
        .addKeyValue("leader", changed.leader())
        .log("metadata leader");
    if (changed.leader() != null) {
      isLeaderNew = true;
      getContext().getSelf().tell(MetadataProtocol.Tick.TICK);
    }
  }

  private void restore(RaftEffect.Restore restore) {
    metadata.restore(restore.snapshot());
    snapshotIndex = Math.max(snapshotIndex, metadata.appliedIndex());
    if (metadata.appliedIndex() > toldIndex) {
      toldIndex = metadata.appliedIndex();
      if (isAnnounced) {
        node.tell(new Notice.Replaced(metadata.state()));
      }
    }
  }

  private void apply(Entry entry) {
    ReplicatedMetadata.Applied applied = metadata.apply(entry);
    ActorRef<Outcome> asker = null;
    MetadataReply reply = null;
    if (applied.command() instanceof SessionCommand.Execute execute
        && applied.result() != null
        && execute.session() == proposals.session()) {
      switch (applied.result()) {
        case SessionResult.Done done -> {
          asker = proposals.executed(execute);
          reply = reply(CommandCodec.decodeResult(done.result().bytes()));
        }
        case SessionResult.Expired expired -> proposals.expired();
        case SessionResult.Stale stale -> {}
        case SessionResult.Full full -> {}
        case SessionResult.Opened opened -> {}
      }
    }
    if (applied.index() <= toldIndex) {
      return; // Read again after a write that failed: the node knows it already.
    }
    toldIndex = applied.index();
    everywhere.applied(metadata.state().version());
    Outcome outcome =
        new Outcome(
            reply == null ? new MetadataReply.Applied(metadata.state().version()) : reply,
            applied.events());
    if (isAnnounced && (asker != null || !applied.events().isEmpty())) {
      node.tell(new Notice.Applied(metadata.state(), outcome, asker));
    } else if (asker != null) {
      asker.tell(outcome);
    }
    maySnapshot();
  }

  private static MetadataReply reply(CommandResult result) {
    return switch (result) {
      case CommandResult.Applied applied -> new MetadataReply.Applied(applied.version());
      case CommandResult.Refused refused -> new MetadataReply.Refused(refused.refusal());
    };
  }

  private void maySnapshot() {
    if (isSnapshotting || metadata.appliedIndex() - snapshotIndex < settings.snapshotEntries()) {
      return;
    }
    isSnapshotting = true;
    ReplicatedMetadata.Frozen frozen = metadata.freeze();
    // Of a large cluster this takes as long as several heartbeats.
    getContext()
        .pipeToSelf(
            CompletableFuture.supplyAsync(
                frozen::encode,
                getContext().getSystem().dispatchers().lookup(DispatcherSelector.blocking())),
            (data, failure) ->
                data == null
                    ? new MetadataProtocol.LogBroken(failure)
                    : new MetadataProtocol.SnapshotEncoded(frozen.index(), data));
  }

  // ---- time

  private void tick() {
    long now = System.nanoTime();
    step(new RaftEvent.Tick());
    RaftCore current = core;
    if (current == null) {
      probeSeeds(now);
      tryBootstrap();
      return;
    }
    sendProposals(now);
    everywhere.tick(now);
    if (!isAnnounced) {
      readFirst(current);
    }
    if (!current.membership().isMember(settings.self()) || knowsNotEverybody(current)) {
      probeSeeds(now);
    }
    if (current.role() == RaftRole.LEADER) {
      promote(current);
    }
  }

  private boolean knowsNotEverybody(RaftCore current) {
    return current.membership().members().stream()
        .anyMatch(
            member -> !member.equals(settings.self()) && peers.address(member.node()) == null);
  }

  private void probeSeeds(long now) {
    if (now - probedNanos < PROBE_NANOS) {
      return;
    }
    probedNanos = now;
    MetadataProtocol.Probe probe =
        new MetadataProtocol.Probe(settings.address(), settings.self(), identity.clusterId());
    for (HostPort seed : settings.seeds()) {
      if (!seed.equals(settings.address())) {
        peers.send(seed, probe);
      }
    }
  }

  /// What was applied before this moment by anybody is in what the node begins with.
  private void readFirst(RaftCore current) {
    if (isReading || current.leader() == null) {
      sayAtTimes("waiting for a leader of the metadata group " + current.membership());
      return;
    }
    isReading = true;
    long token =
        token(
            outcome -> {
              isReading = false;
              if (outcome instanceof io.floe.consensus.raft.core.Outcome.ReadAt && !isAnnounced) {
                isAnnounced = true;
                toldIndex = Math.max(toldIndex, metadata.appliedIndex());
                node.tell(new Notice.Recovered(metadata.state()));
              }
            });
    step(new RaftEvent.Read(token));
  }

  private void sayAtTimes(String what) {
    long now = System.nanoTime();
    if (now - saidNanos > SAY_NANOS) {
      saidNanos = now;
      getContext().getLog().info(what);
    }
  }

  private long token(Consumer<io.floe.consensus.raft.core.Outcome> asker) {
    long token = nextToken++;
    tokens.put(token, asker);
    return token;
  }

  // ---- commands

  private void submit(MetadataProtocol.Submit submit) {
    Payload command = Payload.of(CommandCodec.encode(submit.command()));
    int bytesMax = settings.raft().commandBytesMax() - COMMAND_OVERHEAD_BYTES;
    String problem = null;
    if (command.sizeBytes() > bytesMax) {
      problem = "the command has " + command.sizeBytes() + " bytes, at most " + bytesMax;
    } else if (proposals.isFull()) {
      problem = Proposals.OPEN_MAX + " metadata commands of this node are under way: try later";
    }
    if (problem != null) {
      Refusal refusal = new Refusal(Refusal.Reason.LIMIT_REACHED, problem);
      submit.replyTo().tell(new Outcome(new MetadataReply.Refused(refusal), List.of()));
      return;
    }
    proposals.add(command, submit.replyTo(), System.nanoTime());
    sendProposals(System.nanoTime());
  }

  private void sendProposals(long now) {
    RaftCore current = core;
    if (current == null || current.leader() == null || proposals.isEmpty()) {
      return;
    }
    if (!proposals.hasSession()) {
      askForSession(current, now);
      return;
    }
    List<Payload> due = proposals.due(now, isLeaderNew);
    isLeaderNew = false;
    if (due.isEmpty()) {
      return;
    }
    if (current.role() == RaftRole.LEADER) {
      List<RaftEvent> events = new ArrayList<>(due.size());
      due.forEach(payload -> events.add(new RaftEvent.Propose(nextToken++, payload)));
      carryOut(current.step(events));
    } else {
      NodeId leader = current.leader().node();
      due.forEach(payload -> peers.send(leader, new MetadataProtocol.Forwarded(payload)));
    }
  }

  private void proposeForwarded(Payload command) {
    RaftCore current = core;
    if (current != null && current.role() == RaftRole.LEADER) {
      step(new RaftEvent.Propose(nextToken++, command));
    }
  }

  private void askForSession(RaftCore current, long now) {
    if (now - sessionAskedNanos < PROBE_NANOS && !isLeaderNew) {
      return;
    }
    sessionAskedNanos = now;
    isLeaderNew = false;
    sessionNonce = random.nextLong();
    MetadataProtocol.OpenSession ask =
        new MetadataProtocol.OpenSession(settings.address(), sessionNonce);
    MemberId leader = current.leader();
    if (current.role() == RaftRole.LEADER) {
      openSession(ask);
    } else if (leader != null) {
      peers.send(leader.node(), ask);
    }
  }

  private void openSession(MetadataProtocol.OpenSession ask) {
    RaftCore current = core;
    if (current == null || current.role() != RaftRole.LEADER) {
      return;
    }
    long token =
        token(
            outcome -> {
              if (outcome instanceof io.floe.consensus.raft.core.Outcome.Committed committed) {
                if (ask.from().equals(settings.address())) {
                  sessionOpened(ask.nonce(), committed.index());
                } else {
                  peers.send(
                      ask.from(),
                      new MetadataProtocol.SessionOpened(ask.nonce(), committed.index()));
                }
              }
            });
    step(new RaftEvent.Propose(token, new SessionCommand.Open().encode()));
  }

  private void sessionOpened(long nonce, long session) {
    if (nonce == sessionNonce && !proposals.hasSession()) {
      proposals.opened(session);
      // Not at once: this may be in the middle of the effects of a step.
      getContext().getSelf().tell(MetadataProtocol.Tick.TICK);
    }
  }

  // ---- the group

  private void probed(MetadataProtocol.Probe probe) {
    RaftCore current = core;
    String clusterId = current == null ? null : identity.clusterId();
    String problem = "";
    boolean isFatal = false;
    long now = System.nanoTime();
    if (clusterId != null && probe.clusterId() != null && !clusterId.equals(probe.clusterId())) {
      problem =
          "node at "
              + settings.address()
              + " belongs to cluster "
              + clusterId
              + ", the data directory to cluster "
              + probe.clusterId();
      isFatal = true;
    } else if (current != null) {
      MemberId known = memberOf(current, probe.self().node());
      if (known != null && !known.equals(probe.self())) {
        HostPort at = peers.address(known.node());
        isFatal =
            known.equals(settings.self())
                || (at != null
                    && !at.equals(probe.from())
                    && peers.wasHeardWithin(known.node(), ALIVE_NANOS, now));
        problem =
            isFatal
                ? "node id "
                    + known.node()
                    + " is in use by a live node at "
                    + (known.equals(settings.self()) ? settings.address() : at)
                    + ": choose another by --node-id"
                : "node "
                    + known.node()
                    + " belongs to the cluster with another store, which is gone: remove that one by"
                    + " 'floe cluster remove-node "
                    + known.node()
                    + "', then this one is added";
      } else {
        peers.learn(probe.self().node(), probe.from());
      }
      if (known == null && current.role() == RaftRole.LEADER) {
        step(
            new RaftEvent.ChangeMembership(
                nextToken++, new MembershipChange.AddObserver(probe.self())));
      } else if (known == null && current.leader() != null) {
        // The prober asks on its own account; this spares it the search for the leader.
        peers.send(current.leader().node(), probe);
      }
    }
    if (!probe.from().equals(settings.address())) {
      peers.send(
          probe.from(),
          new MetadataProtocol.ProbeReply(
              settings.address(), settings.self(), clusterId, problem, isFatal));
    }
  }

  private static @Nullable MemberId memberOf(RaftCore current, NodeId node) {
    for (MemberId member : current.membership().members()) {
      if (member.node().equals(node)) {
        return member;
      }
    }
    return null;
  }

  private void probeReplied(MetadataProtocol.ProbeReply reply) {
    if (reply.isFatal()) {
      node.tell(new Notice.Failed(reply.problem()));
      return;
    }
    if (!reply.problem().isEmpty()) {
      sayAtTimes(reply.problem());
    }
    if (reply.clusterId() != null
        && identity.clusterId() != null
        && !reply.clusterId().equals(identity.clusterId())) {
      node.tell(
          new Notice.Failed(
              "seed "
                  + reply.from()
                  + " belongs to cluster "
                  + reply.clusterId()
                  + ", this data directory to cluster "
                  + identity.clusterId()));
      return;
    }
    peers.learn(reply.self().node(), reply.from());
    if (bootstrap != null) {
      bootstrap.replied(reply);
      tryBootstrap();
    }
  }

  /// The first nodes of a cluster are its voters.
  private void promote(RaftCore current) {
    Membership membership = current.membership();
    if (isChanging
        || membership.voters().size() >= settings.votersMax()
        || membership.observers().isEmpty()) {
      return;
    }
    for (MemberId observer : membership.observers()) {
      if (peers.wasHeardWithin(observer.node(), ALIVE_NANOS, System.nanoTime())) {
        isChanging = true;
        long token = token(outcome -> isChanging = false);
        step(new RaftEvent.ChangeMembership(token, new MembershipChange.Promote(observer)));
        return;
      }
    }
  }

  private void changeMembership(MetadataProtocol.ChangeMembership change) {
    RaftCore current = core;
    MemberId leader = current == null ? null : current.leader();
    if (current == null || leader == null) {
      change
          .replyTo()
          .tell(new MembershipReply(Reason.NOT_LEADER, "the metadata group has no leader now"));
    } else if (current.role() == RaftRole.LEADER) {
      carryOutChange(current, change.change(), change.node(), change.replyTo()::tell);
    } else {
      long nonce = random.nextLong();
      changes.put(nonce, change.replyTo());
      peers.send(
          leader.node(),
          new MetadataProtocol.ForwardedChange(
              settings.address(), nonce, change.change(), change.node()));
    }
  }

  private void forwardedChange(MetadataProtocol.ForwardedChange change) {
    RaftCore current = core;
    Consumer<MembershipReply> answer =
        reply ->
            peers.send(change.from(), new MetadataProtocol.ChangeAnswered(change.nonce(), reply));
    if (current == null || current.role() != RaftRole.LEADER) {
      answer.accept(new MembershipReply(Reason.NOT_LEADER, "the leader changed: try again"));
    } else {
      carryOutChange(current, change.change(), change.node(), answer);
    }
  }

  private void changeAnswered(MetadataProtocol.ChangeAnswered answered) {
    ActorRef<MembershipReply> asker = changes.remove(answered.nonce());
    if (asker != null) {
      asker.tell(answered.reply());
    }
  }

  private void carryOutChange(
      RaftCore current, ClusterChange change, NodeId target, Consumer<MembershipReply> answer) {
    MemberId member = memberOf(current, target);
    if (member == null) {
      answer.accept(
          new MembershipReply(
              Reason.NOT_A_MEMBER,
              "node " + target + " is no member of the metadata group " + nodes(current)));
      return;
    }
    Consumer<io.floe.consensus.raft.core.Outcome> onOutcome =
        outcome -> answer.accept(replyTo(change, target, outcome));
    switch (change) {
      case ADD_VOTER ->
          step(
              new RaftEvent.ChangeMembership(
                  token(onOutcome), new MembershipChange.Promote(member)));
      case TRANSFER_LEADERSHIP -> {
        if (member.equals(settings.self())) {
          answer.accept(new MembershipReply(null, "node " + target + " leads already"));
        } else {
          step(new RaftEvent.TransferLeadership(token(onOutcome), member));
        }
      }
      case REMOVE_NODE -> unregisterThenRemove(member, answer, onOutcome);
    }
  }

  /// First the metadata, which may refuse: a node that holds segments must be drained before.
  private void unregisterThenRemove(
      MemberId member,
      Consumer<MembershipReply> answer,
      Consumer<io.floe.consensus.raft.core.Outcome> onOutcome) {
    if (metadata.state().node(member.node()) == null) {
      step(new RaftEvent.ChangeMembership(token(onOutcome), new MembershipChange.Remove(member)));
      return;
    }
    getContext()
        .ask(
            Outcome.class,
            getContext().getSelf(),
            CHANGE_TIMEOUT,
            replyTo ->
                new MetadataProtocol.Submit(
                    new MetadataCommand.UnregisterNode(member.node()), replyTo),
            (outcome, failure) ->
                new MetadataProtocol.Run(
                    () -> {
                      if (outcome == null) {
                        answer.accept(new MembershipReply(Reason.TIMED_OUT, "no answer in time"));
                      } else if (outcome.reply() instanceof MetadataReply.Refused refused) {
                        answer.accept(
                            new MembershipReply(Reason.NOT_A_MEMBER, refused.refusal().message()));
                      } else {
                        step(
                            new RaftEvent.ChangeMembership(
                                token(onOutcome), new MembershipChange.Remove(member)));
                      }
                    }));
  }

  private void handOver(ActorRef<MembershipReply> replyTo) {
    RaftCore current = core;
    MemberId best = null;
    if (current != null && current.role() == RaftRole.LEADER) {
      for (MemberId voter : current.membership().voters()) {
        if (!voter.equals(settings.self())
            && peers.wasHeardWithin(voter.node(), ALIVE_NANOS, System.nanoTime())
            && (best == null || current.matchIndexOf(voter) > current.matchIndexOf(best))) {
          best = voter;
        }
      }
    }
    if (best == null) {
      replyTo.tell(new MembershipReply(null, "nothing to hand over"));
    } else {
      NodeId target = best.node();
      long token =
          token(
              outcome -> replyTo.tell(replyTo(ClusterChange.TRANSFER_LEADERSHIP, target, outcome)));
      step(new RaftEvent.TransferLeadership(token, best));
    }
  }

  private static MembershipReply replyTo(
      ClusterChange change, NodeId target, io.floe.consensus.raft.core.Outcome outcome) {
    return switch (outcome) {
      case io.floe.consensus.raft.core.Outcome.Committed committed ->
          new MembershipReply(
              null,
              change == ClusterChange.ADD_VOTER
                  ? "node " + target + " is a voter"
                  : "node " + target + " is removed");
      case io.floe.consensus.raft.core.Outcome.Transferred transferred ->
          new MembershipReply(null, "node " + transferred.leader().node() + " leads");
      case io.floe.consensus.raft.core.Outcome.Refused refused ->
          new MembershipReply(refused.reason(), explain(refused.reason(), target));
      case io.floe.consensus.raft.core.Outcome.Unknown unknown ->
          new MembershipReply(
              Reason.TIMED_OUT, "the leader changed meanwhile: look at the status, then try again");
      case io.floe.consensus.raft.core.Outcome.ReadAt readAt ->
          throw new BrokenInvariant("metadata node", "a change was answered as a read");
    };
  }

  private static String explain(Reason reason, NodeId target) {
    return switch (reason) {
      case NOT_LEADER, TRANSFERRING -> "the leader is changing: try again";
      case BUSY -> "the leader is overloaded: try again";
      case TOO_LARGE -> "the command is too large";
      case CHANGE_PENDING -> "another change of the group is not committed yet: try again";
      case NOT_CAUGHT_UP -> "node " + target + " has not caught up yet: try again";
      case NOT_A_MEMBER -> "node " + target + " is no voter of the group";
      case ALREADY_MEMBER -> "node " + target + " is that already";
      case OTHER_INCARNATION -> "node " + target + " belongs to the group with another store";
      case LAST_VOTER -> "node " + target + " is the only voter";
      case TIMED_OUT -> "it did not happen in time";
      case STOPPED -> "the node that was asked is restarting its log: try again";
    };
  }

  private MetadataProtocol.GroupStatus status() {
    RaftCore current = core;
    Map<NodeId, HostPort> addresses = new HashMap<>(peers.addresses());
    addresses.put(settings.self().node(), settings.address());
    if (current == null) {
      return new MetadataProtocol.GroupStatus(
          settings.self().node(),
          RaftRole.FOLLOWER,
          0,
          null,
          Membership.NONE,
          0,
          0,
          Map.of(),
          addresses);
    }
    Map<NodeId, Long> lastIndexes = new HashMap<>();
    lastIndexes.put(settings.self().node(), current.durableIndex());
    if (current.role() == RaftRole.LEADER) {
      for (MemberId member : current.membership().members()) {
        if (!member.equals(settings.self())) {
          lastIndexes.put(member.node(), current.matchIndexOf(member));
        }
      }
    }
    MemberId leader = current.leader();
    return new MetadataProtocol.GroupStatus(
        settings.self().node(),
        current.role(),
        current.term(),
        leader == null ? null : leader.node(),
        current.membership(),
        current.commitIndex(),
        current.appliedIndex(),
        lastIndexes,
        addresses);
  }

  private static List<NodeId> nodes(RaftCore current) {
    return current.membership().members().stream().map(MemberId::node).sorted().toList();
  }
}
