package io.floe.gateway.kafka;

import io.floe.gateway.GatewaySettings;
import java.util.List;
import org.apache.kafka.common.requests.DescribeConfigsResponse.ConfigType;

/// What this node shows of its settings to tools that ask for a broker's configs: those that have a
/// Kafka name, under that name. To look at only; they are set in the node's configuration.
final class BrokerConfigs {
  private final List<Entry> entries;

  /// One setting.
  record Entry(String name, String value, ConfigType type, String describe) {}

  BrokerConfigs(GatewaySettings settings) {
    entries =
        List.of(
            new Entry(
                "auto.create.topics.enable",
                Boolean.toString(settings.isAutoCreateTopics()),
                ConfigType.BOOLEAN,
                "Whether topics are created by being used (floe.gateway.auto-create-topics)."),
            new Entry(
                "connections.max.idle.ms",
                Long.toString(settings.network().idleTimeout().toMillis()),
                ConfigType.LONG,
                "When an idle connection is closed (floe.gateway.idle-timeout)."),
            number(
                "default.replication.factor",
                settings.defaultReplicationFactor(),
                "Copies of a topic that does not say (floe.gateway.default-replication-factor)."),
            number(
                "fetch.max.bytes",
                settings.fetchBytesMax(),
                "Bound on the records of one fetch answer (floe.gateway.fetch-bytes-max)."),
            number(
                "max.connections",
                settings.network().connectionsMax(),
                "Open connections (floe.gateway.connections-max)."),
            number(
                "max.connections.per.ip",
                settings.network().connectionsPerAddressMax(),
                "Open connections from one address (floe.gateway.connections-per-address-max)."),
            number(
                "message.max.bytes",
                settings.batchBytesMax(),
                "Largest batch of any topic (floe.gateway.batch-bytes-max)."),
            number(
                "num.network.threads",
                settings.network().networkThreads(),
                "Threads that read and send (floe.gateway.network-threads)."),
            number(
                "num.partitions",
                settings.defaultPartitions(),
                "Partitions of a topic that does not say (floe.gateway.default-partitions)."),
            number(
                "socket.request.max.bytes",
                settings.network().requestBytesMax(),
                "Largest request (floe.gateway.request-bytes-max)."));
  }

  private static Entry number(String name, int value, String describe) {
    return new Entry(name, Integer.toString(value), ConfigType.INT, describe);
  }

  List<Entry> all() {
    return entries;
  }
}
