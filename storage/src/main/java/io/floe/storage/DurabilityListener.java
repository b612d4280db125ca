package io.floe.storage;

/// Hears how far a segment is durable. Called on the store's thread: it must not block and posts a
/// message to whoever cares.
public interface DurabilityListener {

  /// Everything below `endOffset` is synced, the tail journal with it. At most one call per group.
  void onDurable(long endOffset);

  /// Space was prepared after [OpenSegment#reserve] answered [OpenSegment.Space#PREPARING], or the
  /// disk has room again after [OpenSegment.Space#NO_SPACE].
  void onSpace();

  /// The store failed: nothing that was not reported durable ever will be.
  void onFailed(StoreException cause);
}
