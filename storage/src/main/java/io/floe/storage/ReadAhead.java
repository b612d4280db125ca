package io.floe.storage;

import io.floe.storage.io.AlignedMemory;
import io.floe.storage.io.StorageFile;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayDeque;
import java.util.concurrent.CompletableFuture;

/// Reads one file after another in order, several pieces ahead of who consumes them, so that the
/// disk reads while the last piece is verified.
///
/// The bytes come by the same transfers as other reads: past the page cache where the file is
/// direct. A piece that was read in vain (the consumer jumped, or ended early) says nothing, also
/// when its read failed: only a piece that is asked for can fail.
///
/// Memory: `pieces` times `pieceBytes`, allocated at the first use and kept.
///
/// Thread-safety: none. Ownership: [#end()] before the file is closed.
final class ReadAhead {
  /// Eight mebibytes in flight: enough for disks that need a queue, little for a machine that just
  /// starts.
  static final int PIECES = 8;

  static final int PIECE_BYTES = 1 << 20;

  /// A part of the file under way or there.
  private record Piece(long position, MemorySegment memory, CompletableFuture<Integer> done) {
    boolean holds(long at) {
      return at >= position && at < position + memory.byteSize();
    }
  }

  private final Disk disk;
  private final int pieces;
  private final int pieceBytes;

  /// One after the other without a gap, the one that is consumed first.
  private final ArrayDeque<Piece> ahead = new ArrayDeque<>();

  private final ArrayDeque<MemorySegment> free = new ArrayDeque<>();
  private int allocated;

  ReadAhead(Disk disk) {
    this(disk, PIECES, PIECE_BYTES);
  }

  /// @param pieceBytes a multiple of the block
  ReadAhead(Disk disk, int pieces, int pieceBytes) {
    this.disk = disk;
    this.pieces = pieces;
    this.pieceBytes = pieceBytes;
  }

  /// Reads until the target is full or the file ends.
  ///
  /// @param position a multiple of the block
  /// @param until reads no piece ahead that begins there or behind
  /// @return bytes read
  long read(StorageFile file, long position, MemorySegment target, long until)
      throws StoreException {
    long done = 0;
    while (done < target.byteSize()) {
      long at = position + done;
      long gap = ahead.isEmpty() ? 0 : ahead.getFirst().position - at;
      if (gap > 0 && gap < target.byteSize() - done) {
        // The consumer went back to the start of what it saw the first half of. Starting over would
        // throw away what is under way.
        done += disk.read(file, at, target.asSlice(done, gap));
        if (position + done < ahead.getFirst().position) {
          break;
        }
        continue;
      }
      Piece piece = piece(file, at, until);
      long there = filled(file, piece);
      long from = at - piece.position;
      long part = Math.min(target.byteSize() - done, there - from);
      if (part <= 0) {
        break;
      }
      MemorySegment.copy(piece.memory, from, target, done, part);
      done += part;
    }
    return done;
  }

  /// The piece that holds a position; those behind it are under way.
  private Piece piece(StorageFile file, long at, long until) throws StoreException {
    while (!ahead.isEmpty() && !ahead.getFirst().holds(at)) {
      // Its read may still be going on: the memory is not free before.
      letGo(ahead.removeFirst());
    }
    long next = ahead.isEmpty() ? at : ahead.getLast().position + pieceBytes;
    while (ahead.isEmpty() || (next < until && ahead.size() < pieces)) {
      MemorySegment memory = take();
      ahead.add(new Piece(next, memory, disk.startRead(file, next, memory)));
      next += pieceBytes;
    }
    return ahead.getFirst();
  }

  /// How many bytes of a piece are there: fewer than it has room for where the file ends.
  private long filled(StorageFile file, Piece piece) throws StoreException {
    int result = Disk.await(piece.done);
    if (result < 0) {
      throw Disk.failed("read", file.path(), result);
    }
    if (result == 0 || result == pieceBytes || result % file.alignmentBytes() != 0) {
      return result;
    }
    // Short at a block: the end of the file, or a read that was cut.
    return result + disk.read(file, piece.position + result, piece.memory.asSlice(result));
  }

  private MemorySegment take() {
    MemorySegment memory = free.poll();
    if (memory == null) {
      memory = AlignedMemory.allocate(Arena.ofAuto(), pieceBytes);
      allocated++;
    }
    return memory;
  }

  private void letGo(Piece piece) {
    var _ = piece.done.exceptionally(failure -> 0).join();
    free.add(piece.memory);
  }

  /// Waits for what is under way; the next read may be of another file.
  void end() {
    while (!ahead.isEmpty()) {
      letGo(ahead.removeFirst());
    }
  }

  /// Pieces of memory that were ever needed.
  int allocated() {
    return allocated;
  }
}
