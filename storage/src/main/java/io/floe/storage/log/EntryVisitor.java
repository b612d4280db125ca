package io.floe.storage.log;

import io.floe.storage.StoreException;
import java.nio.ByteBuffer;

/// Sees entries in the order of the log.
@FunctionalInterface
public interface EntryVisitor {
  /// Sees one entry.
  ///
  /// @param entry valid during the call only
  void onEntry(EntryPosition position, ByteBuffer entry) throws StoreException;
}
