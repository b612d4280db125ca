package io.floe.gateway.tool;

import io.floe.gateway.tool.RemoteException.Kind;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.header.Header;
import org.apache.kafka.common.header.internals.RecordHeader;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.jspecify.annotations.Nullable;

/// Sends records, in batches, in the order of the calls within each partition.
///
/// Thread-safety: any thread. Errors: a future fails with [RemoteException].
public final class RemoteProducer implements AutoCloseable {
  private final KafkaProducer<byte[], byte[]> producer;

  private RemoteProducer(KafkaProducer<byte[], byte[]> producer) {
    this.producer = producer;
  }

  static RemoteProducer open(String bootstrap, ProduceOptions options) {
    Map<String, Object> settings = new HashMap<>();
    settings.put(ProducerConfig.BOOTSTRAP_SERVERS_CONFIG, bootstrap);
    settings.put(ProducerConfig.CLIENT_ID_CONFIG, "floe-tool");
    settings.put(
        ProducerConfig.ACKS_CONFIG,
        switch (options.acks()) {
          case NONE -> "0";
          case WRITER -> "1";
          case QUORUM -> "all";
        });
    settings.put(
        ProducerConfig.ENABLE_IDEMPOTENCE_CONFIG, options.acks() == ProduceOptions.Acks.QUORUM);
    settings.put(
        ProducerConfig.COMPRESSION_TYPE_CONFIG,
        options.compression().name().toLowerCase(Locale.ROOT));
    int timeoutMillis = Math.toIntExact(options.timeout().toMillis());
    int lingerMillis = Math.toIntExact(Math.min(options.linger().toMillis(), timeoutMillis / 2));
    settings.put(ProducerConfig.LINGER_MS_CONFIG, lingerMillis);
    settings.put(ProducerConfig.DELIVERY_TIMEOUT_MS_CONFIG, timeoutMillis);
    settings.put(ProducerConfig.REQUEST_TIMEOUT_MS_CONFIG, timeoutMillis - lingerMillis);
    settings.put(ProducerConfig.MAX_BLOCK_MS_CONFIG, timeoutMillis);
    settings.put(ProducerConfig.BATCH_SIZE_CONFIG, 128 * 1024);
    settings.put(ProducerConfig.METRIC_REPORTER_CLASSES_CONFIG, "");
    settings.put(ProducerConfig.ENABLE_METRICS_PUSH_CONFIG, false);
    return new RemoteProducer(
        RemoteFailures.translating(
            "open a producer to " + bootstrap,
            () ->
                new KafkaProducer<>(
                    settings, new ByteArraySerializer(), new ByteArraySerializer())));
  }

  /// Sends one record. Blocks while too much is unsent.
  ///
  /// @param partition -1 to choose by the key's hash, or to spread keyless records
  /// @param timestamp milliseconds since the epoch, -1 for now
  public CompletableFuture<Position> send(
      String topic,
      int partition,
      byte @Nullable [] key,
      byte @Nullable [] value,
      List<RemoteHeader> headers,
      long timestamp) {
    CompletableFuture<Position> result = new CompletableFuture<>();
    String action = "produce to " + topic;
    try {
      List<Header> kafkaHeaders =
          headers.stream().<Header>map(h -> new RecordHeader(h.name(), h.value())).toList();
      ProducerRecord<byte[], byte[]> record =
          new ProducerRecord<>(
              topic,
              partition == -1 ? null : partition,
              timestamp == -1 ? null : timestamp,
              key,
              value,
              kafkaHeaders);
      var _ =
          producer.send(
              record,
              (place, failure) -> {
                if (failure == null) {
                  result.complete(new Position(place.partition(), place.offset()));
                } else {
                  result.completeExceptionally(RemoteFailures.of(action, failure));
                }
              });
    } catch (KafkaException e) {
      result.completeExceptionally(RemoteFailures.of(action, e));
    } catch (IllegalArgumentException | IllegalStateException e) {
      result.completeExceptionally(
          new RemoteException(action + ": " + e.getMessage(), Kind.INVALID, e));
    }
    return result;
  }

  /// Returns when the fate of every record sent so far is known.
  public void flush() {
    RemoteFailures.translating(
        "flush",
        () -> {
          producer.flush();
          return this;
        });
  }

  /// Sends what is left, for at most 30 s; then the rest fails.
  @Override
  public void close() {
    RemoteFailures.translating(
        "close the producer",
        () -> {
          producer.close(Duration.ofSeconds(30));
          return this;
        });
  }
}
