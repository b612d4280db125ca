package io.floe.client;

import java.util.ArrayDeque;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import org.apache.pekko.NotUsed;
import org.apache.pekko.japi.Pair;
import org.apache.pekko.stream.Attributes;
import org.apache.pekko.stream.Outlet;
import org.apache.pekko.stream.SourceShape;
import org.apache.pekko.stream.javadsl.Source;
import org.apache.pekko.stream.stage.AbstractGraphStageWithMaterializedValue;
import org.apache.pekko.stream.stage.AbstractOutHandler;
import org.apache.pekko.stream.stage.AsyncCallback;
import org.apache.pekko.stream.stage.GraphStageLogic;
import org.apache.pekko.stream.stage.TimerGraphStageLogic;
import org.jspecify.annotations.Nullable;

/// Offers a source for each partition of a subscription, and for each that is added later. Does not
/// end by itself: its end is the end of the sources that it gave out.
final class PartitionedSourceStage<K, V>
    extends AbstractGraphStageWithMaterializedValue<
        SourceShape<Pair<TopicPartition, Source<ConsumerRecord<K, V>, NotUsed>>>,
        Consumer.Control> {
  private static final Object REFRESH = new Object();

  private final Outlet<Pair<TopicPartition, Source<ConsumerRecord<K, V>, NotUsed>>> out =
      Outlet.create("FloePartitionedSource.out");
  private final SourceShape<Pair<TopicPartition, Source<ConsumerRecord<K, V>, NotUsed>>> shape =
      SourceShape.of(out);
  private final ConsumerSettings<K, V> settings;
  private final Subscription subscription;

  PartitionedSourceStage(ConsumerSettings<K, V> settings, Subscription subscription) {
    this.settings = settings;
    this.subscription = subscription;
  }

  @Override
  public SourceShape<Pair<TopicPartition, Source<ConsumerRecord<K, V>, NotUsed>>> shape() {
    return shape;
  }

  @Override
  public Pair<GraphStageLogic, Consumer.Control> createLogicAndMaterializedValuePair(
      Attributes attributes) {
    Logic logic = new Logic();
    return Pair.create(logic, logic.control);
  }

  @Override
  public String toString() {
    return "FloePartitionedSource";
  }

  /// The controls of the inner sources that run.
  ///
  /// Thread-safety: inner sources start on threads of other streams, also while the outer one ends.
  private static final class Inners {
    private final Set<Consumer.Control> running = ConcurrentHashMap.newKeySet();
    private volatile boolean hasEnded;

    void started(Consumer.Control inner) {
      running.add(inner);
      inner.isShutdown().thenRun(() -> running.remove(inner));
      // Looked at after the add: either the end below finds the source, or the source finds the
      // end.
      if (hasEnded) {
        inner.stop();
      }
    }

    CompletableFuture<Void> end() {
      hasEnded = true;
      return CompletableFuture.allOf(
          running.stream()
              .map(inner -> inner.shutdown().toCompletableFuture())
              .toArray(CompletableFuture<?>[]::new));
    }
  }

  private final class Logic extends TimerGraphStageLogic {
    private final Inners inners = new Inners();
    private final ArrayDeque<Partitions.Assigned> offers = new ArrayDeque<>();
    private final StageControl control;
    private @Nullable Partitions partitions;

    Logic() {
      super(shape);
      AsyncCallback<Boolean> ending = createAsyncCallback(any -> completeStage());
      control = new StageControl(() -> ending.invoke(true));
      setHandler(
          out,
          new AbstractOutHandler() {
            @Override
            public void onPull() {
              offer();
            }
          });
    }

    @Override
    public void preStart() {
      Partitions found;
      try {
        found = Partitions.of(settings.log(), subscription);
      } catch (ConsumerException e) {
        failStage(e);
        return;
      }
      partitions = found;
      offers.addAll(found.atStart());
      if (found.mayGrow()) {
        scheduleWithFixedDelay(
            REFRESH, settings.partitionRefreshInterval(), settings.partitionRefreshInterval());
      }
    }

    @Override
    public void postStop() {
      control.ended(inners.end());
    }

    @Override
    public void onTimer(Object key) {
      if (partitions != null) {
        offers.addAll(partitions.added());
        offer();
      }
    }

    private void offer() {
      if (!offers.isEmpty() && isAvailable(out)) {
        Partitions.Assigned next = offers.remove();
        push(out, Pair.create(next.name(), source(next)));
      }
    }

    private Source<ConsumerRecord<K, V>, NotUsed> source(Partitions.Assigned partition) {
      return Source.fromGraph(
              new SourceStage<>(
                  settings,
                  () -> Partitions.only(settings.log(), partition),
                  () -> new RecordDecoder<>(settings)))
          .mapMaterializedValue(
              inner -> {
                inners.started(inner);
                return NotUsed.getInstance();
              });
    }
  }
}
