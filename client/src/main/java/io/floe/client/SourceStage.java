package io.floe.client;

import java.nio.ByteBuffer;
import java.util.function.Supplier;
import org.apache.pekko.japi.Pair;
import org.apache.pekko.stream.Attributes;
import org.apache.pekko.stream.Outlet;
import org.apache.pekko.stream.SourceShape;
import org.apache.pekko.stream.stage.AbstractGraphStageWithMaterializedValue;
import org.apache.pekko.stream.stage.GraphStageLogic;
import org.jspecify.annotations.Nullable;

/// The stage of the sources over partitions of a node. A blueprint: all that changes is in
/// [SourceLogic].
///
/// @param <T> what it emits: records or whole batches
final class SourceStage<T>
    extends AbstractGraphStageWithMaterializedValue<SourceShape<T>, Consumer.Control> {

  /// Makes elements of batches.
  @FunctionalInterface
  interface Decoder<T> {
    Decoder<ConsumerBatch> WHOLE_BATCHES =
        (partition, batch, fromOffset) -> {
          ConsumerBatch whole =
              new ConsumerBatch(partition.topic(), partition.partition(), batch.asReadOnlyBuffer());
          return new Elements<>() {
            private boolean isTaken;

            @Override
            public @Nullable ConsumerBatch next() {
              if (isTaken) {
                return null;
              }
              isTaken = true;
              return whole;
            }
          };
        };

    /// Opens the next batch; the elements of the one before are not used any more.
    ///
    /// @param fromOffset records before it are left out
    Elements<T> open(TopicPartition partition, ByteBuffer batch, long fromOffset);
  }

  /// The elements of one batch, in order.
  @FunctionalInterface
  interface Elements<T> {

    /// The next one, or null behind the last.
    @Nullable T next();
  }

  private final Outlet<T> out = Outlet.create("FloeSource.out");
  private final SourceShape<T> shape = SourceShape.of(out);
  private final ConsumerSettings<?, ?> settings;
  private final Supplier<Partitions> partitions;
  private final Supplier<Decoder<T>> decoder;

  SourceStage(
      ConsumerSettings<?, ?> settings,
      Supplier<Partitions> partitions,
      Supplier<Decoder<T>> decoder) {
    this.settings = settings;
    this.partitions = partitions;
    this.decoder = decoder;
  }

  @Override
  public SourceShape<T> shape() {
    return shape;
  }

  @Override
  public Pair<GraphStageLogic, Consumer.Control> createLogicAndMaterializedValuePair(
      Attributes attributes) {
    SourceLogic<T> logic = new SourceLogic<>(shape, settings, partitions, decoder.get());
    return Pair.create(logic, logic.control());
  }

  @Override
  public String toString() {
    return "FloeSource";
  }
}
