package io.floe.storage.io.channel;

import io.floe.storage.io.OpenFile;
import java.nio.channels.FileChannel;
import java.nio.file.Path;

/// A file that [FileChannelIo] opened.
final class ChannelFile extends OpenFile {
  final FileChannel channel;

  ChannelFile(
      FileChannelIo owner, Path path, FileChannel channel, boolean isDirect, int alignmentBytes) {
    super(owner, path, isDirect, alignmentBytes);
    this.channel = channel;
  }
}
