package io.floe.journal;

import com.typesafe.config.Config;
import io.floe.storage.StoreException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.RejectedExecutionException;
import java.util.function.Predicate;
import org.apache.pekko.persistence.SelectedSnapshot;
import org.apache.pekko.persistence.SnapshotMetadata;
import org.apache.pekko.persistence.SnapshotSelectionCriteria;
import org.apache.pekko.persistence.serialization.Snapshot;
import org.apache.pekko.persistence.snapshot.japi.SnapshotStore;
import org.apache.pekko.serialization.Serialization;
import org.apache.pekko.serialization.SerializationExtension;
import org.apache.pekko.serialization.Serializers;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import scala.concurrent.Future;
import scala.jdk.javaapi.FutureConverters;

/// A Pekko Persistence snapshot store on local files, plugin id `floe.snapshot-store`.
///
/// A save is answered after the snapshot is durable. A snapshot that cannot be read is an error,
/// and by default no older one is tried: once events are deleted, an older snapshot leads to a
/// wrong state without anyone noticing. The key `max-load-attempts` allows it where no events are
/// deleted.
///
/// Thread-safety: an actor; files are touched by a thread of its own.
public final class FloeSnapshotStore extends SnapshotStore {
  private static final Logger LOG = LoggerFactory.getLogger(FloeSnapshotStore.class);
  private static final byte[] NO_METADATA = {};

  private final Config config;
  private final Serialization serialization;
  private final ExecutorService thread;
  private final int loadAttemptsMax;
  private @Nullable SnapshotFiles files;
  private @Nullable Exception openFailure;

  /// Called by Pekko with the plugin's section of the configuration.
  public FloeSnapshotStore(Config config) {
    this.config = config;
    this.serialization = SerializationExtension.get(context().system());
    this.loadAttemptsMax = config.getInt("max-load-attempts");
    if (loadAttemptsMax < 1) {
      throw new IllegalArgumentException(
          "max-load-attempts is " + loadAttemptsMax + ", must be at least 1");
    }
    this.thread =
        Executors.newSingleThreadExecutor(Thread.ofPlatform().name("floe-snapshots").factory());
  }

  @Override
  public void preStart() throws Exception {
    super.preStart();
    try {
      Path directory = JournalSettings.directory(config, "floe.snapshot-store.dir");
      files = SnapshotFiles.open(directory, PluginIo.open(config));
      LOG.atInfo().addKeyValue("dir", directory).log("snapshot store is open");
    } catch (StoreException | RuntimeException e) {
      openFailure = e;
      LOG.atError()
          .addKeyValue("cause", e.getMessage())
          .setCause(e)
          .log("snapshot store cannot be opened");
    }
  }

  @Override
  public void postStop() throws Exception {
    // Waits for what was asked for.
    thread.close();
    SnapshotFiles open = files;
    if (open != null) {
      open.close();
    }
    super.postStop();
  }

  @Override
  public Future<Optional<SelectedSnapshot>> doLoadAsync(
      String persistenceId, SnapshotSelectionCriteria criteria) {
    return onThread(() -> load(persistenceId, criteria));
  }

  private Optional<SelectedSnapshot> load(String persistenceId, SnapshotSelectionCriteria criteria)
      throws StoreException {
    SnapshotFiles open = open();
    List<SnapshotFiles.Snapshot> candidates =
        open.find(persistenceId, matching(persistenceId, criteria));
    StoreException newestFailure = null;
    for (SnapshotFiles.Snapshot candidate :
        candidates.subList(0, Math.min(loadAttemptsMax, candidates.size()))) {
      try {
        return Optional.of(decode(persistenceId, candidate, open.load(persistenceId, candidate)));
      } catch (StoreException e) {
        LOG.atError()
            .addKeyValue("persistenceId", persistenceId)
            .addKeyValue("sequence", candidate.sequence())
            .addKeyValue("cause", e.getMessage())
            .log("snapshot cannot be loaded");
        if (newestFailure == null) {
          newestFailure = e;
        }
      }
    }
    if (newestFailure != null) {
      throw newestFailure;
    }
    return Optional.empty();
  }

