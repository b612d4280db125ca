package io.floe.client;

/// What a source does when the offset that it wants is not in the log: retention took it, or it was
/// never written.
public enum OutOfRangePolicy {
  /// Fail with [ConsumerException.OffsetOutOfRange]: records may have been missed, and the
  /// application should know.
  FAIL,
  /// Go on at the first record that is kept.
  EARLIEST,
  /// Go on behind the last committed record.
  LATEST
}
