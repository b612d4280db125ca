package io.floe.storage.io.faulty;

import java.util.List;
import java.util.random.RandomGenerator;
import java.util.random.RandomGeneratorFactory;

/// What a loss of power does to each thing that was not synced.
public interface PowerLoss {

  /// The end of one unsynced write.
  enum Fate {
    /// It reached the disk.
    KEPT,
    /// It did not.
    DROPPED,
    /// Its bytes up to a random one reached the disk, the rest did not.
    TORN_AT_BYTE,
    /// Each of its sectors of 512 bytes reached the disk or did not.
    TORN_BY_SECTOR,
    /// Its sectors hold garbage, also where they held other bytes before.
    DESTROYED
  }

  Fate fateOf(UnsyncedWrite write);

  /// How many of the unsynced creations, renames and deletions stay; the others are undone. The
  /// first ones stay, since a journaling file system keeps their order.
  int namesKept(int unsynced);

  /// Where the places of tears and the garbage come from.
  RandomGenerator random();

  /// Everything that was not synced is gone.
  static PowerLoss everythingUnsynced() {
    return of(0, List.of(Fate.DROPPED), false);
  }

  /// Each unsynced write is kept, dropped or torn, and a random part of the unsynced names stays.
  static PowerLoss seeded(long seed) {
    return of(seed, List.of(Fate.KEPT, Fate.DROPPED, Fate.TORN_AT_BYTE, Fate.TORN_BY_SECTOR), true);
  }

  /// As [#seeded], and a write that the caller had not reaped may also be destroyed: a disk without
  /// protection can spoil the sectors that it is writing when the power goes.
  static PowerLoss seededWithGarbage(long seed) {
    PowerLoss mild = seeded(seed);
    return new SeededPowerLoss(mild.random(), true) {
      @Override
      public Fate fateOf(UnsyncedWrite write) {
        boolean isDestroyed = !write.wasReaped() && random().nextInt(4) == 0;
        return isDestroyed ? Fate.DESTROYED : mild.fateOf(write);
      }
    };
  }

  /// Each unsynced write gets one of these fates, at random.
  ///
  /// @param mayKeepNames whether some of the unsynced names may stay
  static PowerLoss of(long seed, List<Fate> fates, boolean mayKeepNames) {
    List<Fate> choices = List.copyOf(fates);
    RandomGenerator random = RandomGeneratorFactory.of("L64X128MixRandom").create(seed);
    return new SeededPowerLoss(random, mayKeepNames) {
      @Override
      public Fate fateOf(UnsyncedWrite write) {
        return choices.get(random().nextInt(choices.size()));
      }
    };
  }
}
