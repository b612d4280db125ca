package io.floe.bench.node;

import java.time.Duration;

/// A node in a process of its own that Kafka clients can talk to.
///
/// Thread-safety: none.
interface Server extends AutoCloseable {
  String name();

  String bootstrap();

  long pid();

  /// From exec until it answers clients.
  Duration startTime();

  /// Stops it and waits for its end.
  @Override
  void close();
}
