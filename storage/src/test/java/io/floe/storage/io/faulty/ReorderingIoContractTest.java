package io.floe.storage.io.faulty;

import io.floe.storage.StoreException;
import io.floe.storage.StoreSettings;
import io.floe.storage.io.StorageIo;
import io.floe.storage.io.StorageIoContract;
import io.floe.storage.io.StorageIos;
import java.time.Duration;

/// Nor do late and reordered completions break a promise.
final class ReorderingIoContractTest extends StorageIoContract {
  @Override
  protected StorageIo open(int depth) {
    try {
      StorageIo real = StorageIos.open(StoreSettings.Io.AUTO, depth);
      FaultyIo faulty = FaultyIo.around(real, directory.resolve("attic"), 2);
      faulty.reorderCompletions(true);
      faulty.delayCompletions(Duration.ZERO, Duration.ofNanos(200_000));
      return faulty;
    } catch (StoreException e) {
      throw new AssertionError(e);
    }
  }
}
