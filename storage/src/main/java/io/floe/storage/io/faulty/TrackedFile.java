package io.floe.storage.io.faulty;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.TreeMap;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/// What of one file would survive a loss of power: the durable bytes under each sector that an
/// unsynced write touched, and those writes.
///
/// It follows the file through renames. A sector's durable bytes are read from the live file before
/// the first unsynced write to it is submitted, so they are what the last sync left there.
///
/// Thread-safety: none; [FaultyIo] holds its lock.
final class TrackedFile {
  static final int SECTOR_BYTES = 512;

  /// One unsynced write.
  static final class Pending {
    final long operation;
    final long position;
    byte[] bytes;
    boolean isReaped;

    /// Whether a failure lets no later sync vouch for it: the kernel drops the dirty pages of a
    /// failed write-back, so that the next sync succeeds without them.
    boolean isBeyondSync;

    Pending(long operation, long position, byte[] bytes) {
      this.operation = operation;
      this.position = position;
      this.bytes = bytes;
    }

    /// Leaves out what a short write did not write.
    void shortenTo(int sizeBytes) {
      if (sizeBytes < bytes.length) {
        bytes = Arrays.copyOf(bytes, sizeBytes);
      }
    }

    long end() {
      return position + bytes.length;
    }
  }

  private final TreeMap<Long, byte[]> durableSectors = new TreeMap<>();
  private final List<Pending> pending = new ArrayList<>();
  private long durableSizeBytes;
  private long liveSizeBytes;

  /// Where the file is now; null when it has no name any more and cannot come back.
  @Nullable Path path;

  TrackedFile(Path path, long durableSizeBytes) {
    this.path = path;
    this.durableSizeBytes = durableSizeBytes;
    this.liveSizeBytes = durableSizeBytes;
  }

  /// Takes everything that is there for one write that was reaped and not synced.
  void distrust() throws IOException {
    Path place = path;
    if (place == null || liveSizeBytes == 0) {
      return;
    }
    var write = new Pending(-1, 0, Files.readAllBytes(place));
    write.isReaped = true;
    for (long sector = 0; sector * SECTOR_BYTES < write.end(); sector++) {
      durableSectors.put(sector, new byte[SECTOR_BYTES]);
    }
    pending.add(write);
    durableSizeBytes = 0;
  }

  /// By how much a write up to there makes the file larger.
  long growthBytes(long end) {
    return Math.max(0, end - liveSizeBytes);
  }

  int pendingCount() {
    return pending.size();
  }

  /// Notes a write that is about to be submitted.
  Pending add(long operation, long position, byte[] bytes) throws IOException {
    var write = new Pending(operation, position, bytes);
    capture(write);
    pending.add(write);
    if (bytes.length > 0) {
      liveSizeBytes = Math.max(liveSizeBytes, write.end());
    }
    return write;
  }

  private void capture(Pending write) throws IOException {
    Path place = path;
    if (place == null || write.bytes.length == 0) {
      return;
    }
    RandomAccessFile file = null;
    try {
      for (long sector = write.position / SECTOR_BYTES;
          sector * SECTOR_BYTES < write.end();
          sector++) {
        if (!durableSectors.containsKey(sector)) {
          // Not a file channel: an interrupt would close it.
          file = file == null ? new RandomAccessFile(place.toFile(), "r") : file;
          durableSectors.put(sector, readSector(file, sector));
        }
      }
    } finally {
      if (file != null) {
        file.close();
      }
    }
  }

  /// Bytes past the end read as zeros, as they would after the file grew over them.
  private static byte[] readSector(RandomAccessFile file, long sector) throws IOException {
    byte[] bytes = new byte[SECTOR_BYTES];
    file.seek(sector * SECTOR_BYTES);
    int filled = 0;
    while (filled < SECTOR_BYTES) {
      int count = file.read(bytes, filled, SECTOR_BYTES - filled);
      if (count < 0) {
        break;
      }
      filled += count;
    }
    return bytes;
  }

  /// The writes for which a sync that is submitted now will vouch.
  List<Pending> coveredNow() {
    return pending.stream().filter(write -> write.isReaped && !write.isBeyondSync).toList();
  }

  /// The writes for which a sync of another file vouches: a flush of the disk's cache, which makes
  /// no size durable.
  List<Pending> coveredByFlush() {
    return coveredNow().stream().filter(write -> write.end() <= durableSizeBytes).toList();
  }

