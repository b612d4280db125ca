package io.floe.storage.log;

import io.floe.storage.io.AlignedMemory;

/// How a [FramedLog] lays out its files.
///
/// Units: bytes.
///
/// @param fileBytes size of each file, all written in full before use; a multiple of 4096
/// @param entryBytesMax the largest entry; it must fit in a file
/// @param groupBytesMax entries that one sync covers; a larger entry is a group of its own
/// @param spareFilesMax released files that are kept for reuse
public record LogSettings(int fileBytes, int entryBytesMax, int groupBytesMax, int spareFilesMax) {
  public LogSettings {
    int block = AlignedMemory.ALIGNMENT_BYTES;
    if (fileBytes < 4 * block || fileBytes % block != 0) {
      throw new IllegalArgumentException(
          "fileBytes is " + fileBytes + ", must be a multiple of 4096 and at least " + 4 * block);
    }
    // A block each for the file's header and for the mark at its end.
    int largest = fileBytes - 2 * block - FrameFormat.HEADER_BYTES;
    if (entryBytesMax < 1 || entryBytesMax > largest) {
      throw new IllegalArgumentException(
          "entryBytesMax is " + entryBytesMax + ", must be 1 to " + largest + " for the file size");
    }
    if (groupBytesMax < block) {
      throw new IllegalArgumentException(
          "groupBytesMax is " + groupBytesMax + ", must be at least " + block);
    }
    if (spareFilesMax < 0) {
      throw new IllegalArgumentException(
          "spareFilesMax is " + spareFilesMax + ", must be 0 or more");
    }
  }
}
