package io.floe.client;

import io.floe.client.ProducerMessage.Envelope;
import io.floe.client.ProducerMessage.Message;
import io.floe.client.ProducerMessage.MultiMessage;
import io.floe.client.ProducerMessage.MultiResult;
import io.floe.client.ProducerMessage.MultiResultPart;
import io.floe.client.ProducerMessage.PassThroughMessage;
import io.floe.client.ProducerMessage.PassThroughResult;
import io.floe.client.ProducerMessage.RecordMetadata;
import io.floe.client.ProducerMessage.Result;
import io.floe.client.ProducerMessage.Results;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// An envelope that a producer has taken in and not answered.
///
/// Thread-safety: none; belongs to one stage.
final class Pending<K, V, P extends @Nullable Object> {
  private final Envelope<K, V, P> envelope;
  private final List<@Nullable RecordMetadata> places;
  private int missing;

  Pending(Envelope<K, V, P> envelope) {
    this.envelope = envelope;
    this.missing = records().size();
    this.places = new ArrayList<>(missing);
    for (int i = 0; i < missing; i++) {
      places.add(null);
    }
  }

  List<ProducerRecord<K, V>> records() {
    return switch (envelope) {
      case Message<K, V, P> one -> List.of(one.record());
      case MultiMessage<K, V, P> many -> many.records();
      case PassThroughMessage<K, V, P> none -> List.of();
    };
  }

  void acked(int part, RecordMetadata place) {
    if (places.set(part, place) == null) {
      missing--;
    }
  }

  boolean isComplete() {
    return missing == 0;
  }

  Results<K, V, P> results() {
    return switch (envelope) {
      case Message<K, V, P> one -> new Result<>(place(0), one);
      case MultiMessage<K, V, P> many -> {
        List<MultiResultPart<K, V>> parts = new ArrayList<>(places.size());
        for (int i = 0; i < places.size(); i++) {
          parts.add(new MultiResultPart<>(place(i), many.records().get(i)));
        }
        yield new MultiResult<>(parts, many.passThrough());
      }
      case PassThroughMessage<K, V, P> none -> new PassThroughResult<>(none.passThrough());
    };
  }

  private RecordMetadata place(int part) {
    RecordMetadata place = places.get(part);
    if (place == null) {
      throw new IllegalStateException("record " + part + " of " + envelope + " has no place yet");
    }
    return place;
  }
}
