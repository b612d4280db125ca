package io.floe.gateway.tool;

import java.time.Duration;

/// How records are produced.
///
/// @param linger how long a batch may wait for more records
/// @param timeout after which a record that nobody acknowledged fails
public record ProduceOptions(
    Acks acks, Compression compression, Duration linger, Duration timeout) {

  /// Whom to wait for.
  public enum Acks {
    /// Nobody: records may be lost without notice.
    NONE,
    /// The writer. Floe answers after the quorum here too.
    WRITER,
    /// The quorum, with duplicates removed (idempotent producer).
    QUORUM
  }

  /// How batches are compressed.
  public enum Compression {
    NONE,
    GZIP,
    SNAPPY,
    LZ4,
    ZSTD
  }

  /// Quorum, not compressed, 5 ms, 30 s.
  public static ProduceOptions defaults() {
    return new ProduceOptions(
        Acks.QUORUM, Compression.NONE, Duration.ofMillis(5), Duration.ofSeconds(30));
  }

  public ProduceOptions withAcks(Acks newAcks) {
    return new ProduceOptions(newAcks, compression, linger, timeout);
  }

  public ProduceOptions withCompression(Compression newCompression) {
    return new ProduceOptions(acks, newCompression, linger, timeout);
  }

  public ProduceOptions withLinger(Duration newLinger) {
    return new ProduceOptions(acks, compression, newLinger, timeout);
  }

  public ProduceOptions withTimeout(Duration newTimeout) {
    return new ProduceOptions(acks, compression, linger, newTimeout);
  }
}
