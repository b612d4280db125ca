package io.floe.journal;

import io.floe.storage.StoreException;
import io.floe.storage.io.AlignedMemory;
import io.floe.storage.io.StorageFile;
import io.floe.storage.io.StorageIo;
import io.floe.storage.log.BlockingTransfers;
import io.floe.storage.log.DirectoryLock;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.function.Predicate;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/// Snapshots as files, one each, named `<persistence id>~<sequence number>~<timestamp>.snapshot`.
///
/// A snapshot is written beside its place, synced, renamed, and the directory synced: under its
/// name it is always whole and durable. Of several with one sequence number the newest counts.
///
/// Thread-safety: one thread. Errors: [StoreException]; a failed save leaves the snapshots before
/// it as they were.
final class SnapshotFiles implements AutoCloseable {
  private static final Pattern NAME = Pattern.compile("(.+)~(\\d+)~(-?\\d+)\\.snapshot");
  private static final String TEMPORARY_SUFFIX = ".tmp";
  // File names may have 255 bytes; the numbers and the suffix take up to 50.
  private static final int KEY_CHARS_MAX = 180;
  private static final int KEY_PREFIX_CHARS = 100;
  private static final int BLOCK = AlignedMemory.ALIGNMENT_BYTES;

  private final StorageIo io;
  private final BlockingTransfers transfers;
  private final Path directory;
  private final DirectoryLock lock;
  private final Map<String, List<Snapshot>> snapshots = new HashMap<>();

  /// A file that is there.
  record Snapshot(long sequence, long timestamp, Path path) {
    static final Comparator<Snapshot> NEWEST_FIRST =
        Comparator.comparingLong(Snapshot::sequence)
            .thenComparingLong(Snapshot::timestamp)
            .reversed();
  }

  private SnapshotFiles(Path directory, StorageIo io, DirectoryLock lock) {
    this.directory = directory;
    this.io = io;
    this.lock = lock;
    this.transfers = new BlockingTransfers(io);
  }

  /// Opens the directory, which is made if it is not there, and removes unfinished files.
  ///
  /// Ownership: closes `io`, also when this fails.
  static SnapshotFiles open(Path directory, StorageIo io) throws StoreException {
    DirectoryLock lock = null;
    boolean isOpen = false;
    try {
      lock = DirectoryLock.acquire(directory);
      SnapshotFiles files = new SnapshotFiles(directory, io, lock);
      files.scan();
      isOpen = true;
      return files;
    } finally {
      if (!isOpen) {
        io.close();
        if (lock != null) {
          lock.close();
        }
      }
    }
  }

  private void scan() throws StoreException {
    try {
      List<Path> paths = new ArrayList<>();
      try (Stream<Path> entries = Files.list(directory)) {
        entries.forEach(paths::add);
      }
      for (Path path : paths) {
        String name = path.getFileName().toString();
        Matcher matcher = NAME.matcher(name);
        if (name.endsWith(TEMPORARY_SUFFIX)) {
          io.delete(path);
        } else if (matcher.matches()) {
          Snapshot snapshot =
              new Snapshot(
                  Long.parseLong(matcher.group(2)), Long.parseLong(matcher.group(3)), path);
          of(matcher.group(1)).add(snapshot);
        }
      }
      io.syncDirectory(directory);
    } catch (IOException e) {
      throw failure("reading directory", directory, e);
    }
  }

  /// Stores a snapshot durably. Replaces those with the same sequence number.
  void save(String persistenceId, long sequence, long timestamp, byte[] metadata, byte[] snapshot)
      throws StoreException {
    byte[] content = SnapshotFormat.encode(persistenceId, sequence, timestamp, metadata, snapshot);
    String key = key(persistenceId);
    Path path = directory.resolve(key + "~" + sequence + "~" + timestamp + ".snapshot");
    Path temporary = directory.resolve(path.getFileName() + TEMPORARY_SUFFIX);
    try {
      write(temporary, content);
      io.rename(temporary, path);
      io.syncDirectory(directory);
    } catch (IOException e) {
      throw failure("saving snapshot", path, e);
    }
    List<Snapshot> list = of(key);
    list.removeIf(old -> old.path().equals(path));
    list.add(new Snapshot(sequence, timestamp, path));
    // Only after the new one is durable; what a crash leaves here is older and never chosen.
    delete(persistenceId, old -> old.sequence() == sequence && !old.path().equals(path));
  }

