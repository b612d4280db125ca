package io.floe.storage.io.uring;

import io.floe.storage.io.StorageIo;
import io.floe.storage.io.StorageIoContract;
import org.junit.jupiter.api.Assumptions;

final class UringIoTest extends StorageIoContract {
  @Override
  protected StorageIo open(int depth) {
    try {
      return UringIo.create(depth);
    } catch (UringUnavailableException e) {
      return Assumptions.abort(e.getMessage());
    }
  }
}
