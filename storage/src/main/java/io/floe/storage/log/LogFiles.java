package io.floe.storage.log;

import io.floe.storage.StoreException;
import io.floe.storage.io.AlignedMemory;
import io.floe.storage.io.StorageFile;
import io.floe.storage.io.StorageIo;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Objects;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/// The files of a log by name.
///
/// | name | what it is |
/// |---|---|
/// | `0000000007.log` | file number 7 |
/// | `spare-0000000003.log` | what was file 3, ready to be another |
/// | `new.tmp` | a file in preparation, worthless after a crash |
///
/// A file gets its number in this order: written in full, header, sync, rename, sync of the
/// directory. So a file with a number always has a valid header, and its size is final.
///
/// Thread-safety: the log's thread.
final class LogFiles {
  private static final Pattern NUMBERED = Pattern.compile("(\\d{10})\\.log");
  private static final Pattern SPARE = Pattern.compile("spare-\\d{10}\\.log");
  private static final String TEMPORARY = "new.tmp";
  private static final int FILL_BYTES = 1 << 20;

  private final StorageIo io;
  private final BlockingTransfers transfers;
  private final Path directory;
  private final LogSettings settings;
  private final TreeMap<Integer, Long> numbered = new TreeMap<>();
  private final Deque<Path> spares = new ArrayDeque<>();

  LogFiles(StorageIo io, BlockingTransfers transfers, Path directory, LogSettings settings) {
    this.io = io;
    this.transfers = transfers;
    this.directory = directory;
    this.settings = settings;
  }

  /// Finds what is there and removes what an unfinished preparation left.
  void scan() throws StoreException {
    try {
      List<Path> paths = new ArrayList<>();
      try (Stream<Path> entries = Files.list(directory)) {
        entries.sorted().forEach(paths::add);
      }
      for (Path path : paths) {
        String name = path.getFileName().toString();
        Matcher matcher = NUMBERED.matcher(name);
        if (matcher.matches()) {
          numbered.put(Integer.parseInt(matcher.group(1)), Files.size(path));
        } else if (name.equals(TEMPORARY)) {
          io.delete(path);
        } else if (SPARE.matcher(name).matches()) {
          // Another size: of no use.
          if (Files.size(path) == settings.fileBytes()
              && spares.size() < settings.spareFilesMax()) {
            spares.add(path);
          } else {
            io.delete(path);
          }
        }
      }
      // A name may have outlived its process without being synced.
      io.syncDirectory(directory);
    } catch (IOException e) {
      throw failure("reading directory", directory, e);
    }
    if (numbered.isEmpty() && !spares.isEmpty()) {
      throw new StoreException(
          StoreException.Category.DAMAGED,
          "log " + directory + " has spare files but not one of its log files");
    }
    int expected = numbered.isEmpty() ? 0 : numbered.firstKey();
    for (int number : numbered.keySet()) {
      if (number != expected) {
        throw new StoreException(
            StoreException.Category.DAMAGED,
            "log file " + path(expected) + " is missing, " + path(number) + " exists");
      }
      expected++;
    }
  }

  /// Numbers of the files, oldest first.
  List<Integer> numbers() {
    return new ArrayList<>(numbered.keySet());
  }

  boolean isEmpty() {
    return numbered.isEmpty();
  }

  int oldest() {
    return numbered.firstKey();
  }

  int newest() {
    return numbered.lastKey();
  }

  int spareCount() {
    return spares.size();
  }

  long sizeBytes(int number) {
    return Objects.requireNonNull(numbered.get(number));
  }

  /// Bytes of all files, spares not counted.
  long sizeBytes() {
    return numbered.values().stream().mapToLong(Long::longValue).sum();
  }

  Path path(int number) {
    return directory.resolve("%010d.log".formatted(number));
  }

  StorageFile open(int number, StorageIo.Mode mode) throws StoreException {
    try {
      return io.open(path(number), mode, true);
    } catch (IOException e) {
      throw failure("opening", path(number), e);
    }
  }

  /// Makes the next file and opens it. If it fails, nothing has changed that anyone relies on.
  StorageFile create(FrameFormat.FileHeader header) throws StoreException {
    int number = header.file();
    Path target = path(number);
    Path source = header.fileBytes() == settings.fileBytes() ? spares.peek() : null;
    try {
      if (source == null) {
        source = directory.resolve(TEMPORARY);
        prepare(source, header, true);
      } else {
        prepare(source, header, false);
        spares.remove();
      }
      io.rename(source, target);
      io.syncDirectory(directory);
    } catch (IOException e) {
      throw failure("creating", target, e);
    }
    numbered.put(number, (long) header.fileBytes());
    return open(number, StorageIo.Mode.WRITE);
  }

  private void prepare(Path path, FrameFormat.FileHeader header, boolean isFresh)
      throws IOException, StoreException {
    StorageFile file = io.open(path, isFresh ? StorageIo.Mode.CREATE : StorageIo.Mode.WRITE, true);
    boolean isDone = false;
    try (Arena arena = Arena.ofShared()) {
      if (isFresh) {
        fill(file, header.fileBytes(), arena);
      }
      MemorySegment block = AlignedMemory.allocate(arena, FrameFormat.BLOCK_BYTES);
      FrameFormat.putFileHeader(block.asByteBuffer(), header);
      transfers.write(file, 0, block);
      transfers.sync(file);
      isDone = true;
    } finally {
      io.close(file);
      if (!isDone && isFresh) {
        io.delete(path);
      }
    }
  }

  /// Writes the whole file once: a sync into written blocks is about twice as fast as one that also
  /// has to record new ones.
  private void fill(StorageFile file, int fileBytes, Arena arena) throws StoreException {
    int chunkBytes = Math.min(FILL_BYTES, fileBytes);
    MemorySegment zeros = AlignedMemory.allocate(arena, chunkBytes);
    for (int at = 0; at < fileBytes; at += chunkBytes) {
      transfers.write(file, at, zeros.asSlice(0, Math.min(chunkBytes, fileBytes - at)));
    }
    transfers.sync(file);
  }

  /// Gives up the oldest file.
  void releaseOldest() throws StoreException {
    int number = numbered.firstKey();
    Path path = path(number);
    try {
      if (spares.size() < settings.spareFilesMax() && sizeBytes(number) == settings.fileBytes()) {
        Path spare = directory.resolve("spare-%010d.log".formatted(number));
        io.rename(path, spare);
        io.syncDirectory(directory);
        spares.add(spare);
      } else {
        io.delete(path);
        io.syncDirectory(directory);
      }
    } catch (IOException e) {
      throw failure("releasing", path, e);
    }
    numbered.remove(number);
  }

  static StoreException failure(String what, Path path, IOException cause) {
    boolean isFull =
        String.valueOf(cause.getMessage()).contains("No space left")
            || String.valueOf(cause.getMessage()).contains("ENOSPC");
    return new StoreException(
        isFull ? StoreException.Category.NO_SPACE : StoreException.Category.IO,
        what + " " + path + ": " + cause.getMessage(),
        cause);
  }
}