  private void write(Path path, byte[] content) throws IOException, StoreException {
    StorageFile file = io.open(path, StorageIo.Mode.CREATE, true);
    boolean isDone = false;
    try (Arena arena = Arena.ofShared()) {
      long blocks = AlignedMemory.roundUp(content.length, BLOCK);
      MemorySegment memory = AlignedMemory.allocate(arena, blocks);
      MemorySegment.copy(MemorySegment.ofArray(content), 0, memory, 0, content.length);
      transfers.write(file, 0, memory);
      transfers.sync(file);
      isDone = true;
    } finally {
      io.close(file);
      if (!isDone) {
        io.delete(path);
      }
    }
  }

  /// Those of an id that match, newest first.
  List<Snapshot> find(String persistenceId, Predicate<Snapshot> condition) {
    return snapshots.getOrDefault(key(persistenceId), List.of()).stream()
        .filter(condition)
        .sorted(Snapshot.NEWEST_FIRST)
        .toList();
  }

  SnapshotFormat.Content load(String persistenceId, Snapshot snapshot) throws StoreException {
    try {
      long size = AlignedMemory.roundUp(Math.max(1, Files.size(snapshot.path())), BLOCK);
      StorageFile file = io.open(snapshot.path(), StorageIo.Mode.READ, true);
      try (Arena arena = Arena.ofShared()) {
        MemorySegment memory = AlignedMemory.allocate(arena, size);
        int length = transfers.read(file, 0, memory);
        byte[] bytes = new byte[length];
        memory.asByteBuffer().get(bytes);
        return SnapshotFormat.decode(
            snapshot.path(), bytes, persistenceId, snapshot.sequence(), snapshot.timestamp());
      } finally {
        io.close(file);
      }
    } catch (IOException e) {
      throw failure("loading snapshot", snapshot.path(), e);
    }
  }

  void delete(String persistenceId, Predicate<Snapshot> condition) throws StoreException {
    List<Snapshot> doomed = find(persistenceId, condition);
    if (doomed.isEmpty()) {
      return;
    }
    try {
      for (Snapshot snapshot : doomed) {
        io.delete(snapshot.path());
        of(key(persistenceId)).remove(snapshot);
      }
      io.syncDirectory(directory);
    } catch (IOException e) {
      throw failure("deleting snapshots in", directory, e);
    }
  }

  @Override
  public void close() {
    io.close();
    lock.close();
  }

  private List<Snapshot> of(String key) {
    return snapshots.computeIfAbsent(key, ignored -> new ArrayList<>());
  }

  /// A file name for an id: readable where it can be, unique always.
  static String key(String persistenceId) {
    // '~' separates the parts of the name, and "*" is not welcome in names.
    String encoded =
        URLEncoder.encode(persistenceId, StandardCharsets.UTF_8)
            .replace("~", "%7E")
            .replace("*", "%2A");
    if (!encoded.isEmpty() && encoded.length() <= KEY_CHARS_MAX && !encoded.startsWith(".")) {
      return encoded;
    }
    try {
      byte[] hash =
          MessageDigest.getInstance("SHA-256")
              .digest(persistenceId.getBytes(StandardCharsets.UTF_8));
      int prefix = Math.min(encoded.length(), KEY_PREFIX_CHARS);
      // An encoded id has no '~', so the two kinds cannot meet.
      return "id" + encoded.substring(0, prefix) + "~" + HexFormat.of().formatHex(hash);
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every JDK has SHA-256", e);
    }
  }

  private static StoreException failure(String what, Path path, IOException cause) {
    return new StoreException(
        StoreException.Category.IO, what + " " + path + ": " + cause.getMessage(), cause);
  }
}
