package io.floe.storage.io.faulty;

import io.floe.storage.io.AlignedMemory;
import io.floe.storage.io.Errno;
import io.floe.storage.io.OwnerThread;
import io.floe.storage.io.StorageFile;
import io.floe.storage.io.StorageIo;
import io.floe.storage.io.TransferRules;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.io.UncheckedIOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.random.RandomGenerator;
import java.util.random.RandomGeneratorFactory;
import org.jspecify.annotations.Nullable;

/// A [StorageIo] for tests: works on real files through a real one, fails on demand, and knows at
/// any time what a loss of power would leave.
///
/// **What is safe.** A write is safe once a sync of its file, submitted after the write was reaped,
/// was reaped with result 0. A sync by any handle counts for the whole file. A creation, rename or
/// deletion is safe once [#syncDirectory] returned for each directory that it changed. Bytes that
/// were there when the file was first opened here are safe, unless [#distrustWhatIsThere()] was
/// called. Nothing else is:
///
/// - A write in flight when the sync was submitted is not covered by it, even if it was reaped
///   earlier than the sync.
/// - The writes that a **failed** sync should have covered are beyond every later sync, which may
///   well succeed: the kernel drops what it could not write. So is a write that failed. Only
///   writing the bytes again helps.
/// - A file whose name was not synced is gone after a loss, however often its content was synced.
///
/// **Loss of power** has two steps. [#cutPower()], from any thread at any time, freezes the disk:
/// what was not reaped by then ends with EIO, and so does everything after it. [#applyPowerLoss]
/// then rewrites the files as the [PowerLoss] says; nothing may be in flight, so it is for after
/// [#close()] or, if the owner calls it, at once. Afterwards a fresh [StorageIo] opens the
/// directory.
///
/// Not known to it, and so safe: what is done to files past it, such as truncating them or making
/// directories.
///
/// Thread-safety: as [StorageIo]; setting faults and [#cutPower()] any thread.
///
/// Ownership: closes the real one. Keeps a copy of each unsynced write in memory, and hides files
/// that lost their name in the attic until the loss of the name is durable.
public final class FaultyIo implements StorageIo {
  private static final String SHARED = "shared";

  private final StorageIo real;
  private final RandomGenerator random;
  private final OwnerThread owner = new OwnerThread();
  private final Set<FaultyFile> files = ConcurrentHashMap.newKeySet();

  /// Guards everything below, also against [#cutPower()] while the owner works.
  private final Object lock = new Object();

  private final NameJournal names;
  private final List<Fault> faults = new ArrayList<>();
  private final Map<Transfer.Kind, Long> ordinals = new EnumMap<>(Transfer.Kind.class);
  private final Map<Long, Flight> inRealIo = new HashMap<>();
  private final List<Ended> ended = new ArrayList<>();
  private long spaceBytes = Long.MAX_VALUE;
  private long delayMinNanos;
  private long delayMaxNanos;
  private boolean isReordering;
  private boolean isPowerOff;
  private boolean isSyncShared;
  private int inFlight;
  private long flights;

  private volatile boolean isWoken;
  private volatile boolean isClosed;

  /// An operation that the caller has not reaped.
  private record Flight(
      FaultyFile file,
      long operation,
      TrackedFile.@Nullable Pending write,
      @Nullable Map<TrackedFile, List<TrackedFile.Pending>> coveredBySync) {}

  /// An operation that has ended and is held back until its time.
  private record Ended(Flight flight, int result, long dueNanos) {}

  private FaultyIo(StorageIo real, Path attic, long seed) {
    this.real = real;
    this.names = new NameJournal(absolute(attic));
    this.random = RandomGeneratorFactory.of("L64X128MixRandom").create(seed);
  }

  /// An instance without faults.
  ///
  /// @param real is closed with it
  /// @param attic a directory that is not there yet, of the same file system as the files and out
  ///   of sight of whoever lists them; it is gone again after a loss of power
  /// @param seed decides delays and orders
  public static FaultyIo around(StorageIo real, Path attic, long seed) {
    return new FaultyIo(real, attic, seed);
  }

  // Faults

  /// Adds a fault; of several that match a transfer, the first decides.
  public void add(Fault fault) {
    synchronized (lock) {
      faults.add(fault);
    }
  }

  /// Ends all faults that [#add] and [#limitSpace] began.
  public void heal() {
    synchronized (lock) {
      faults.clear();
      spaceBytes = Long.MAX_VALUE;
    }
  }

  /// Lets files grow by so many bytes altogether; then a write that grows one is short or fails
  /// with ENOSPC, as on a full disk. Writing what is already allocated goes on. [#delete] gives
  /// room back.
  public void limitSpace(long bytes) {
    synchronized (lock) {
      spaceBytes = bytes;
    }
  }

