package io.floe.storage;

import java.nio.ByteBuffer;

/// A segment that is being appended to, on this store.
///
/// Thread-safety: [#reserve] and [#append] belong to one writer at a time (calls may come from
/// different threads when something else orders them, as an actor does); the getters may be called
/// from any thread.
public interface OpenSegment {

  /// Whether a batch finds room.
  enum Space {
    /// The next `sizeBytes` can be appended now.
    READY,
    /// The file grows in the background, or too many bytes are in flight;
    /// [DurabilityListener#onSpace] tells when to ask again.
    PREPARING,
    /// The disk is full; [DurabilityListener#onSpace] tells when it no longer is.
    NO_SPACE,
    /// The store failed or is closed.
    FAILED
  }

  SegmentSpec spec();

  /// Asks for room, before an offset is assigned. Never blocks.
  Space reserve(int sizeBytes);

  /// Gives back what was reserved and is not going to be appended: until then the segment stays
  /// ready for it, with an open file and its last block in memory, however long it is idle.
  void giveBack();

  /// Takes a batch: copies its bytes, stamps base offset and epoch into the copy and queues it for
  /// the next group. Needs a [Space#READY] of at least its size before. If the segment was sealed
  /// or deleted, or the store failed since, the batch is dropped and never becomes durable.
  ///
  /// @param batch one whole batch between position and limit; not modified; may be reused at once
  /// @param baseOffset must be [#endOffset()]
  void append(ByteBuffer batch, long baseOffset);

  /// First offset not yet appended.
  long endOffset();

  /// First offset not yet durable.
  long durableEnd();

  /// Bytes appended so far.
  long sizeBytes();

  /// Chain digest of everything below [#endOffset()].
  long digest();
}
