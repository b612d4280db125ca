package io.floe.storage;

import java.util.List;

/// A segment without a footer, as recovery found it: read back from the disk, verified and synced.
///
/// @param endOffset end of what this store acknowledged and can still read, or, when damaged, of
///   what it acknowledged: later valid data is never dropped silently
/// @param digest chain digest at `endOffset`
/// @param inDoubt what the last recorded group held beyond `endOffset` and could not be read:
///   perhaps acknowledged, perhaps not; empty (from = to) normally
/// @param damaged acknowledged ranges below `endOffset` that cannot be read
/// @param producerTableAtBase bytes that were given when the segment was opened
public record RecoveredSegment(
    SegmentSpec spec,
    long endOffset,
    long digest,
    OffsetRange inDoubt,
    List<OffsetRange> damaged,
    @SuppressWarnings("ArrayRecordComponent") byte[] producerTableAtBase) {
  public RecoveredSegment {
    damaged = List.copyOf(damaged);
  }
}
