package io.floe.consensus.metadata.core;

/// Bounds of the metadata. Constants and not settings: every node must decide alike.
public final class MetadataLimits {
  /// Characters of a topic name, as Kafka has it (it has to fit a file name there).
  public static final int TOPIC_NAME_LENGTH_MAX = 249;

  /// One create must stay a small entry of the metadata log: about 100 bytes a partition.
  public static final int TOPIC_PARTITIONS_MAX = 10_000;

  public static final int CLUSTER_PARTITIONS_MAX = 200_000;
  public static final int NODES_MAX = 1_000;

  /// More copies than this are refused: each is written on every append.
  public static final int REPLICATION_FACTOR_MAX = 15;

  /// Items of one seal command.
  public static final int SEAL_ITEMS_MAX = 1_000;

  public static final int PRODUCER_ID_BLOCK_MAX = 100_000;

  /// Characters of one topic setting's value.
  public static final int CONFIG_VALUE_LENGTH_MAX = 1_024;

  static final int CLUSTER_ID_LENGTH_MAX = 64;

  private MetadataLimits() {}
}
