package io.floe.gateway.tool;

import java.util.List;
import org.jspecify.annotations.Nullable;

/// A consumed record.
///
/// Units: the timestamp is in milliseconds since the epoch, -1 when the record has none. Ownership:
/// the bytes are not copied; do not change them.
public final class RemoteRecord {
  private final String topic;
  private final int partition;
  private final long offset;
  private final long timestamp;
  private final byte @Nullable [] key;
  private final byte @Nullable [] value;
  private final List<RemoteHeader> headers;

  RemoteRecord(
      String topic,
      int partition,
      long offset,
      long timestamp,
      byte @Nullable [] key,
      byte @Nullable [] value,
      List<RemoteHeader> headers) {
    this.topic = topic;
    this.partition = partition;
    this.offset = offset;
    this.timestamp = timestamp;
    this.key = key;
    this.value = value;
    this.headers = List.copyOf(headers);
  }

  public String topic() {
    return topic;
  }

  public int partition() {
    return partition;
  }

  public long offset() {
    return offset;
  }

  public long timestamp() {
    return timestamp;
  }

  public byte @Nullable [] key() {
    return key;
  }

  public byte @Nullable [] value() {
    return value;
  }

  public List<RemoteHeader> headers() {
    return headers;
  }
}
