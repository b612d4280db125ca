package io.floe.journal;

import com.typesafe.config.Config;
import io.floe.storage.StoreException;
import java.io.NotSerializableException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Executor;
import java.util.function.Consumer;
import java.util.function.Function;
import org.apache.pekko.persistence.AtomicWrite;
import org.apache.pekko.persistence.PersistentRepr;
import org.apache.pekko.persistence.journal.japi.AsyncWriteJournal;
import org.apache.pekko.serialization.Serialization;
import org.apache.pekko.serialization.SerializationExtension;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import scala.concurrent.Future;
import scala.jdk.javaapi.CollectionConverters;
import scala.jdk.javaapi.FutureConverters;

/// A Pekko Persistence journal on local files, plugin id `floe.journal`.
///
/// - A write is answered after it is synced to disk. An `AtomicWrite` is stored whole or not at
///   all.
/// - A write is rejected only when an event cannot be serialized or is too large: it is then
///   certain that it is not stored. Every other trouble fails the write, and the actor with it.
/// - After a failed write or sync, and when the journal could not be opened, every operation fails
///   with the reason until the actor system (or this plugin) is started again.
/// - The highest sequence number of an id never falls, whatever is deleted or reclaimed.
///
/// Units: sizes in `reference.conf` are bytes. Thread-safety: an actor. Source: the plugin contract
/// in Pekko's `AsyncWriteJournal`.
public final class FloeJournal extends AsyncWriteJournal {
  private static final Logger LOG = LoggerFactory.getLogger(FloeJournal.class);

  private final Config config;
  private final Serialization serialization;
  private final Executor replayExecutor;
  private final int writeBytesMax;
  private @Nullable JournalStore store;
  private @Nullable Exception openFailure;

  /// Called by Pekko with the plugin's section of the configuration.
  public FloeJournal(Config config) {
    this.config = config;
    this.serialization = SerializationExtension.get(context().system());
    this.replayExecutor =
        context().system().dispatchers().lookup(config.getString("replay-dispatcher"));
    this.writeBytesMax = JournalSettings.bytes(config, "write-bytes-max");
  }

  @Override
  public void preStart() throws Exception {
    super.preStart();
    try {
      JournalSettings settings = JournalSettings.of(config);
      store = JournalStore.open(settings, PluginIo.open(config));
      LOG.atInfo().addKeyValue("dir", settings.directory()).log("journal is open");
    } catch (StoreException | RuntimeException e) {
      // Throwing would leave persistent actors waiting for a time-out instead of a reason.
      openFailure = e;
      LOG.atError()
          .addKeyValue("cause", e.getMessage())
          .setCause(e)
          .log("journal cannot be opened");
    }
  }

  @Override
  public void postStop() throws Exception {
    JournalStore open = store;
    if (open != null) {
      open.close();
    }
    super.postStop();
  }

  @Override
  public Future<Iterable<Optional<Exception>>> doAsyncWriteMessages(
      Iterable<AtomicWrite> messages) {
    List<Optional<Exception>> rejections = new ArrayList<>();
    List<JournalStore.Write> writes = new ArrayList<>();
    for (AtomicWrite message : messages) {
      try {
        writes.add(encode(message));
        rejections.add(Optional.empty());
      } catch (NotSerializableException | RuntimeException e) {
        LOG.atWarn()
            .addKeyValue("persistenceId", message.persistenceId())
            .addKeyValue("sequence", message.lowestSequenceNr())
            .addKeyValue("cause", e.toString())
            .log("event rejected");
        rejections.add(Optional.of(e));
      }
    }
    return withStore(
        open ->
            open.write(writes).thenApply(ignored -> (Iterable<Optional<Exception>>) rejections));
  }

  @Override
  public Future<Void> doAsyncDeleteMessagesTo(String persistenceId, long toSequenceNr) {
    return withStore(open -> open.deleteTo(persistenceId, toSequenceNr));
  }

  @Override
  public Future<Void> doAsyncReplayMessages(
      String persistenceId,
      long fromSequenceNr,
      long toSequenceNr,
      long max,
      Consumer<PersistentRepr> replayCallback) {
    return withStore(
        open ->
            open.replay(
                persistenceId,
                fromSequenceNr,
                toSequenceNr,
                max,
                replayExecutor,
                event -> replayCallback.accept(decode(event))));
  }

  @Override
  public Future<Long> doAsyncReadHighestSequenceNr(String persistenceId, long fromSequenceNr) {
    return withStore(open -> open.highestSequence(persistenceId));
  }

  private JournalStore.Write encode(AtomicWrite message) throws NotSerializableException {
    List<PersistentRepr> events = CollectionConverters.asJava(message.payload());
    long[] sequences = new long[events.size()];
    List<byte[]> encoded = new ArrayList<>(events.size());
    for (int i = 0; i < sequences.length; i++) {
      PersistentRepr event = events.get(i);
      if (event.timestamp() == 0) {
        event = event.withTimestamp(System.currentTimeMillis());
      }
      sequences[i] = event.sequenceNr();
      encoded.add(serialization.serialize(event).get());
    }
    JournalStore.Write write = new JournalStore.Write(message.persistenceId(), sequences, encoded);
    if (write.entry.length > writeBytesMax) {
      throw new NotSerializableException(
          "atomic write of "
              + message.persistenceId()
              + " from sequence number "
              + sequences[0]
              + " has "
              + write.entry.length
              + " bytes, write-bytes-max is "
              + writeBytesMax);
    }
    return write;
  }

  private PersistentRepr decode(byte[] event) {
    return serialization.deserialize(event, PersistentRepr.class).get();
  }

  private <T extends @Nullable Object> Future<T> withStore(
      Function<JournalStore, CompletionStage<T>> operation) {
    JournalStore open = store;
    return FutureConverters.asScala(
        open == null ? CompletableFuture.failedFuture(notOpen()) : operation.apply(open));
  }

  private Exception notOpen() {
    Exception cause = openFailure;
    return new IllegalStateException(
        "journal is not open: " + (cause == null ? "not started" : cause.getMessage()), cause);
  }
}
