package io.floe.client;

import java.time.Instant;

/// Where in a partition reading starts.
public sealed interface StartAt {

  /// The first record that is kept.
  record Earliest() implements StartAt {}

  /// Behind the last record that is committed when the stream starts: only what comes then.
  record Latest() implements StartAt {}

  /// A record by its number. What an offset outside of the log does is
  /// [ConsumerSettings#outOfRange()].
  record Offset(long value) implements StartAt {
    public Offset {
      if (value < 0) {
        throw new IllegalArgumentException("offset " + value + " is negative");
      }
    }
  }

  /// The first record whose timestamp is not before `millis`; behind the last record when there is
  /// none.
  ///
  /// @param millis milliseconds since the epoch
  record Timestamp(long millis) implements StartAt {}

  static StartAt earliest() {
    return new Earliest();
  }

  static StartAt latest() {
    return new Latest();
  }

  static StartAt offset(long value) {
    return new Offset(value);
  }

  static StartAt timestamp(Instant time) {
    return new Timestamp(time.toEpochMilli());
  }
}
