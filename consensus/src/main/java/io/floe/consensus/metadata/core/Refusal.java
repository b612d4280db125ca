package io.floe.consensus.metadata.core;

/// Why a metadata command was not applied. Nothing changed.
///
/// @param message names the field, its value and the limit, for the person who asked
public record Refusal(Reason reason, String message) {

  /// The kinds, each of which an edge maps to its own protocol's error.
  public enum Reason {
    INVALID_NAME,
    INVALID_PARTITIONS,
    INVALID_REPLICATION_FACTOR,
    INVALID_CONFIG,
    TOPIC_EXISTS,
    UNKNOWN_TOPIC,
    UNKNOWN_SEGMENT,
    UNKNOWN_NODE,
    /// What the command expected to find has changed.
    CONFLICT,
    LIMIT_REACHED,
    /// The log could not store it, most often since the disk is full. Nothing is wrong with the
    /// command itself.
    NOT_STORED
  }
}
