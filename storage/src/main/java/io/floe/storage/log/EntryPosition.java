package io.floe.storage.log;

/// Where an entry lies.
///
/// @param sequence its number in the log, dense and increasing
/// @param file number of the file
/// @param position byte position of its frame in the file
/// @param sizeBytes bytes of the entry, without the frame
public record EntryPosition(long sequence, int file, int position, int sizeBytes) {}
