package io.floe.storage.log;

import io.floe.storage.io.AlignedMemory;

/// How a [FramedLog] lays out its files.
///
/// Units: bytes.
///
/// @param fileBytes size of a file, written in full before use; a multiple of 4096. The first files
///   are smaller, see [#fileBytes(int)]
/// @param entryBytesMax the largest entry; it must fit in a file
/// @param groupBytesMax entries that one sync covers; a larger entry is a group of its own
/// @param spareFilesMax released files that are kept for reuse
public record LogSettings(int fileBytes, int entryBytesMax, int groupBytesMax, int spareFilesMax) {
  static final int FILE_BYTES_MAX = 1 << 30;
  private static final long FIRST_FILE_BYTES = 1 << 20;

  public LogSettings {
    int block = AlignedMemory.ALIGNMENT_BYTES;
    if (fileBytes < 4 * block || fileBytes > FILE_BYTES_MAX || fileBytes % block != 0) {
      throw new IllegalArgumentException(
          "fileBytes is "
              + fileBytes
              + ", must be a multiple of 4096, at least "
              + 4 * block
              + " and at most "
              + FILE_BYTES_MAX);
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

  /// Size of the file with that number: a new log starts with a small file, since whoever makes it
  /// waits for its blocks to be written, and doubles.
  int fileBytes(int number) {
    return (int) Math.min(fileBytes, FIRST_FILE_BYTES << Math.min(number - 1, 11));
  }
}
