package io.floe.consensus.raft.core;

import java.util.zip.CRC32C;

/// A snapshot on its way to one member: one chunk at a time, the next one when the member asks for
/// it, the same again when it is silent (Raft thesis §5.2). Keeps the snapshot with which it began,
/// whatever the leader compacts meanwhile.
final class SnapshotSending {
  final Snapshot snapshot;
  private final int checksum;
  private int offset;
  private int silentTicks;
  private boolean isDue = true;

  SnapshotSending(Snapshot snapshot) {
    this.snapshot = snapshot;
    checksum = checksum(snapshot.data());
  }

  static int checksum(Payload data) {
    CRC32C crc = new CRC32C();
    crc.update(data.bytes());
    return (int) crc.getValue();
  }

  void tick(int resendTicks) {
    if (++silentTicks >= resendTicks) {
      isDue = true;
    }
  }

  boolean isDue() {
    return isDue;
  }

  /// The member has the bytes before `nextOffset`.
  void progressed(int nextOffset) {
    if (nextOffset < 0 || nextOffset > snapshot.data().sizeBytes() || nextOffset == offset) {
      return; // The same again: the resend is what asks twice.
    }
    offset = nextOffset;
    isDue = true;
  }

  RaftMessage.InstallSnapshot next(RaftMessage.Header header, int chunkBytes) {
    isDue = false;
    silentTicks = 0;
    int end = Math.min(offset + chunkBytes, snapshot.data().sizeBytes());
    return new RaftMessage.InstallSnapshot(
        header,
        snapshot.lastIndex(),
        snapshot.lastTerm(),
        snapshot.membership(),
        snapshot.data().sizeBytes(),
        checksum,
        offset,
        snapshot.data().slice(offset, end));
  }
}