  /// Holds each completion back for a random time.
  public void delayCompletions(Duration min, Duration max) {
    if (min.isNegative() || max.compareTo(min) < 0) {
      throw new IllegalArgumentException("delay is " + min + " to " + max);
    }
    synchronized (lock) {
      delayMinNanos = min.toNanos();
      delayMaxNanos = max.toNanos();
    }
  }

  /// Hands completions over in random order, and only a random part of those that are there.
  public void reorderCompletions(boolean isOn) {
    synchronized (lock) {
      isReordering = isOn;
    }
  }

  /// Makes files that are opened from now on one [StorageFile#flushDomain()]: a sync of one covers
  /// the reaped writes of all others too, up to the size that the file's own syncs made durable.
  public void shareSyncs() {
    synchronized (lock) {
      isSyncShared = true;
    }
  }

  /// From now on the bytes that are in a file when it is first opened are not safe, but as if just
  /// written and reaped: a process that was killed left them in a cache. Until a sync of that file
  /// a loss of power takes them.
  public void distrustWhatIsThere() {
    synchronized (lock) {
      names.distrustWhatIsThere();
    }
  }

  /// Flips one bit of a file on disk, synced or not.
  public void flipBit(Path path, long position, int bit) throws IOException {
    synchronized (lock) {
      try (var file = new RandomAccessFile(path.toFile(), "rw")) {
        file.seek(position);
        int value = file.read();
        if (value < 0) {
          throw new FileSystemException(path.toString(), null, "ends before byte " + position);
        }
        file.seek(position);
        file.write(value ^ 1 << bit);
      }
      TrackedFile tracked = names.find(absolute(path));
      if (tracked != null) {
        tracked.flipBit(position, bit);
      }
    }
  }

  /// How many writes a loss of power could take now.
  public int unsyncedWrites() {
    synchronized (lock) {
      int count = 0;
      for (TrackedFile file : names.all()) {
        count += file.pendingCount();
      }
      return count;
    }
  }

  /// How many creations, renames and deletions a loss of power could take now.
  public int unsyncedNames() {
    synchronized (lock) {
      return names.unsynced();
    }
  }

  // Loss of power

  /// Freezes the disk: see the description of the class.
  public void cutPower() {
    synchronized (lock) {
      isPowerOff = true;
    }
    wake();
  }

  /// Cuts the power and rewrites the files as they would be after it.
  ///
  /// @throws IllegalStateException if operations are in flight and another thread owns them
  public void applyPowerLoss(PowerLoss policy) throws IOException {
    cutPower();
    drainRealIo();
    synchronized (lock) {
      for (TrackedFile file : names.all()) {
        file.lose(policy);
      }
      names.lose(policy);
    }
  }

  private void drainRealIo() {
    while (true) {
      synchronized (lock) {
        if (inRealIo.isEmpty()) {
          return;
        }
        if (!owner.isCaller()) {
          throw new IllegalStateException(
              inRealIo.size() + " operations are in flight: close first, or let the owner call");
        }
      }
      real.reap(this::endedInRealIo, Long.MAX_VALUE);
    }
  }

  // StorageIo

  @Override
  public String name() {
    return real.name();
  }

  @Override
  public int depth() {
    return real.depth();
  }

  @Override
  public StorageFile open(Path path, Mode mode, boolean direct) throws IOException {
    Path name = absolute(path);
    synchronized (lock) {
      refuseClosed();
      refusePowerOff(path);
      boolean isNew = mode == Mode.CREATE && !Files.exists(name);
      StorageFile opened = real.open(path, mode, direct);
      if (isNew) {
        names.created(name);
      }
      var file =
          new FaultyFile(this, path, opened, names.tracked(name), isSyncShared ? SHARED : null);
      files.add(file);
      return file;
    }
  }

  @Override
  public void close(StorageFile file) {
    FaultyFile own = own(file);
    if (own.beginClose()) {
      files.remove(own);
      real.close(own.real);
    }
  }

  @Override
  public void write(StorageFile file, long position, MemorySegment source, long operation) {
    FaultyFile own = own(file);
    TransferRules.check(own, position, source);
    synchronized (lock) {
      begin(own);
      if (isPowerOff) {
        end(new Flight(own, operation, null, null), -Errno.EIO);
        return;
      }
      int allowed = allowed(Transfer.Kind.WRITE, own, position, source);
      if (allowed > 0) {
        allowed = withinSpace(own, position, allowed);
      }
      // A write that fails may have reached the disk all the same: its bytes are noted, too.
      MemorySegment part = allowed >= 0 ? source.asSlice(0, allowed) : source;
      TrackedFile.Pending write = note(own, operation, position, part);
      var flight = new Flight(own, operation, write, null);
      if (allowed < 0) {
        end(flight, allowed);
      } else {
        real.write(own.real, position, part, fly(flight));
      }
    }
  }

