package io.floe.simulation.raft;

import io.floe.consensus.BrokenInvariant;
import io.floe.simulation.World;
import java.util.ArrayList;
import java.util.List;

/// What all clients did and saw.
final class RaftHistory {
  private final World<RaftFault> world;
  private final List<Operation> operations = new ArrayList<>();
  private long now;

  RaftHistory(World<RaftFault> world) {
    this.world = world;
  }

  /// The next moment. No two are the same, so real time is a total order.
  long now() {
    return ++now;
  }

  void add(Operation operation) {
    operations.add(operation);
  }

  int size() {
    return operations.size();
  }

  /// A value that somebody saw, so that a compare-and-set may succeed.
  long someValue() {
    if (operations.isEmpty()) {
      return 0;
    }
    int back = Math.min(operations.size(), 6);
    Operation recent = operations.get(operations.size() - 1 - world.below(back));
    return recent.action() == Operation.Action.PUT || recent.result() == null
        ? recent.argument()
        : recent.result();
  }

  void check() {
    List<Integer> bad = Linearizability.violations(operations);
    if (!bad.isEmpty()) {
      throw new BrokenInvariant(
          "R14 linearizable", "no order explains what clients saw of registers " + bad);
    }
  }
}
