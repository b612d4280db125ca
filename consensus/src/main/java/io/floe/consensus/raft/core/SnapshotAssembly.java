package io.floe.consensus.raft.core;

import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/// A snapshot that comes in chunks. Chunks of another one, or of the same in another encoding,
/// begin it anew; those of the next leader go on when its bytes are the same.
final class SnapshotAssembly {
  private static final int FIRST_BYTES = 64 * 1024;

  private final RaftMessage.InstallSnapshot first;
  private byte[] data;
  private int filled;

  private SnapshotAssembly(RaftMessage.InstallSnapshot first) {
    this.first = first;
    data = new byte[Math.min(first.snapshotBytes(), FIRST_BYTES)];
  }

  /// The assembly that a chunk belongs to: the one there is, or a new one.
  static SnapshotAssembly of(
      @Nullable SnapshotAssembly current, RaftMessage.InstallSnapshot chunk) {
    return current != null && current.isOf(chunk) ? current : new SnapshotAssembly(chunk);
  }

  private boolean isOf(RaftMessage.InstallSnapshot chunk) {
    return chunk.lastIndex() == first.lastIndex()
        && chunk.lastTerm() == first.lastTerm()
        && chunk.snapshotBytes() == first.snapshotBytes()
        && chunk.checksum() == first.checksum();
  }

  void add(RaftMessage.InstallSnapshot chunk) {
    int size = chunk.chunk().sizeBytes();
    if (chunk.offset() != filled || size > first.snapshotBytes() - filled) {
      return; // Late, doubled or ahead: the answer says what is wanted.
    }
    if (filled + size > data.length) {
      // Grows with what came, not with what a message promised.
      long grown = Math.max(2L * data.length, filled + size);
      data = Arrays.copyOf(data, (int) Math.min(grown, first.snapshotBytes()));
    }
    System.arraycopy(chunk.chunk().bytes(), 0, data, filled, size);
    filled += size;
  }

  int nextOffset() {
    return filled;
  }

  boolean isWhole() {
    return filled == first.snapshotBytes();
  }

  /// The snapshot, or null when its bytes are not what was sent.
  @Nullable Snapshot toSnapshot() {
    Payload payload = Payload.of(Arrays.copyOf(data, filled));
    return SnapshotSending.checksum(payload) == first.checksum()
        ? new Snapshot(first.lastIndex(), first.lastTerm(), first.membership(), payload)
        : null;
  }
}
