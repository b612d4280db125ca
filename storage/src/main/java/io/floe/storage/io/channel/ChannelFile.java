package io.floe.storage.io.channel;

import io.floe.storage.io.StorageFile;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.util.concurrent.atomic.AtomicInteger;

/// A file that [FileChannelIo] opened.
final class ChannelFile implements StorageFile {
  final FileChannelIo owner;
  final FileChannel channel;

  /// Written by the owner thread, read by whoever closes.
  final AtomicInteger inFlight = new AtomicInteger();

  private final Path path;
  private final int alignmentBytes;
  private final boolean isDirect;

  ChannelFile(
      FileChannelIo owner, Path path, FileChannel channel, boolean isDirect, int alignmentBytes) {
    this.owner = owner;
    this.path = path;
    this.channel = channel;
    this.isDirect = isDirect;
    this.alignmentBytes = alignmentBytes;
  }

  @Override
  public Path path() {
    return path;
  }

  @Override
  public boolean isDirect() {
    return isDirect;
  }

  @Override
  public int alignmentBytes() {
    return alignmentBytes;
  }

  @Override
  public String toString() {
    return path.toString();
  }
}
