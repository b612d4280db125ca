package io.floe.storage.log;

import io.floe.storage.StoreException;

/// Hears of one append. Exactly one of the two methods is called, on the log's thread.
public interface AppendListener {
  /// The entry is on disk, synced.
  void onDurable(EntryPosition position);

  /// The entry was refused, or it is unknown whether it is on disk: see
  /// [StoreException#category()].
  void onFailed(StoreException failure);
}
