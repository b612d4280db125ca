package io.floe.storage.io.channel;

import io.floe.storage.io.DirectRules;
import io.floe.storage.io.OpenFile;
import java.nio.channels.FileChannel;
import java.nio.file.Path;

/// A file that [FileChannelIo] opened.
final class ChannelFile extends OpenFile {
  final FileChannel channel;

  ChannelFile(FileChannelIo owner, Path path, FileChannel channel) {
    super(owner, path, false, 1, null);
    this.channel = channel;
  }

  ChannelFile(FileChannelIo owner, Path path, FileChannel channel, DirectRules rules) {
    super(owner, path, true, rules.alignmentBytes(), rules.flushDomain());
    this.channel = channel;
  }
}
