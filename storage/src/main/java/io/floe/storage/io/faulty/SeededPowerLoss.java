package io.floe.storage.io.faulty;

import java.util.random.RandomGenerator;

/// What the seeded policies have in common.
abstract class SeededPowerLoss implements PowerLoss {
  private final RandomGenerator random;
  private final boolean mayKeepNames;

  SeededPowerLoss(RandomGenerator random, boolean mayKeepNames) {
    this.random = random;
    this.mayKeepNames = mayKeepNames;
  }

  @Override
  public final int namesKept(int unsynced) {
    return mayKeepNames ? random.nextInt(unsynced + 1) : 0;
  }

  @Override
  public final RandomGenerator random() {
    return random;
  }
}
