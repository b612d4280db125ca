package io.floe.client;

import io.floe.client.ProducerMessage.Envelope;
import io.floe.client.ProducerMessage.Results;
import org.apache.pekko.stream.Attributes;
import org.apache.pekko.stream.FlowShape;
import org.apache.pekko.stream.Inlet;
import org.apache.pekko.stream.Outlet;
import org.apache.pekko.stream.stage.GraphStage;
import org.apache.pekko.stream.stage.GraphStageLogic;
import org.jspecify.annotations.Nullable;

/// The stage of the producers. A blueprint: all that changes is in [ProducerLogic].
final class ProducerStage<K, V, P extends @Nullable Object>
    extends GraphStage<FlowShape<Envelope<K, V, P>, Results<K, V, P>>> {
  private final Inlet<Envelope<K, V, P>> in = Inlet.create("FloeProducer.in");
  private final Outlet<Results<K, V, P>> out = Outlet.create("FloeProducer.out");
  private final FlowShape<Envelope<K, V, P>, Results<K, V, P>> shape = FlowShape.of(in, out);
  private final ProducerSettings<K, V> settings;

  ProducerStage(ProducerSettings<K, V> settings) {
    this.settings = settings;
  }

  @Override
  public FlowShape<Envelope<K, V, P>, Results<K, V, P>> shape() {
    return shape;
  }

  @Override
  public GraphStageLogic createLogic(Attributes attributes) {
    return new ProducerLogic<>(shape, settings);
  }

  @Override
  public String toString() {
    return "FloeProducer";
  }
}
