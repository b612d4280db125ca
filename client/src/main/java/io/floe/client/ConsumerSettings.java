package io.floe.client;

import com.typesafe.config.Config;
import io.floe.actors.log.LogService;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.apache.pekko.actor.ClassicActorSystemProvider;

/// How a source reads. Made from `floe.client.consumer` in the configuration, changed by the
/// `with…` methods. Immutable.
///
/// @param log the node that is read
/// @param fetchBytesMax bound of one read; a batch that is larger is still read whole
/// @param bufferBytesMax bound of the bytes that one stream holds, as they lie in the log; at most
///   one over-sized batch for each read under way comes on top
/// @param decompressedBytesMax the most that one batch may decompress to
/// @param outOfRange what to do when the wanted offset is not in the log
/// @param retryBackoff pause before a read that failed is tried again
/// @param unavailableTimeout how long a partition may fail before the stream does
/// @param partitionRefreshInterval how often a stream over whole topics looks for new partitions
/// @param dispatcher path of the dispatcher that reads run on; reads block
public record ConsumerSettings<K, V>(
    LogService log,
    Deserializer<K> keyDeserializer,
    Deserializer<V> valueDeserializer,
    int fetchBytesMax,
    int bufferBytesMax,
    int decompressedBytesMax,
    OutOfRangePolicy outOfRange,
    Duration retryBackoff,
    Duration unavailableTimeout,
    Duration partitionRefreshInterval,
    String dispatcher) {
  /// Where the defaults are.
  public static final String CONFIG_PATH = "floe.client.consumer";

  private static final int FETCH_BYTES_MIN = 1024;

  public ConsumerSettings {
    List<String> problems = new ArrayList<>();
    if (fetchBytesMax < FETCH_BYTES_MIN) {
      problems.add("fetch-bytes-max is " + fetchBytesMax + ", must be at least " + FETCH_BYTES_MIN);
    }
    // A read starts when the buffer is at most half full: what it brings must fit into the rest.
    if (bufferBytesMax < 2L * fetchBytesMax) {
      problems.add(
          "buffer-bytes-max is "
              + bufferBytesMax
              + ", must be at least twice fetch-bytes-max ("
              + fetchBytesMax
              + ")");
    }
    if (decompressedBytesMax < 1) {
      problems.add("decompressed-bytes-max is " + decompressedBytesMax + ", must be at least 1");
    }
    Settings.requirePositive(problems, "retry-backoff", retryBackoff);
    Settings.requirePositive(problems, "unavailable-timeout", unavailableTimeout);
    Settings.requirePositive(problems, "partition-refresh-interval", partitionRefreshInterval);
    if (dispatcher.isEmpty()) {
      problems.add("dispatcher is empty");
    }
    Settings.refuse("consumer settings", problems);
  }

  /// The settings of the actor system's configuration.
  ///
  /// @param log a node's log, such as `FloeNode.log()`
  public static <K, V> ConsumerSettings<K, V> create(
      ClassicActorSystemProvider system,
      LogService log,
      Deserializer<K> keyDeserializer,
      Deserializer<V> valueDeserializer) {
    return create(
        system.classicSystem().settings().config().getConfig(CONFIG_PATH),
        log,
        keyDeserializer,
        valueDeserializer);
  }

  /// The settings of a section with the layout of `floe.client.consumer`.
  public static <K, V> ConsumerSettings<K, V> create(
      Config config,
      LogService log,
      Deserializer<K> keyDeserializer,
      Deserializer<V> valueDeserializer) {
    return new ConsumerSettings<>(
        log,
        keyDeserializer,
        valueDeserializer,
        Settings.bytes(config, "fetch-bytes-max"),
        Settings.bytes(config, "buffer-bytes-max"),
        Settings.bytes(config, "decompressed-bytes-max"),
        Settings.choice(config, "out-of-range", OutOfRangePolicy.class),
        config.getDuration("retry-backoff"),
        config.getDuration("unavailable-timeout"),
        config.getDuration("partition-refresh-interval"),
        config.getString("dispatcher"));
  }

  public ConsumerSettings<K, V> withFetchBytesMax(int fetchBytesMax) {
    return new ConsumerSettings<>(
        log,
        keyDeserializer,
        valueDeserializer,
        fetchBytesMax,
        bufferBytesMax,
        decompressedBytesMax,
        outOfRange,
        retryBackoff,
        unavailableTimeout,
        partitionRefreshInterval,
        dispatcher);
  }

  public ConsumerSettings<K, V> withBufferBytesMax(int bufferBytesMax) {
    return new ConsumerSettings<>(
        log,
        keyDeserializer,
        valueDeserializer,
        fetchBytesMax,
        bufferBytesMax,
        decompressedBytesMax,
        outOfRange,
        retryBackoff,
        unavailableTimeout,
        partitionRefreshInterval,
        dispatcher);
  }

  public ConsumerSettings<K, V> withDecompressedBytesMax(int decompressedBytesMax) {
    return new ConsumerSettings<>(
        log,
        keyDeserializer,
        valueDeserializer,
        fetchBytesMax,
        bufferBytesMax,
        decompressedBytesMax,
        outOfRange,
        retryBackoff,
        unavailableTimeout,
        partitionRefreshInterval,
        dispatcher);
  }

  public ConsumerSettings<K, V> withOutOfRange(OutOfRangePolicy outOfRange) {
    return new ConsumerSettings<>(
        log,
        keyDeserializer,
        valueDeserializer,
        fetchBytesMax,
        bufferBytesMax,
        decompressedBytesMax,
        outOfRange,
        retryBackoff,
        unavailableTimeout,
        partitionRefreshInterval,
        dispatcher);
  }

  public ConsumerSettings<K, V> withRetryBackoff(Duration retryBackoff) {
    return new ConsumerSettings<>(
        log,
        keyDeserializer,
        valueDeserializer,
        fetchBytesMax,
        bufferBytesMax,
        decompressedBytesMax,
        outOfRange,
        retryBackoff,
        unavailableTimeout,
        partitionRefreshInterval,
        dispatcher);
  }

  public ConsumerSettings<K, V> withUnavailableTimeout(Duration unavailableTimeout) {
    return new ConsumerSettings<>(
        log,
        keyDeserializer,
        valueDeserializer,
        fetchBytesMax,
        bufferBytesMax,
        decompressedBytesMax,
        outOfRange,
        retryBackoff,
        unavailableTimeout,
        partitionRefreshInterval,
        dispatcher);
  }

  public ConsumerSettings<K, V> withPartitionRefreshInterval(Duration partitionRefreshInterval) {
    return new ConsumerSettings<>(
        log,
        keyDeserializer,
        valueDeserializer,
        fetchBytesMax,
        bufferBytesMax,
        decompressedBytesMax,
        outOfRange,
        retryBackoff,
        unavailableTimeout,
        partitionRefreshInterval,
        dispatcher);
  }

  public ConsumerSettings<K, V> withDispatcher(String dispatcher) {
    return new ConsumerSettings<>(
        log,
        keyDeserializer,
        valueDeserializer,
        fetchBytesMax,
        bufferBytesMax,
        decompressedBytesMax,
        outOfRange,
        retryBackoff,
        unavailableTimeout,
        partitionRefreshInterval,
        dispatcher);
  }
}
