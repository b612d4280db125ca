package io.floe.client;

import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Executor;
import org.apache.pekko.Done;
import org.apache.pekko.NotUsed;
import org.apache.pekko.japi.Pair;
import org.apache.pekko.stream.javadsl.Source;
import org.apache.pekko.stream.javadsl.SourceWithContext;
import org.jspecify.annotations.Nullable;

/// Sources that read topics.
///
/// A source is driven by demand: it reads ahead by at most [ConsumerSettings#bufferBytesMax()] and
/// holds nothing of the node while it waits. Records of a partition come in order, each once,
/// through rolls of its segments and changes of its writer; partitions take turns, batch by batch.
/// It fails with a [ConsumerException] that says where a new stream would go on.
///
/// Thread-safety: a source is a blueprint and may be materialized many times; each run reads for
/// itself.
public final class Consumer {
  private Consumer() {}

  /// Materialized value of a source: ends its run from outside.
  ///
  /// Thread-safety: any thread.
  public interface Control {

    /// Ends the source: what it has emitted flows on, it emits nothing more. The stage completes
    /// when the source has ended.
    CompletionStage<Done> stop();

    /// Ends the source and waits until nothing of it uses the node any more; completes with
    /// [#isShutdown()].
    CompletionStage<Done> shutdown();

    /// Ends the source, waits until the stream has processed what was emitted, then shuts down.
    ///
    /// @param streamCompletion the stream's own end; its result, or its failure, is returned
    <S extends @Nullable Object> CompletionStage<S> drainAndShutdown(
        CompletionStage<S> streamCompletion, Executor executor);

    /// Completes when the source has ended, for whatever reason, and the last of its reads has
    /// returned: the node may be stopped then.
    CompletionStage<Done> isShutdown();
  }

  /// A control together with the stream's completion, so that the stream can be ended without
  /// losing what is under way. For `toMat(sink, Consumer::createDrainingControl)`.
  public static final class DrainingControl<T extends @Nullable Object> implements Control {
    private final Control control;
    private final CompletionStage<T> streamCompletion;

    private DrainingControl(Control control, CompletionStage<T> streamCompletion) {
      this.control = control;
      this.streamCompletion = streamCompletion;
    }

    @Override
    public CompletionStage<Done> stop() {
      return control.stop();
    }

    @Override
    public CompletionStage<Done> shutdown() {
      return control.shutdown();
    }

    @Override
    public <S extends @Nullable Object> CompletionStage<S> drainAndShutdown(
        CompletionStage<S> streamCompletion, Executor executor) {
      return control.drainAndShutdown(streamCompletion, executor);
    }

    /// Ends the source, waits for the stream, then shuts down.
    public CompletionStage<T> drainAndShutdown(Executor executor) {
      return control.drainAndShutdown(streamCompletion, executor);
    }

    @Override
    public CompletionStage<Done> isShutdown() {
      return control.isShutdown();
    }

    public CompletionStage<T> streamCompletion() {
      return streamCompletion;
    }
  }

  public static <T extends @Nullable Object> DrainingControl<T> createDrainingControl(
      Control control, CompletionStage<T> streamCompletion) {
    return new DrainingControl<>(control, streamCompletion);
  }

  public static <T extends @Nullable Object> DrainingControl<T> createDrainingControl(
      Pair<Control, CompletionStage<T>> pair) {
    return createDrainingControl(pair.first(), pair.second());
  }

  /// The records of a subscription.
  ///
  /// To go on after a restart, store [ConsumerRecord#partitionOffset()] with the output and start
  /// the next stream by [Subscriptions#assignment].
  public static <K, V> Source<ConsumerRecord<K, V>, Control> plainSource(
      ConsumerSettings<K, V> settings, Subscription subscription) {
    return Source.fromGraph(
        new SourceStage<>(
            settings,
            () -> Partitions.of(settings.log(), subscription),
            () -> new RecordDecoder<>(settings)));
  }

  /// The batches of a subscription as they lie in the log, checked and not decoded.
  public static Source<ConsumerBatch, Control> batchSource(
      ConsumerSettings<?, ?> settings, Subscription subscription) {
    return Source.fromGraph(
        new SourceStage<>(
            settings,
            () -> Partitions.of(settings.log(), subscription),
            () -> SourceStage.Decoder.WHOLE_BATCHES));
  }

  /// The records, each with its place as the context that travels beside it through `map`, `filter`
  /// and [Producer#flowWithContext].
  public static <K, V>
      SourceWithContext<ConsumerRecord<K, V>, PartitionOffset, Control> sourceWithOffsetContext(
          ConsumerSettings<K, V> settings, Subscription subscription) {
    return plainSource(settings, subscription).asSourceWithContext(ConsumerRecord::partitionOffset);
  }

  /// A source for each partition, for processing them side by side. Each has its own buffer.
  ///
  /// The inner sources end with the outer one, by its control or by its cancellation. One that its
  /// consumer cancels is not offered again; one that fails fails alone. Where each starts is
  /// decided when it is offered, not when it is run.
  public static <K, V>
      Source<Pair<TopicPartition, Source<ConsumerRecord<K, V>, NotUsed>>, Control>
          plainPartitionedSource(ConsumerSettings<K, V> settings, Subscription subscription) {
    return Source.fromGraph(new PartitionedSourceStage<>(settings, subscription));
  }

  /// What the controls share.
  static <S extends @Nullable Object> CompletionStage<S> drain(
      Control control, CompletionStage<S> streamCompletion, Executor executor) {
    CompletableFuture<S> drained = new CompletableFuture<>();
    control
        .stop()
        .whenComplete(
            (stopped, neverFails) ->
                streamCompletion.whenCompleteAsync(
                    (result, failure) ->
                        control
                            .shutdown()
                            .whenComplete(
                                (done, alsoNever) -> {
                                  if (failure == null) {
                                    drained.complete(result);
                                  } else {
                                    drained.completeExceptionally(failure);
                                  }
                                }),
                    executor));
    return drained;
  }
}
