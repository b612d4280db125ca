package io.floe.storage.io.faulty;

import io.floe.storage.io.StorageIo;
import io.floe.storage.io.StorageIoContract;
import io.floe.storage.io.channel.FileChannelIo;

/// Without faults it is an implementation like any other.
final class FaultyIoContractTest extends StorageIoContract {
  @Override
  protected StorageIo open(int depth) {
    return FaultyIo.around(FileChannelIo.create(depth), directory.resolve("attic"), 1);
  }
}
