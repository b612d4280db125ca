package io.floe.consensus.replication.core;

/// What a writer wants done. The calls of one step are the effects in their order: the shell
/// carries each out, or queues them, in that order. None may call the writer again.
public interface WriterEffects {

  /// Give the batch of this request to the store, and to the followers, with this place.
  void write(long token, long baseOffset, int epoch);

  /// Readers may see everything below `highWatermark`. Comes before the acks that it allows, so
  /// that who hears an ack can read the record.
  void advanceHighWatermark(long highWatermark);

  /// Answer: the batch is on the ack quorum's disks.
  ///
  /// @param baseOffset of the original when it is a duplicate
  void acked(long token, long baseOffset, boolean isDuplicate);

  /// Answer: nothing of the batch is in the log.
  void refused(long token, AppendRefusal reason);

  /// Answer: the batch may be in the log or not.
  void unknown(long token);

  /// Propose `SealAndOpen` of the segment at `endOffset`, with the store's digest there.
  void proposeSealAndOpen(long endOffset);

  /// Read in the metadata what became of the proposal, and say so by an event.
  void readRollOutcome();

  /// Give the request to the successor's writer; in the order in which they came.
  void handOver(long token);

  /// The writer is done and the segment is not sealed: someone must seal it at what a recovery
  /// finds.
  void halt(HaltReason reason);

  /// Why a writer is done.
  enum HaltReason {
    FENCED,
    STORE_FAILED,
    STOPPED
  }
}