  @Override
  public Future<Void> doSaveAsync(SnapshotMetadata metadata, Object snapshot) {
    byte[] encoded;
    byte[] encodedMetadata;
    try {
      encoded = serialization.serialize(new Snapshot(snapshot)).get();
      encodedMetadata =
          metadata.metadata().isEmpty() ? NO_METADATA : encodeMetadata(metadata.metadata().get());
    } catch (RuntimeException e) {
      return FutureConverters.asScala(CompletableFuture.failedFuture(e));
    }
    return onThread(
        () -> {
          open()
              .save(
                  metadata.persistenceId(),
                  metadata.sequenceNr(),
                  metadata.timestamp(),
                  encodedMetadata,
                  encoded);
          return null;
        });
  }

  @Override
  public Future<Void> doDeleteAsync(SnapshotMetadata metadata) {
    // Timestamp 0 means: whichever has the sequence number.
    return onThread(
        () -> {
          open()
              .delete(
                  metadata.persistenceId(),
                  snapshot ->
                      snapshot.sequence() == metadata.sequenceNr()
                          && (metadata.timestamp() == 0
                              || snapshot.timestamp() == metadata.timestamp()));
          return null;
        });
  }

  @Override
  public Future<Void> doDeleteAsync(String persistenceId, SnapshotSelectionCriteria criteria) {
    return onThread(
        () -> {
          open().delete(persistenceId, matching(persistenceId, criteria));
          return null;
        });
  }

  private static Predicate<SnapshotFiles.Snapshot> matching(
      String persistenceId, SnapshotSelectionCriteria criteria) {
    return snapshot ->
        criteria.matches(
            new SnapshotMetadata(persistenceId, snapshot.sequence(), snapshot.timestamp()));
  }

  private SelectedSnapshot decode(
      String persistenceId, SnapshotFiles.Snapshot file, SnapshotFormat.Content content)
      throws StoreException {
    try {
      SnapshotMetadata metadata =
          new SnapshotMetadata(persistenceId, file.sequence(), file.timestamp());
      if (content.metadata.length > 0) {
        metadata = metadata.withMetadata(decodeMetadata(content.metadata));
      }
      Snapshot snapshot = serialization.deserialize(content.snapshot, Snapshot.class).get();
      return SelectedSnapshot.create(metadata, snapshot.data());
    } catch (RuntimeException e) {
      throw new StoreException(
          StoreException.Category.IO,
          "snapshot " + file.path() + " cannot be deserialized: " + e.getMessage(),
          e);
    }
  }

  /// Serializer id, manifest, bytes: what deserializing needs.
  private byte[] encodeMetadata(Object metadata) {
    byte[] bytes = serialization.serialize(metadata).get();
    var serializer = serialization.findSerializerFor(metadata);
    byte[] manifest =
        Serializers.manifestFor(serializer, metadata).getBytes(StandardCharsets.UTF_8);
    return ByteBuffer.allocate(2 * Integer.BYTES + manifest.length + bytes.length)
        .putInt(serializer.identifier())
        .putInt(manifest.length)
        .put(manifest)
        .put(bytes)
        .array();
  }

  private Object decodeMetadata(byte[] encoded) {
    ByteBuffer buffer = ByteBuffer.wrap(encoded);
    int serializer = buffer.getInt();
    byte[] manifest = new byte[buffer.getInt()];
    buffer.get(manifest);
    byte[] bytes = new byte[buffer.remaining()];
    buffer.get(bytes);
    return serialization
        .deserialize(bytes, serializer, new String(manifest, StandardCharsets.UTF_8))
        .get();
  }

  private SnapshotFiles open() {
    SnapshotFiles open = files;
    if (open == null) {
      Exception cause = openFailure;
      throw new IllegalStateException(
          "snapshot store is not open: " + (cause == null ? "not started" : cause.getMessage()),
          cause);
    }
    return open;
  }

  private <T extends @Nullable Object> Future<T> onThread(Callable<T> work) {
    CompletableFuture<T> result = new CompletableFuture<>();
    try {
      thread.execute(
          () -> {
            try {
              result.complete(work.call());
            } catch (Exception e) {
              result.completeExceptionally(e);
            }
          });
    } catch (RejectedExecutionException e) {
      result.completeExceptionally(e);
    }
    return FutureConverters.asScala(result);
  }
}
