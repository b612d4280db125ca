package io.floe.storage;

import io.floe.model.PartitionId;
import io.floe.model.SegmentId;

/// What a store is told of a segment that it shall hold.
///
/// @param baseOffset its first offset (B)
/// @param epoch stamped into every batch
/// @param isHot whether much is expected of it (its predecessor was filled): then it gets a large
///   pre-written file at once, otherwise it starts with kilobytes
public record SegmentSpec(
    SegmentId id, PartitionId partition, long baseOffset, int epoch, boolean isHot) {}
