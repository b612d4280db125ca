package io.floe.storage.io.channel;

import io.floe.storage.io.StorageIo;
import io.floe.storage.io.StorageIoContract;

final class FileChannelIoTest extends StorageIoContract {
  @Override
  protected StorageIo open(int depth) {
    return FileChannelIo.create(depth);
  }
}
