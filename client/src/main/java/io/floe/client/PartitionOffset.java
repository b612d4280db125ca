package io.floe.client;

/// The place of a record: what an application stores with its output to go on after a restart.
///
/// @param offset of the record itself; reading goes on at [#next()]
public record PartitionOffset(TopicPartition partition, long offset) {

  /// Where to start a stream that has processed this record.
  public StartAt next() {
    return StartAt.offset(offset + 1);
  }
}