  private TrackedFile.Pending note(
      FaultyFile file, long operation, long position, MemorySegment source) {
    try {
      return file.tracked.add(operation, position, source.toArray(ValueLayout.JAVA_BYTE));
    } catch (IOException e) {
      file.end();
      inFlight--;
      throw new UncheckedIOException("reading what " + file + " would lose failed", e);
    }
  }

  @Override
  public void read(StorageFile file, long position, MemorySegment target, long operation) {
    FaultyFile own = own(file);
    TransferRules.checkTarget(own, position, target);
    synchronized (lock) {
      begin(own);
      var flight = new Flight(own, operation, null, null);
      int allowed = isPowerOff ? -Errno.EIO : allowed(Transfer.Kind.READ, own, position, target);
      if (allowed < 0) {
        end(flight, allowed);
      } else {
        real.read(own.real, position, target.asSlice(0, allowed), fly(flight));
      }
    }
  }

  @Override
  public void sync(StorageFile file, long operation) {
    FaultyFile own = own(file);
    synchronized (lock) {
      begin(own);
      if (isPowerOff) {
        end(new Flight(own, operation, null, null), -Errno.EIO);
        return;
      }
      var flight = new Flight(own, operation, null, coveredNow(own));
      int allowed = allowed(Transfer.Kind.SYNC, own, 0, MemorySegment.NULL);
      if (allowed < 0) {
        end(flight, allowed);
      } else {
        real.sync(own.real, fly(flight));
      }
    }
  }

  private Map<TrackedFile, List<TrackedFile.Pending>> coveredNow(FaultyFile file) {
    Map<TrackedFile, List<TrackedFile.Pending>> covered = new HashMap<>();
    if (file.flushDomain() != null) {
      for (TrackedFile other : names.all()) {
        covered.put(other, other.coveredByFlush());
      }
    }
    covered.put(file.tracked, file.tracked.coveredNow());
    return covered;
  }

  private static void putBeyondSync(List<TrackedFile.Pending> writes) {
    writes.forEach(write -> write.isBeyondSync = true);
  }

  private void begin(FaultyFile file) {
    owner.claim();
    refuseClosed();
    if (inFlight == depth()) {
      throw new IllegalStateException("depth " + depth() + " is exhausted: reap first");
    }
    file.begin();
    inFlight++;
  }

  /// Bytes that the faults let pass, or a negative error number.
  private int allowed(Transfer.Kind kind, FaultyFile file, long position, MemorySegment memory) {
    int sizeBytes = (int) memory.byteSize();
    long ordinal = ordinals.merge(kind, 1L, Long::sum);
    var transfer = new Transfer(kind, ordinal, file.path(), position, sizeBytes);
    for (Fault fault : faults) {
      OptionalInt result = fault.resultFor(transfer);
      if (result.isPresent()) {
        int bytes = Math.min(result.getAsInt(), sizeBytes);
        return bytes < 0 ? bytes : (int) AlignedMemory.roundDown(bytes, file.alignmentBytes());
      }
    }
    return sizeBytes;
  }

  private int withinSpace(FaultyFile file, long position, int sizeBytes) {
    if (spaceBytes == Long.MAX_VALUE) {
      return sizeBytes;
    }
    long growthBytes = file.tracked.growthBytes(position + sizeBytes);
    if (growthBytes <= spaceBytes) {
      spaceBytes -= growthBytes;
      return sizeBytes;
    }
    long fitting = sizeBytes - growthBytes + spaceBytes;
    int bytes = (int) AlignedMemory.roundDown(Math.max(0, fitting), file.alignmentBytes());
    spaceBytes -= file.tracked.growthBytes(position + bytes);
    return bytes == 0 ? -Errno.ENOSPC : bytes;
  }

  private long fly(Flight flight) {
    long number = flights++;
    inRealIo.put(number, flight);
    return number;
  }

  private void endedInRealIo(long number, int result) {
    synchronized (lock) {
      Flight flight = inRealIo.remove(number);
      if (flight == null) {
        throw new IllegalStateException("operation " + number + " ended twice");
      }
      if (flight.write != null && result >= 0) {
        flight.write.shortenTo(result);
      }
      end(flight, result);
    }
  }

