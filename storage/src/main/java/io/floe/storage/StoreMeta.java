package io.floe.storage;

import io.floe.model.StoreIncarnation;
import java.nio.ByteBuffer;

/// The identity of a store (`store.meta`): its incarnation, 8 bytes. It is written last when a
/// directory is made, so a directory that has it has everything.
record StoreMeta(StoreIncarnation incarnation) {
  byte[] encode() {
    return SealedFile.encode(
        SealedFile.Kind.META, ByteBuffer.allocate(8).putLong(incarnation.value()).array());
  }

  static StoreMeta decode(byte[] file, Object name) throws StoreException {
    ByteBuffer payload = SealedFile.decode(SealedFile.Kind.META, file, name);
    return new StoreMeta(new StoreIncarnation(payload.getLong()));
  }
}
