package io.floe.simulation;

import io.floe.consensus.BrokenInvariant;
import io.floe.consensus.metadata.core.Decision;
import io.floe.consensus.metadata.core.MetadataCommand;
import io.floe.model.PartitionId;
import io.floe.model.TopicId;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.UUID;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/// One run: a node with one partition, its producers and a consumer, faults as the seed draws them,
/// then calm, in which everything that was begun must come to a good end.
///
/// Errors: [BrokenInvariant] when a checker, or a core itself, finds a promise broken.
public final class Simulation {
  private static final int CALM_STEPS_MAX = 20_000;
  private static final int CHECK_LOG_EVERY = 100;
  private static final int PRODUCERS = 4;
  private static final PartitionId PARTITION = new PartitionId(new TopicId(new UUID(1, 1)), 0);

  private final World<Fault> world;
  private final History history;
  private final SimulatedMetadata metadata;
  private final SimulatedDisk disk;
  private final SimulatedNode node;
  private final SimulatedConsumer consumer;
  private final List<SimulatedProducer> producers = new ArrayList<>();
  private final Plan plan;

  /// What to run.
  ///
  /// @param seed decides everything that is drawn
  /// @param steps how many things happen before the calm
  /// @param crashAtStep an additional crash, or -1
  /// @param bug a mistake to make, or null
  public record Plan(long seed, int steps, long crashAtStep, @Nullable PlantedBug bug) {
    /// A run as the seed has it.
    public static Plan of(long seed, int steps) {
      return new Plan(seed, steps, -1, null);
    }

    /// The same with a crash at one step.
    public Plan crashingAt(long step) {
      return new Plan(seed, steps, step, bug);
    }

    /// The same with a mistake.
    public Plan with(PlantedBug planted) {
      return new Plan(seed, steps, crashAtStep, planted);
    }
  }

  /// What a run went through.
  ///
  /// @param acked batches that were acknowledged
  /// @param read batches that were read
  public record Report(long steps, int acked, int read, int segments, Map<Fault, Long> faults) {}

  private Simulation(Plan plan, @Nullable Consumer<String> story) {
    this.plan = plan;
    world = new World<>(plan.seed(), Fault.class, story);
    history = new History(PARTITION, world);
    metadata = new SimulatedMetadata(world, history);
    disk = new SimulatedDisk(world, plan.bug());
    node = new SimulatedNode(world, PARTITION, metadata, disk, history, plan.bug());
    consumer = new SimulatedConsumer(world, PARTITION, node, metadata, disk, history);
  }

  /// Runs a plan to its end.
  ///
  /// @param story hears each line of what happens, or null
  public static Report run(Plan plan, @Nullable Consumer<String> story) {
    return new Simulation(plan, story).run();
  }

  private Report run() {
    found(new MetadataCommand.FoundCluster("simulation"));
    found(new MetadataCommand.RegisterNode(SimulatedNode.record(1)));
    found(
        new MetadataCommand.CreateTopic(
            PARTITION.topic(), "simulated", 1, 3, new TreeMap<String, String>()));
    node.start();
    for (int id = 1; id <= PRODUCERS; id++) {
      producers.add(new SimulatedProducer(world, node, history, id, id > 1));
    }
    while (world.steps() < plan.steps()) {
      step();
      if (world.strikes(250)) {
        node.crash();
      }
      if (world.strikes(60)) {
        node.roll();
      }
      if (world.strikes(400)) {
        node.fenceByAnother();
      }
    }
    settle();
    check();
    return new Report(
        world.steps(),
        history.ackedCount(),
        history.readCount(),
        metadata.state().segmentCount(),
        world.faults());
  }

  private void found(MetadataCommand command) {
    if (!(metadata.run(command) instanceof Decision.Accepted)) {
      throw new IllegalStateException("refused: " + command);
    }
  }

  private void step() {
    world.step();
    if (world.steps() == plan.crashAtStep()) {
      node.crash();
    }
    if (world.steps() % CHECK_LOG_EVERY == 0) {
      check();
    }
  }

  private void check() {
    history.checkLog(metadata.state(), disk);
  }

  private void settle() {
    world.calmDown();
    for (int i = 0; !isSettled(); i++) {
      if (i > CALM_STEPS_MAX) {
        throw new BrokenInvariant(
            "liveness", "not settled after the faults ended: " + producers + ", " + node.isOpen());
      }
      step();
    }
  }

  private boolean isSettled() {
    return node.isOpen()
        && producers.stream().allMatch(SimulatedProducer::isIdle)
        && consumer.position() == node.highWatermark();
  }
}
