package io.floe.client;

import io.floe.client.ProducerMessage.Envelope;
import io.floe.client.ProducerMessage.Message;
import io.floe.client.ProducerMessage.Result;
import io.floe.client.ProducerMessage.Results;
import java.util.concurrent.CompletionStage;
import org.apache.pekko.Done;
import org.apache.pekko.NotUsed;
import org.apache.pekko.japi.Pair;
import org.apache.pekko.stream.javadsl.Flow;
import org.apache.pekko.stream.javadsl.FlowWithContext;
import org.apache.pekko.stream.javadsl.Keep;
import org.apache.pekko.stream.javadsl.Sink;
import org.jspecify.annotations.Nullable;

/// Flows and sinks that write topics.
///
/// What comes out was acknowledged: it is on the ack quorum's disks, synced. Results come in the
/// order of the records, and records of one partition are in the log in the order in which they
/// came. Every producer is idempotent: a batch that is sent again, because it was refused or its
/// fate is not known, is in the log once. The records of a run share batches inside the stage;
/// there is no append per record.
///
/// When the upstream ends or fails, what was taken in is written and answered first. When the
/// downstream cancels, what was not answered may be in the log or not.
///
/// Errors: the first record that cannot be delivered fails the stream with a [ProducerException].
///
/// Thread-safety: blueprints; each run is a producer of its own with its own producer id.
public final class Producer {
  private Producer() {}

  /// Writes single records and passes something along with each.
  public static <K, V, P extends @Nullable Object>
      Flow<Message<K, V, P>, Result<K, V, P>, NotUsed> flow(ProducerSettings<K, V> settings) {
    return Flow.<Message<K, V, P>>create()
        .<Envelope<K, V, P>>map(message -> message)
        .via(Producer.<K, V, P>flexiFlow(settings))
        .map(
            results ->
                switch (results) {
                  case Result<K, V, P> result -> result;
                  default ->
                      throw new IllegalStateException("a message was answered by " + results);
                });
  }

  /// Writes none, one or many records for each envelope and passes something along with it.
  public static <K, V, P extends @Nullable Object>
      Flow<Envelope<K, V, P>, Results<K, V, P>, NotUsed> flexiFlow(
          ProducerSettings<K, V> settings) {
    return Flow.fromGraph(new ProducerStage<>(settings));
  }

  /// As [#flexiFlow], with the context of each envelope beside its result.
  public static <K, V, C>
      FlowWithContext<Envelope<K, V, NotUsed>, C, Results<K, V, C>, C, NotUsed> flowWithContext(
          ProducerSettings<K, V> settings) {
    Flow<Pair<Envelope<K, V, NotUsed>, C>, Pair<Results<K, V, C>, C>, NotUsed> pairs =
        Flow.<Pair<Envelope<K, V, NotUsed>, C>>create()
            .<Envelope<K, V, C>>map(pair -> pair.first().withPassThrough(pair.second()))
            .via(Producer.<K, V, C>flexiFlow(settings))
            .map(results -> Pair.create(results, results.passThrough()));
    return FlowWithContext.fromPairs(pairs);
  }

  /// Writes records. The stage completes when the last one is acknowledged.
  public static <K, V> Sink<ProducerRecord<K, V>, CompletionStage<Done>> plainSink(
      ProducerSettings<K, V> settings) {
    return Flow.<ProducerRecord<K, V>>create()
        .<Envelope<K, V, NotUsed>>map(ProducerMessage::single)
        .via(Producer.<K, V, NotUsed>flexiFlow(settings))
        .toMat(Sink.ignore(), Keep.right());
  }
}