  /// Makes writes durable.
  void settle(List<Pending> covered) {
    for (Pending write : covered) {
      if (write.isBeyondSync || !pending.remove(write)) {
        continue;
      }
      for (long sector = write.position / SECTOR_BYTES;
          sector * SECTOR_BYTES < write.end();
          sector++) {
        byte[] durable = durableSectors.get(sector);
        if (durable != null) {
          overlay(durable, sector, write, write.bytes.length);
        }
      }
      if (write.bytes.length > 0) {
        durableSizeBytes = Math.max(durableSizeBytes, write.end());
      }
    }
    Set<Long> touched = new HashSet<>();
    for (Pending write : pending) {
      for (long sector = write.position / SECTOR_BYTES;
          sector * SECTOR_BYTES < write.end();
          sector++) {
        touched.add(sector);
      }
    }
    durableSectors.keySet().retainAll(touched);
  }

  private static void overlay(byte[] target, long sector, Pending write, int sizeBytes) {
    long sectorStart = sector * SECTOR_BYTES;
    long from = Math.max(sectorStart, write.position);
    long to = Math.min(sectorStart + SECTOR_BYTES, write.position + sizeBytes);
    if (from < to) {
      System.arraycopy(
          write.bytes,
          (int) (from - write.position),
          target,
          (int) (from - sectorStart),
          (int) (to - from));
    }
  }

  void flipBit(long position, int bit) {
    byte[] durable = durableSectors.get(position / SECTOR_BYTES);
    if (durable != null) {
      durable[(int) (position % SECTOR_BYTES)] ^= (byte) (1 << bit);
    }
  }

  /// Makes the live file what the disk would hold after the loss.
  void lose(PowerLoss policy) throws IOException {
    Path place = path;
    if (place == null || pending.isEmpty()) {
      return;
    }
    long sizeBytes = durableSizeBytes;
    for (Pending write : pending) {
      var unsynced =
          new UnsyncedWrite(
              place, write.operation, write.position, write.bytes.length, write.isReaped);
      long end = apply(write, policy.fateOf(unsynced), policy.random());
      sizeBytes = Math.max(sizeBytes, end);
    }
    try (var file = new RandomAccessFile(place.toFile(), "rw")) {
      file.setLength(sizeBytes);
      for (var sector : durableSectors.entrySet()) {
        long start = sector.getKey() * SECTOR_BYTES;
        int length = (int) Math.min(SECTOR_BYTES, sizeBytes - start);
        if (length > 0) {
          file.seek(start);
          file.write(sector.getValue(), 0, length);
        }
      }
    }
    pending.clear();
    durableSectors.clear();
  }

  /// Answers where the write's effect ends; 0 if it has none.
  private long apply(Pending write, PowerLoss.Fate fate, RandomGenerator random) {
    if (write.bytes.length == 0) {
      return 0;
    }
    return switch (fate) {
      case DROPPED -> 0;
      case KEPT -> applyPrefix(write, write.bytes.length);
      case TORN_AT_BYTE -> applyPrefix(write, random.nextInt(write.bytes.length));
      case TORN_BY_SECTOR -> applySomeSectors(write, random);
      case DESTROYED -> destroy(write, random);
    };
  }

  private long applyPrefix(Pending write, int sizeBytes) {
    for (long sector = write.position / SECTOR_BYTES;
        sector * SECTOR_BYTES < write.position + sizeBytes;
        sector++) {
      overlay(sectorOf(sector), sector, write, sizeBytes);
    }
    return sizeBytes == 0 ? 0 : write.position + sizeBytes;
  }

  private long applySomeSectors(Pending write, RandomGenerator random) {
    long end = 0;
    for (long sector = write.position / SECTOR_BYTES;
        sector * SECTOR_BYTES < write.end();
        sector++) {
      if (random.nextBoolean()) {
        overlay(sectorOf(sector), sector, write, write.bytes.length);
        end = Math.min(write.end(), (sector + 1) * SECTOR_BYTES);
      }
    }
    return end;
  }

  private long destroy(Pending write, RandomGenerator random) {
    for (long sector = write.position / SECTOR_BYTES;
        sector * SECTOR_BYTES < write.end();
        sector++) {
      random.nextBytes(sectorOf(sector));
    }
    return write.end();
  }

  private byte[] sectorOf(long sector) {
    return durableSectors.computeIfAbsent(sector, absent -> new byte[SECTOR_BYTES]);
  }
}
