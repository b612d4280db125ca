package io.floe.consensus.replication.core;

/// Bounds of one writer. Beyond any of them appends are refused as overloaded.
///
/// @param inflightBatchesMax appends that were assigned or wait for the original's commit
/// @param inflightBytesMax bytes of those that were assigned; one batch is taken in any case
/// @param queuedBatchesMax appends that wait for a roll
/// @param queuedBytesMax bytes of those; one batch is taken in any case
public record WriterSettings(
    int inflightBatchesMax, long inflightBytesMax, int queuedBatchesMax, long queuedBytesMax) {
  public static final WriterSettings DEFAULT =
      new WriterSettings(10_000, 32L << 20, 2_000, 16L << 20);

  public WriterSettings {
    if (inflightBatchesMax < 1
        || inflightBytesMax < 1
        || queuedBatchesMax < 1
        || queuedBytesMax < 1) {
      throw new IllegalArgumentException(
          "every bound of a writer must be positive: inflight "
              + inflightBatchesMax
              + " batches, "
              + inflightBytesMax
              + " bytes, queued "
              + queuedBatchesMax
              + " batches, "
              + queuedBytesMax
              + " bytes");
    }
  }
}
