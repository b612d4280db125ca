package io.floe.client;

import java.util.Collection;
import java.util.List;
import org.apache.pekko.NotUsed;
import org.jspecify.annotations.Nullable;

/// What goes into a producer's flow and what comes out.
public final class ProducerMessage {
  private ProducerMessage() {}

  /// None, one or many records, and something that travels beside them: an offset, a request.
  public sealed interface Envelope<K, V, P extends @Nullable Object> {
    P passThrough();

    <Q extends @Nullable Object> Envelope<K, V, Q> withPassThrough(Q passThrough);
  }

  /// One record.
  public record Message<K, V, P extends @Nullable Object>(
      ProducerRecord<K, V> record, P passThrough) implements Envelope<K, V, P> {
    @Override
    public <Q extends @Nullable Object> Message<K, V, Q> withPassThrough(Q passThrough) {
      return new Message<>(record, passThrough);
    }
  }

  /// Many records, of any topics. Answered when all of them are acknowledged; they are not written
  /// atomically.
  public record MultiMessage<K, V, P extends @Nullable Object>(
      List<ProducerRecord<K, V>> records, P passThrough) implements Envelope<K, V, P> {
    public MultiMessage {
      records = List.copyOf(records);
    }

    @Override
    public <Q extends @Nullable Object> MultiMessage<K, V, Q> withPassThrough(Q passThrough) {
      return new MultiMessage<>(records, passThrough);
    }
  }

  /// No record: keeps its place in the order.
  public record PassThroughMessage<K, V, P extends @Nullable Object>(P passThrough)
      implements Envelope<K, V, P> {
    @Override
    public <Q extends @Nullable Object> PassThroughMessage<K, V, Q> withPassThrough(Q passThrough) {
      return new PassThroughMessage<>(passThrough);
    }
  }

  public static <K, V, P extends @Nullable Object> Message<K, V, P> single(
      ProducerRecord<K, V> record, P passThrough) {
    return new Message<>(record, passThrough);
  }

  public static <K, V> Message<K, V, NotUsed> single(ProducerRecord<K, V> record) {
    return new Message<>(record, NotUsed.getInstance());
  }

  public static <K, V, P extends @Nullable Object> MultiMessage<K, V, P> multi(
      Collection<ProducerRecord<K, V>> records, P passThrough) {
    return new MultiMessage<>(List.copyOf(records), passThrough);
  }

  public static <K, V> MultiMessage<K, V, NotUsed> multi(Collection<ProducerRecord<K, V>> records) {
    return multi(records, NotUsed.getInstance());
  }

  public static <K, V, P extends @Nullable Object> PassThroughMessage<K, V, P> passThrough(
      P passThrough) {
    return new PassThroughMessage<>(passThrough);
  }

  /// Where an acknowledged record is: on the ack quorum's disks, synced.
  ///
  /// @param timestamp milliseconds since the epoch, as it was written
  public record RecordMetadata(TopicPartition topicPartition, long offset, long timestamp) {}

  /// What comes out of a flow, in the order of the envelopes.
  public sealed interface Results<K, V, P extends @Nullable Object> {
    P passThrough();
  }

  /// Of a [Message].
  public record Result<K, V, P extends @Nullable Object>(
      RecordMetadata metadata, Message<K, V, P> message) implements Results<K, V, P> {
    public long offset() {
      return metadata.offset();
    }

    @Override
    public P passThrough() {
      return message.passThrough();
    }
  }

  /// Of one record of a [MultiMessage].
  public record MultiResultPart<K, V>(RecordMetadata metadata, ProducerRecord<K, V> record) {}

  /// Of a [MultiMessage]: its parts in their order.
  public record MultiResult<K, V, P extends @Nullable Object>(
      List<MultiResultPart<K, V>> parts, P passThrough) implements Results<K, V, P> {
    public MultiResult {
      parts = List.copyOf(parts);
    }
  }

  /// Of a [PassThroughMessage].
  public record PassThroughResult<K, V, P extends @Nullable Object>(P passThrough)
      implements Results<K, V, P> {}
}
