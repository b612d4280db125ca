package io.floe.actors.node;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigException;
import com.typesafe.config.ConfigFactory;
import io.floe.actors.log.LogService;
import io.floe.actors.metadata.MetadataSettings;
import io.floe.actors.partition.PartitionDirectory;
import io.floe.consensus.raft.core.MemberId;
import io.floe.consensus.raft.core.RaftSettings;
import io.floe.consensus.replication.core.WriterSettings;
import io.floe.model.NodeId;
import io.floe.storage.SegmentStore;
import io.floe.storage.StoreException;
import io.floe.storage.StoreSettings;
import io.floe.storage.log.DirectoryLock;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Function;
import org.apache.pekko.actor.Address;
import org.apache.pekko.actor.typed.ActorSystem;
import org.apache.pekko.cluster.typed.Cluster;
import org.apache.pekko.cluster.typed.Join;
import org.apache.pekko.cluster.typed.JoinSeedNodes;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import scala.jdk.javaapi.CollectionConverters;

/// A running node: its store, its actors, its log. The edges (Kafka gateway, Pekko Streams client)
/// are started beside it on [#log()].
///
/// Thread-safety: any thread; [#start] and [#close] block.
public final class FloeNode implements AutoCloseable {
  private static final Logger log = LoggerFactory.getLogger(FloeNode.class);

  /// Name of the actor system; the same on every node of a cluster.
  public static final String SYSTEM_NAME = "floe";

  private final IdentityFile identity;
  private final Path dataDir;
  private final DirectoryLock lock;
  private final SegmentStore store;
  private final ActorSystem<NodeGuardian.Command> system;
  private final LogService service;
  private final CompletableFuture<Throwable> failed;
  private final Duration drainTimeout;
  private final AtomicBoolean isClosed;

  private FloeNode(
      IdentityFile identity,
      Path dataDir,
      DirectoryLock lock,
      SegmentStore store,
      ActorSystem<NodeGuardian.Command> system,
      LogService service,
      CompletableFuture<Throwable> failed,
      AtomicBoolean isClosed,
      Duration drainTimeout) {
    this.identity = identity;
    this.dataDir = dataDir;
    this.lock = lock;
    this.isClosed = isClosed;
    this.store = store;
    this.system = system;
    this.service = service;
    this.failed = failed;
    this.drainTimeout = drainTimeout;
  }

  /// Starts a node and returns when it serves: metadata recovered, left-over segments sealed,
  /// partitions open.
  ///
  /// @throws NodeStartException with what is wrong and what to do
  public static FloeNode start(NodeSettings settings) throws NodeStartException {
    return start(settings, SegmentStore::open);
  }

  /// How the store is opened.
  @FunctionalInterface
  interface StoreOpener {
    SegmentStore open(StoreSettings settings) throws StoreException;
  }

  /// As [#start(NodeSettings)], with a store of the caller's choice: for tests that make it fail.
  static FloeNode start(NodeSettings settings, StoreOpener opener) throws NodeStartException {
    JvmFlags.check();
    Config floe;
    StoreSettings storeSettings;
    try {
      floe = config(settings).getConfig("floe");
      storeSettings = storeSettings(settings.dataDir().resolve("store"), floe.getConfig("store"));
    } catch (ConfigException | IllegalArgumentException e) {
      throw new NodeStartException("the configuration is wrong: " + e.getMessage(), e);
    }
    NodeIdentity.createDirectory(settings.dataDir());
    DirectoryLock lock = null;
    SegmentStore store = null;
    FloeNode started = null;
    try {
      lock = DirectoryLock.acquire(settings.dataDir());
      NodeIdentity found = NodeIdentity.loadOrMake(settings.dataDir(), settings.nodeId());
      store = opener.open(storeSettings);
      IdentityFile identity = new IdentityFile(settings.dataDir(), found, store.incarnation());
      started = startActors(settings, identity, floe, lock, store);
      return started;
    } catch (StoreException e) {
      throw new NodeStartException(String.valueOf(e.getMessage()), e);
    } catch (ConfigException e) {
      throw new NodeStartException("the configuration is wrong: " + e.getMessage(), e);
    } finally {
      if (started == null) {
        if (store != null) {
          store.close();
        }
        if (lock != null) {
          lock.close();
        }
      }
    }
  }

