package io.floe.actors.log;

import io.floe.storage.LogSlice;

/// What a read found.
public sealed interface LogRead {

  /// Whole batches, the first of which holds the wanted offset (it may begin before it). The
  /// receiver closes the slice.
  ///
  /// @param nextOffset offset after the last batch of the slice
  record Batches(LogSlice slice, long nextOffset) implements LogRead {}

  /// Nothing to read yet: the offset is at the high watermark, or between it and the log end.
  record AtEnd(long highWatermark) implements LogRead {}

  /// The offset is below the log start or above the log end.
  record OutOfRange(long logStartOffset, long logEndOffset) implements LogRead {}

  /// The bytes there are known to be damaged. Reads behind the range go on.
  ///
  /// @param nextOffset first offset after the damage that can be read
  record Damaged(long nextOffset, String message) implements LogRead {}

  /// The store cannot serve it now.
  record Failed(String message) implements LogRead {}
}
