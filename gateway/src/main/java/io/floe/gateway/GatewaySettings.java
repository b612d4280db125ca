package io.floe.gateway;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigException;
import io.floe.consensus.metadata.core.MetadataLimits;
import io.floe.gateway.network.NetworkSettings;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Supplier;

/// The gateway's settings. Meanings, units, defaults and reasons stand in `reference.conf`, under
/// `floe.gateway`.
///
/// Errors: [#of] throws `IllegalArgumentException` with all mistakes together.
public record GatewaySettings(
    String listenHost,
    int listenPort,
    String advertisedHost,
    int advertisedPort,
    int readThreads,
    NetworkSettings network,
    long responseMemoryBytes,
    int fetchBytesMax,
    Duration fetchWaitMax,
    int batchBytesMax,
    int topicNameLengthMax,
    boolean isAutoCreateTopics,
    int defaultPartitions,
    int defaultReplicationFactor) {
  private static final int NETWORK_THREADS_DEFAULT_MAX = 8;

  /// Reads `floe.gateway` of a resolved configuration.
  public static GatewaySettings of(Config config) {
    return new Reader(config.getConfig("floe.gateway")).read();
  }

  /// Collects the mistakes of all settings, so that they can be mended at once.
  private static final class Reader {
    private final Config config;
    private final List<String> mistakes = new ArrayList<>();

    Reader(Config config) {
      this.config = config;
    }

    GatewaySettings read() {
      int processors = Runtime.getRuntime().availableProcessors();
      int requestBytesMax = bytes("request-bytes-max", 1 << 10, 1 << 30);
      int batchBytesMax = bytes("batch-bytes-max", 1 << 10, 1 << 30);
      if (batchBytesMax > requestBytesMax) {
        mistakes.add(
            "batch-bytes-max "
                + batchBytesMax
                + " does not fit in a request (request-bytes-max "
                + requestBytesMax
                + ")");
      }
      NetworkSettings network =
          new NetworkSettings(
              orElse(number("network-threads", 0, 1_024), () -> defaultNetworkThreads(processors)),
              number("connections-max", 1, 1_000_000),
              number("connections-per-address-max", 1, 1_000_000),
              duration("idle-timeout", Duration.ofSeconds(1), Duration.ofDays(10)),
              duration("transfer-timeout", Duration.ofMillis(100), Duration.ofDays(1)),
              bytes("transfer-rate-min", 1, 1 << 30),
              requestBytesMax,
              longBytes("request-memory", 1 << 10, 1L << 40),
              number("in-flight-requests-max", 1, 100_000),
              longBytes("in-flight-bytes-max", 1, 1L << 40),
              bytes("send-buffer", 0, 1 << 30),
              bytes("receive-buffer", 0, 1 << 30),
              duration("shutdown-timeout", Duration.ZERO, Duration.ofMinutes(10)));
      GatewaySettings settings =
          new GatewaySettings(
              text("listen-host"),
              number("listen-port", 0, 65_535),
              text("advertised-host"),
              number("advertised-port", 0, 65_535),
              orElse(number("read-threads", 0, 1_024), () -> Math.max(4, 2 * processors)),
              network,
              longBytes("response-memory", 1 << 10, 1L << 40),
              bytes("fetch-bytes-max", 1, 1 << 30),
              duration("fetch-wait-max", Duration.ZERO, Duration.ofHours(1)),
              batchBytesMax,
              number("topic-name-length-max", 1, MetadataLimits.TOPIC_NAME_LENGTH_MAX),
              flag("auto-create-topics"),
              number("default-partitions", 1, MetadataLimits.TOPIC_PARTITIONS_MAX),
              number("default-replication-factor", 1, MetadataLimits.REPLICATION_FACTOR_MAX));
      if (!mistakes.isEmpty()) {
        throw new IllegalArgumentException("floe.gateway: " + String.join("; ", mistakes));
      }
      return settings;
    }

    private static int defaultNetworkThreads(int processors) {
      return Math.min(NETWORK_THREADS_DEFAULT_MAX, processors);
    }

    private static int orElse(int value, Supplier<Integer> other) {
      return value == 0 ? other.get() : value;
    }

    private <T extends Comparable<T>> T checked(
        String name, Supplier<T> read, T min, T max, String unit) {
      try {
        T value = read.get();
        if (value.compareTo(min) < 0 || value.compareTo(max) > 0) {
          mistakes.add(name + " is " + value + unit + ", not from " + min + " to " + max);
        }
        return value;
      } catch (ConfigException e) {
        mistakes.add(name + ": " + e.getMessage());
        return min;
      }
    }

    private int number(String name, int min, int max) {
      return checked(name, () -> config.getInt(name), min, max, "");
    }

    private int bytes(String name, int min, int max) {
      return (int) longBytes(name, min, max);
    }

    private long longBytes(String name, long min, long max) {
      return checked(name, () -> config.getBytes(name), min, max, " bytes");
    }

    private Duration duration(String name, Duration min, Duration max) {
      return checked(name, () -> config.getDuration(name), min, max, "");
    }

    private String text(String name) {
      try {
        return config.getString(name);
      } catch (ConfigException e) {
        mistakes.add(name + ": " + e.getMessage());
        return "";
      }
    }

    private boolean flag(String name) {
      try {
        return config.getBoolean(name);
      } catch (ConfigException e) {
        mistakes.add(name + ": " + e.getMessage());
        return false;
      }
    }
  }
}