  private void end(Flight flight, int result) {
    long delayNanos = delayMaxNanos == 0 ? 0 : random.nextLong(delayMinNanos, delayMaxNanos + 1);
    ended.add(new Ended(flight, result, System.nanoTime() + delayNanos));
  }

  @Override
  public int reap(Completion completion, long waitNanos) {
    owner.claim();
    refuseClosed();
    long startNanos = System.nanoTime();
    long pauseNanos = 0;
    while (true) {
      real.reap(this::endedInRealIo, pauseNanos);
      int handedOver = handOver(completion);
      long remainingNanos = waitNanos - (System.nanoTime() - startNanos);
      if (handedOver > 0 || waitNanos <= 0) {
        return handedOver;
      }
      if (isWoken || remainingNanos <= 0) {
        isWoken = false;
        return 0;
      }
      pauseNanos = Math.min(remainingNanos, nanosToNextDue());
    }
  }

  private long nanosToNextDue() {
    synchronized (lock) {
      long now = System.nanoTime();
      long least = Long.MAX_VALUE;
      for (Ended one : ended) {
        least = Math.min(least, Math.max(1, one.dueNanos - now));
      }
      return least;
    }
  }

  private int handOver(Completion completion) {
    int count = dueCount();
    for (int i = 0; i < count; i++) {
      Flight flight;
      int result;
      synchronized (lock) {
        Ended next = takeDue();
        flight = next.flight;
        result = settle(next);
      }
      completion.onComplete(flight.operation, result);
    }
    return count;
  }

  private int dueCount() {
    synchronized (lock) {
      int due = dueIndexes().size();
      return isReordering && due > 0 ? 1 + random.nextInt(due) : due;
    }
  }

  private Ended takeDue() {
    List<Integer> due = dueIndexes();
    int chosen = due.get(isReordering ? random.nextInt(due.size()) : 0);
    return ended.remove(chosen);
  }

  private List<Integer> dueIndexes() {
    long now = System.nanoTime();
    List<Integer> due = new ArrayList<>();
    for (int i = 0; i < ended.size(); i++) {
      if (ended.get(i).dueNanos - now <= 0) {
        due.add(i);
      }
    }
    return due;
  }

  /// Decides what the caller sees, and at once what that makes safe.
  private int settle(Ended one) {
    Flight flight = one.flight;
    inFlight--;
    flight.file.end();
    if (isPowerOff) {
      return -Errno.EIO;
    }
    if (flight.write != null) {
      flight.write.isReaped = true;
      flight.write.isBeyondSync |= one.result < 0;
    }
    if (flight.coveredBySync != null) {
      if (one.result == 0) {
        flight.coveredBySync.forEach(TrackedFile::settle);
      } else {
        flight.coveredBySync.values().forEach(FaultyIo::putBeyondSync);
      }
    }
    return one.result;
  }

  @Override
  public void wake() {
    isWoken = true;
    real.wake();
  }

  @Override
  public void rename(Path from, Path to) throws IOException {
    synchronized (lock) {
      refusePowerOff(from);
      names.rename(absolute(from), absolute(to));
    }
  }

  @Override
  public void delete(Path path) throws IOException {
    synchronized (lock) {
      refusePowerOff(path);
      long freedBytes = Files.size(path);
      names.delete(absolute(path));
      if (spaceBytes != Long.MAX_VALUE) {
        spaceBytes += freedBytes;
      }
    }
  }

  @Override
  public void syncDirectory(Path directory) throws IOException {
    synchronized (lock) {
      refusePowerOff(directory);
      real.syncDirectory(directory);
      names.synced(absolute(directory));
    }
  }

  @Override
  public void close() {
    if (isClosed) {
      return;
    }
    List<FaultyFile> busy = files.stream().filter(file -> !file.isIdle()).toList();
    if (!busy.isEmpty() && !owner.isCaller()) {
      throw new IllegalStateException("operations are in flight on " + busy);
    }
    drainRealIo();
    isClosed = true;
    real.close();
    files.clear();
  }

  private FaultyFile own(StorageFile file) {
    if (file instanceof FaultyFile own && own.belongsTo(this)) {
      return own;
    }
    throw new IllegalArgumentException(file.path() + " was not opened by this StorageIo");
  }

  private void refuseClosed() {
    if (isClosed) {
      throw new IllegalStateException("this StorageIo is closed");
    }
  }

  private void refusePowerOff(Path path) throws FileSystemException {
    if (isPowerOff) {
      throw new FileSystemException(path.toString(), null, "the power is off");
    }
  }

  private static Path absolute(Path path) {
    return path.toAbsolutePath().normalize();
  }
}
