package io.floe.consensus.metadata.core;

import io.floe.consensus.metadata.core.TopicConfig.ValueType;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.pcollections.TreePMap;

/// Every setting that a topic can have, in name order. Whatever is not here is refused: a setting
/// that is silently ignored is a promise that is not kept.
public final class TopicConfigs {
  private static final String NO_COMPACTION =
      " Kept; has no effect yet, as nothing compacts a log yet.";
  private static final String NO_RETENTION =
      " Kept; has no effect yet, as nothing deletes old segments yet.";
  private static final String ALWAYS_SYNCED =
      " Accepted with any value: every record is synced before it is acknowledged, which is at"
          + " least as strict.";

  public static final TopicConfig CLEANUP_POLICY =
      TopicConfig.word(
          "cleanup.policy",
          ValueType.LIST,
          "delete",
          List.of("delete", "compact"),
          "What happens to old records: delete whole segments, or keep the last record of each key."
              + " Kept; has no effect yet, as old segments are neither deleted nor compacted yet.");
  public static final TopicConfig COMPRESSION_TYPE =
      TopicConfig.word(
          "compression.type",
          ValueType.STRING,
          "producer",
          List.of("producer"),
          "Batches stay compressed as the producer sent them.");
  public static final TopicConfig DELETE_RETENTION_MS =
      TopicConfig.number(
          "delete.retention.ms",
          ValueType.LONG,
          86_400_000,
          0,
          Long.MAX_VALUE,
          "Milliseconds that a delete marker outlives compaction." + NO_COMPACTION);
  public static final TopicConfig FLUSH_MESSAGES =
      TopicConfig.number(
          "flush.messages",
          ValueType.LONG,
          Long.MAX_VALUE,
          1,
          Long.MAX_VALUE,
          "Records between two syncs." + ALWAYS_SYNCED);
  public static final TopicConfig FLUSH_MS =
      TopicConfig.number(
          "flush.ms",
          ValueType.LONG,
          Long.MAX_VALUE,
          0,
          Long.MAX_VALUE,
          "Milliseconds between two syncs." + ALWAYS_SYNCED);
  public static final TopicConfig MAX_COMPACTION_LAG_MS =
      TopicConfig.number(
          "max.compaction.lag.ms",
          ValueType.LONG,
          Long.MAX_VALUE,
          1,
          Long.MAX_VALUE,
          "Milliseconds after which a record must be considered for compaction." + NO_COMPACTION);
  public static final TopicConfig MAX_MESSAGE_BYTES =
      TopicConfig.number(
          "max.message.bytes",
          ValueType.INT,
          1_048_588,
          1_024,
          16 << 20,
          "Largest batch, in bytes as it was sent, that is accepted.");
  public static final TopicConfig MESSAGE_TIMESTAMP_TYPE =
      TopicConfig.word(
          "message.timestamp.type",
          ValueType.STRING,
          "CreateTime",
          List.of("CreateTime"),
          "Records keep the timestamps that their producer gave them.");
  public static final TopicConfig MIN_CLEANABLE_DIRTY_RATIO =
      new TopicConfig(
          "min.cleanable.dirty.ratio",
          ValueType.DOUBLE,
          "0.5",
          0,
          1,
          List.of(),
          "Share of a log that must be dirty before it is compacted." + NO_COMPACTION);
  public static final TopicConfig MIN_COMPACTION_LAG_MS =
      TopicConfig.number(
          "min.compaction.lag.ms",
          ValueType.LONG,
          0,
          0,
          Long.MAX_VALUE,
          "Milliseconds in which a record is not compacted." + NO_COMPACTION);
  public static final TopicConfig MIN_INSYNC_REPLICAS =
      TopicConfig.number(
          "min.insync.replicas",
          ValueType.INT,
          1,
          1,
          MetadataLimits.REPLICATION_FACTOR_MAX,
          "Copies that must have synced a record before its ack. The ack quorum is a majority of the"
              + " copies anyway, for every acks setting; a larger value raises it from the next"
              + " segment on, a smaller one changes nothing. At most the replication factor.");
  public static final TopicConfig RETENTION_BYTES =
      TopicConfig.number(
          "retention.bytes",
          ValueType.LONG,
          -1,
          -1,
          Long.MAX_VALUE,
          "Bytes that each partition keeps; -1 for no bound." + NO_RETENTION);
  public static final TopicConfig RETENTION_MS =
      TopicConfig.number(
          "retention.ms",
          ValueType.LONG,
          604_800_000,
          -1,
          Long.MAX_VALUE,
          "Milliseconds that records are kept; -1 for ever." + NO_RETENTION);
  public static final TopicConfig SEGMENT_BYTES =
      TopicConfig.number(
          "segment.bytes",
          ValueType.INT,
          128 << 20,
          1 << 10,
          Integer.MAX_VALUE,
          "Bytes after which the open segment is sealed and the next one opened. Kafka's default is"
              + " 1 GiB; a start of Floe reads what was not sealed, so smaller segments start faster.");
  public static final TopicConfig SEGMENT_MS =
      TopicConfig.number(
          "segment.ms",
          ValueType.LONG,
          604_800_000,
          1_000,
          Long.MAX_VALUE,
          "Milliseconds after which an open segment that holds records is sealed and the next one"
              + " opened.");
  public static final TopicConfig UNCLEAN_LEADER_ELECTION_ENABLE =
      TopicConfig.word(
          "unclean.leader.election.enable",
          ValueType.BOOLEAN,
          "false",
          List.of("false"),
          "Acknowledged records are never given up for availability.");

  private static final List<TopicConfig> ALL =
      List.of(
          CLEANUP_POLICY,
          COMPRESSION_TYPE,
          DELETE_RETENTION_MS,
          FLUSH_MESSAGES,
          FLUSH_MS,
          MAX_COMPACTION_LAG_MS,
          MAX_MESSAGE_BYTES,
          MESSAGE_TIMESTAMP_TYPE,
          MIN_CLEANABLE_DIRTY_RATIO,
          MIN_COMPACTION_LAG_MS,
          MIN_INSYNC_REPLICAS,
          RETENTION_BYTES,
          RETENTION_MS,
          SEGMENT_BYTES,
          SEGMENT_MS,
          UNCLEAN_LEADER_ELECTION_ENABLE);

  private static final TreePMap<String, TopicConfig> BY_NAME = byName();

  private TopicConfigs() {}

  /// Every setting, in name order.
  public static List<TopicConfig> all() {
    return ALL;
  }

  /// The setting, or null when there is none of this name.
  public static @Nullable TopicConfig named(String name) {
    return BY_NAME.get(name);
  }

  /// Says what is wrong with a setting, or null when it may be set.
  public static @Nullable String problem(String name, String value) {
    TopicConfig config = named(name);
    return config == null
        ? "topic config " + printable(name) + " is unknown or not supported"
        : config.problem(value);
  }

  private static String printable(String name) {
    return name.length() <= 100 ? name : name.substring(0, 100) + "…";
  }

  private static TreePMap<String, TopicConfig> byName() {
    TreePMap<String, TopicConfig> byName = TreePMap.empty();
    for (TopicConfig config : ALL) {
      byName = byName.plus(config.name(), config);
    }
    return byName;
  }
}