  private static StoreSettings storeSettings(Path directory, Config config) {
    return new StoreSettings(
        directory,
        io(config.getString("io")),
        config.getBytes("inflight-bytes-max"),
        config.getBytes("tail-cache-bytes"),
        config.getInt("open-files-max"),
        Math.toIntExact(config.getBytes("index-interval-bytes")),
        config.getBytes("hot-file-bytes"),
        config.getInt("pool-files-max"));
  }

  private static StoreSettings.Io io(String name) {
    for (StoreSettings.Io io : StoreSettings.Io.values()) {
      if (io.name().toLowerCase(Locale.ROOT).equals(name)) {
        return io;
      }
    }
    throw new IllegalArgumentException(
        "floe.store.io is \"" + name + "\" and must be auto, io_uring or file_channel");
  }

  private static FloeNode startActors(
      NodeSettings settings,
      IdentityFile identity,
      Config floe,
      DirectoryLock lock,
      SegmentStore store)
      throws NodeStartException {
    Duration startTimeout = floe.getDuration("node.start-timeout");
    Duration drainTimeout = floe.getDuration("node.drain-timeout");
    PartitionDirectory directory = new PartitionDirectory();
    AtomicBoolean isClosed = new AtomicBoolean();
    CompletableFuture<LogService> ready = new CompletableFuture<>();
    CompletableFuture<Throwable> failed = new CompletableFuture<>();
    NodeGuardian.Parts parts =
        new NodeGuardian.Parts(
            identity,
            metadataSettings(settings, floe.getConfig("metadata"), identity, store),
            settings.kafka(),
            store,
            floe.getBytes("partition.pending-bytes-max"),
            writerSettings(floe.getConfig("partition")),
            directory,
            ready,
            failed);
    ActorSystem<NodeGuardian.Command> system;
    try {
      system =
          ActorSystem.create(
              NodeGuardian.create(parts), SYSTEM_NAME, systemConfig(settings, identity));
    } catch (RuntimeException e) {
      throw new NodeStartException(
          "the actor system did not start on cluster address "
              + settings.cluster()
              + ": "
              + rootMessage(e),
          e);
    }
    var _ =
        system
            .getWhenTerminated()
            .whenComplete(
                (done, failure) -> {
                  directory.stopped();
                  // Without a cause from the node itself it was Pekko Cluster that removed it.
                  NodeRejoinException cause =
                      new NodeRejoinException(
                          "the actor system ended by itself, most likely because the cluster removed"
                              + " this node");
                  ready.completeExceptionally(cause);
                  if (!isClosed.get()) {
                    failed.complete(cause);
                  }
                });
    LogService service = null;
    try {
      join(Cluster.get(system), settings.seeds());
      service = ready.get(startTimeout.toMillis(), TimeUnit.MILLISECONDS);
      return new FloeNode(
          identity,
          settings.dataDir(),
          lock,
          store,
          system,
          service,
          failed,
          isClosed,
          drainTimeout);
    } catch (ExecutionException e) {
      throw e.getCause() instanceof NodeStartException refused
          ? refused
          : new NodeStartException("the node did not start: " + rootMessage(e), e);
    } catch (TimeoutException e) {
      throw new NodeStartException(
          "the node was not ready within floe.node.start-timeout = "
              + floe.getString("node.start-timeout"),
          e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new NodeStartException("the start was interrupted", e);
    } finally {
      if (service == null) {
        stop(system);
      }
    }
  }

  private static void join(Cluster cluster, List<HostPort> seeds) {
    Address self = cluster.selfMember().address();
    List<Address> addresses =
        seeds.stream()
            .map(seed -> Address.apply(self.protocol(), self.system(), seed.host(), seed.port()))
            .toList();
    if (addresses.stream().allMatch(self::equals)) {
      cluster.manager().tell(Join.create(self));
    } else {
      cluster.manager().tell(new JoinSeedNodes(CollectionConverters.asScala(addresses).toSeq()));
    }
  }

  private static Function<HostPort, MetadataSettings> metadataSettings(
      NodeSettings settings, Config metadata, IdentityFile identity, SegmentStore store) {
    MemberId self = new MemberId(identity.nodeId(), store.incarnation());
    return address ->
        new MetadataSettings(
            self,
            address,
            settings.seeds(),
            settings.foundCluster(),
            metadata.getInt("voters"),
            metadata.getDuration("tick"),
            metadata.getInt("snapshot-entries"),
            RaftSettings.DEFAULT);
  }

  private static WriterSettings writerSettings(Config partition) {
    return new WriterSettings(
        partition.getInt("inflight-batches-max"),
        partition.getBytes("inflight-bytes-max"),
        partition.getInt("roll-queue-batches-max"),
        partition.getBytes("roll-queue-bytes-max"));
  }

  private static Config config(NodeSettings settings) {
    return settings
        .config()
        .withFallback(ConfigFactory.parseResources("floe-node.conf"))
        .withFallback(ConfigFactory.defaultReference())
        .resolve();
  }

  private static Config systemConfig(NodeSettings settings, IdentityFile identity) {
    Map<String, Object> own =
        Map.of(
            // How the others find the metadata actor of a node by its id.
            "pekko.cluster.roles", List.of("broker", NodeGuardian.ROLE + identity.nodeId()),
            "pekko.remote.artery.canonical.hostname", settings.cluster().host(),
            "pekko.remote.artery.canonical.port", settings.cluster().port(),
            "floe.journal.dir", settings.dataDir().resolve("metadata").toString(),
            "floe.snapshot-store.dir", settings.dataDir().resolve("metadata-snapshots").toString());
    return ConfigFactory.parseMap(own).withFallback(config(settings)).resolve();
  }

  private static String rootMessage(Throwable failure) {
    Throwable root = failure;
    while (root.getCause() != null) {
      root = root.getCause();
    }
    return root.getMessage() == null ? root.toString() : root.getMessage();
  }

  public NodeId nodeId() {
    return identity.nodeId();
  }

  public String clusterId() {
    return Objects.requireNonNull(identity.clusterId());
  }

  public Path dataDir() {
    return dataDir;
  }

  /// Where Pekko Cluster listens.
  public HostPort clusterAddress() {
    var address = Cluster.get(system).selfMember().address();
    return new HostPort(address.getHost().get(), address.getPort().get());
  }

  /// `io_uring` or `file_channel`.
  public String ioName() {
    return store.ioName();
  }

  public LogService log() {
    return service;
  }

  /// The actor system, for streams that run in this process.
  public ActorSystem<?> system() {
    return system;
  }

  /// Completes with the cause when the node stopped by itself because something failed for good.
  /// [#close] is still to be called.
  public CompletionStage<Throwable> whenFailed() {
    return failed;
  }

  /// Stops: takes no more appends, waits for those in flight, leaves the cluster, closes the store.
  /// Idempotent. What is acknowledged stays; what is not is answered as unknown.
  @Override
  public void close() {
    if (isClosed.getAndSet(true)) {
      return;
    }
    CountDownLatch drained = new CountDownLatch(1);
    if (!failed.isDone()) {
      system.tell(new NodeGuardian.Drain(drained::countDown));
      try {
        if (!drained.await(drainTimeout.toMillis(), TimeUnit.MILLISECONDS)) {
          log.warn(
              "appends were still in flight after {}; they are answered as unknown", drainTimeout);
        }
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
      }
    }
    stop(system);
    store.close();
    lock.close();
  }

  private static void stop(ActorSystem<?> system) {
    system.terminate();
    try {
      system.getWhenTerminated().toCompletableFuture().get(20, TimeUnit.SECONDS);
    } catch (ExecutionException | CompletionException | TimeoutException e) {
      log.warn("the actor system did not stop cleanly: {}", e.toString());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
