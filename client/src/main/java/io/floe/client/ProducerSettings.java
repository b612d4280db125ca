package io.floe.client;

import com.typesafe.config.Config;
import io.floe.actors.log.LogService;
import io.floe.model.batch.Compression;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.apache.pekko.actor.ClassicActorSystemProvider;

/// How a flow or sink writes. Made from `floe.client.producer` in the configuration, changed by the
/// `with…` methods. Immutable.
///
/// @param log the node that is written to
/// @param batchBytesMax size at which a batch is closed, before compression
/// @param linger how long a batch waits to be filled; zero for as long as one of its partition's
///   batches is on the way
/// @param recordBytesMax the largest record: key, value and headers
/// @param parallelism messages taken in and not answered yet
/// @param bufferBytesMax bytes of the records taken in and not answered yet
/// @param maxInFlightBatches batches of one partition on the way at once
/// @param retryBackoff pause before a batch that was refused is sent again
/// @param deliveryTimeout from a batch's first record to its acknowledgement
public record ProducerSettings<K, V>(
    LogService log,
    Serializer<K> keySerializer,
    Serializer<V> valueSerializer,
    int batchBytesMax,
    Duration linger,
    int recordBytesMax,
    int parallelism,
    int bufferBytesMax,
    int maxInFlightBatches,
    Compression compression,
    Duration retryBackoff,
    Duration deliveryTimeout) {
  /// Where the defaults are.
  public static final String CONFIG_PATH = "floe.client.producer";

  /// The log remembers this many batches of a producer to recognise one that comes again.
  private static final int REMEMBERED_BATCHES = 5;

  public ProducerSettings {
    List<String> problems = new ArrayList<>();
    Settings.requireAtLeastOne(problems, "batch-bytes-max", batchBytesMax);
    Settings.requireAtLeastOne(problems, "record-bytes-max", recordBytesMax);
    Settings.requireAtLeastOne(problems, "parallelism", parallelism);
    Settings.requireAtLeastOne(problems, "buffer-bytes-max", bufferBytesMax);
    if (linger.isNegative()) {
      problems.add("linger is " + linger + ", must not be negative");
    }
    if (maxInFlightBatches < 1 || maxInFlightBatches > REMEMBERED_BATCHES) {
      problems.add(
          "max-in-flight-batches is "
              + maxInFlightBatches
              + ", must be 1 to "
              + REMEMBERED_BATCHES);
    }
    Settings.requirePositive(problems, "retry-backoff", retryBackoff);
    Settings.requirePositive(problems, "delivery-timeout", deliveryTimeout);
    if (deliveryTimeout.compareTo(linger) <= 0) {
      problems.add("delivery-timeout is " + deliveryTimeout + ", must be longer than linger");
    }
    Settings.refuse("producer settings", problems);
  }

  /// The settings of the actor system's configuration.
  ///
  /// @param log a node's log, such as `FloeNode.log()`
  public static <K, V> ProducerSettings<K, V> create(
      ClassicActorSystemProvider system,
      LogService log,
      Serializer<K> keySerializer,
      Serializer<V> valueSerializer) {
    return create(
        system.classicSystem().settings().config().getConfig(CONFIG_PATH),
        log,
        keySerializer,
        valueSerializer);
  }

  /// The settings of a section with the layout of `floe.client.producer`.
  public static <K, V> ProducerSettings<K, V> create(
      Config config, LogService log, Serializer<K> keySerializer, Serializer<V> valueSerializer) {
    return new ProducerSettings<>(
        log,
        keySerializer,
        valueSerializer,
        Settings.bytes(config, "batch-bytes-max"),
        config.getDuration("linger"),
        Settings.bytes(config, "record-bytes-max"),
        config.getInt("parallelism"),
        Settings.bytes(config, "buffer-bytes-max"),
        config.getInt("max-in-flight-batches"),
        Settings.choice(config, "compression", Compression.class),
        config.getDuration("retry-backoff"),
        config.getDuration("delivery-timeout"));
  }

  public ProducerSettings<K, V> withBatchBytesMax(int batchBytesMax) {
    return new ProducerSettings<>(
        log,
        keySerializer,
        valueSerializer,
        batchBytesMax,
        linger,
        recordBytesMax,
        parallelism,
        bufferBytesMax,
        maxInFlightBatches,
        compression,
        retryBackoff,
        deliveryTimeout);
  }

  public ProducerSettings<K, V> withLinger(Duration linger) {
    return new ProducerSettings<>(
        log,
        keySerializer,
        valueSerializer,
        batchBytesMax,
        linger,
        recordBytesMax,
        parallelism,
        bufferBytesMax,
        maxInFlightBatches,
        compression,
        retryBackoff,
        deliveryTimeout);
  }

  public ProducerSettings<K, V> withRecordBytesMax(int recordBytesMax) {
    return new ProducerSettings<>(
        log,
        keySerializer,
        valueSerializer,
        batchBytesMax,
        linger,
        recordBytesMax,
        parallelism,
        bufferBytesMax,
        maxInFlightBatches,
        compression,
        retryBackoff,
        deliveryTimeout);
  }

  public ProducerSettings<K, V> withParallelism(int parallelism) {
    return new ProducerSettings<>(
        log,
        keySerializer,
        valueSerializer,
        batchBytesMax,
        linger,
        recordBytesMax,
        parallelism,
        bufferBytesMax,
        maxInFlightBatches,
        compression,
        retryBackoff,
        deliveryTimeout);
  }

  public ProducerSettings<K, V> withBufferBytesMax(int bufferBytesMax) {
    return new ProducerSettings<>(
        log,
        keySerializer,
        valueSerializer,
        batchBytesMax,
        linger,
        recordBytesMax,
        parallelism,
        bufferBytesMax,
        maxInFlightBatches,
        compression,
        retryBackoff,
        deliveryTimeout);
  }

  public ProducerSettings<K, V> withMaxInFlightBatches(int maxInFlightBatches) {
    return new ProducerSettings<>(
        log,
        keySerializer,
        valueSerializer,
        batchBytesMax,
        linger,
        recordBytesMax,
        parallelism,
        bufferBytesMax,
        maxInFlightBatches,
        compression,
        retryBackoff,
        deliveryTimeout);
  }

  public ProducerSettings<K, V> withCompression(Compression compression) {
    return new ProducerSettings<>(
        log,
        keySerializer,
        valueSerializer,
        batchBytesMax,
        linger,
        recordBytesMax,
        parallelism,
        bufferBytesMax,
        maxInFlightBatches,
        compression,
        retryBackoff,
        deliveryTimeout);
  }

  public ProducerSettings<K, V> withRetryBackoff(Duration retryBackoff) {
    return new ProducerSettings<>(
        log,
        keySerializer,
        valueSerializer,
        batchBytesMax,
        linger,
        recordBytesMax,
        parallelism,
        bufferBytesMax,
        maxInFlightBatches,
        compression,
        retryBackoff,
        deliveryTimeout);
  }

  public ProducerSettings<K, V> withDeliveryTimeout(Duration deliveryTimeout) {
    return new ProducerSettings<>(
        log,
        keySerializer,
        valueSerializer,
        batchBytesMax,
        linger,
        recordBytesMax,
        parallelism,
        bufferBytesMax,
        maxInFlightBatches,
        compression,
        retryBackoff,
        deliveryTimeout);
  }
}
