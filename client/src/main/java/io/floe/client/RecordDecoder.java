package io.floe.client;

import io.floe.model.batch.BatchHeader;
import io.floe.model.batch.BatchReader;
import io.floe.model.batch.InvalidBatchException;
import io.floe.model.batch.RecordCursor;
import io.floe.model.batch.RecordHeader;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// Takes the records out of a batch one by one, as they are asked for.
///
/// Thread-safety: none; one batch at a time.
final class RecordDecoder<K, V> implements SourceStage.Decoder<ConsumerRecord<K, V>> {
  private final Deserializer<K> keys;
  private final Deserializer<V> values;
  private final BatchReader reader;

  RecordDecoder(ConsumerSettings<K, V> settings) {
    this.keys = settings.keyDeserializer();
    this.values = settings.valueDeserializer();
    this.reader = new BatchReader(settings.decompressedBytesMax());
  }

  @Override
  public SourceStage.Elements<ConsumerRecord<K, V>> open(
      TopicPartition partition, ByteBuffer batch, long fromOffset) {
    // Markers of transactions are the log's own business.
    if (BatchHeader.isControl(batch, 0)) {
      return () -> null;
    }
    long firstOffset = Math.max(fromOffset, BatchHeader.baseOffset(batch, 0));
    RecordCursor cursor;
    try {
      cursor = reader.open(batch, 0);
    } catch (InvalidBatchException e) {
      throw new ConsumerException.Undecodable(partition, firstOffset, e);
    }
    return new Records(partition, BatchHeader.epoch(batch, 0), cursor, firstOffset);
  }

  private final class Records implements SourceStage.Elements<ConsumerRecord<K, V>> {
    private final TopicPartition partition;
    private final int epoch;
    private final RecordCursor cursor;
    private final long fromOffset;
    private long offset;

    Records(TopicPartition partition, int epoch, RecordCursor cursor, long fromOffset) {
      this.partition = partition;
      this.epoch = epoch;
      this.cursor = cursor;
      this.fromOffset = fromOffset;
      this.offset = fromOffset;
    }

    @Override
    public @Nullable ConsumerRecord<K, V> next() {
      try {
        while (cursor.next()) {
          if (cursor.offset() >= fromOffset) {
            offset = cursor.offset();
            ConsumerRecord<K, V> record = record();
            offset++;
            return record;
          }
        }
        return null;
      } catch (RuntimeException e) {
        throw new ConsumerException.Undecodable(partition, offset, e);
      }
    }

    private ConsumerRecord<K, V> record() {
      ByteBuffer key = cursor.key();
      ByteBuffer value = cursor.value();
      String topic = partition.topic();
      return new ConsumerRecord<>(
          topic,
          partition.partition(),
          offset,
          cursor.timestamp(),
          epoch,
          key == null ? null : keys.deserialize(topic, copy(key)),
          value == null ? null : values.deserialize(topic, copy(value)),
          cursor.headerCount() == 0 ? List.of() : headers(cursor.headers()));
    }
  }

  private static List<Header> headers(List<RecordHeader> found) {
    List<Header> headers = new ArrayList<>(found.size());
    for (RecordHeader header : found) {
      ByteBuffer value = header.value();
      headers.add(new Header(header.key(), value == null ? null : copy(value)));
    }
    return headers;
  }

  private static byte[] copy(ByteBuffer bytes) {
    byte[] copy = new byte[bytes.remaining()];
    bytes.get(bytes.position(), copy);
    return copy;
  }
}
