package io.floe.journal;

import io.floe.storage.log.EntryPosition;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/// Where the events of each persistence id lie, and how much of each file is still needed.
///
/// Memory: per atomic write one tree entry of about 100 bytes, per persistence id that was ever
/// used one small object; no payload.
///
/// Thread-safety: the log's thread.
final class JournalIndex {

  /// One atomic write.
  record Write(long lowest, long highest, EntryPosition position) {}

  /// All about one persistence id.
  static final class Stream {
    final String id;

    /// The highest sequence number that is durable.
    long highest;

    /// The highest that was handed to the log.
    long appended;

    long deletedTo;

    /// The newest file that alone says how far this id got: when it goes, the facts must have been
    /// carried over. Newer events do not say up to where older ones are deleted, and of an atomic
    /// write that is deleted in part a copy may live on.
    int factsIn;

    private final TreeMap<Long, Write> writes = new TreeMap<>();

    Stream(String id) {
      this.id = id;
    }

    /// The write that holds `sequence`, or the next one after it.
    @Nullable Write from(long sequence) {
      Map.Entry<Long, Write> entry = writes.floorEntry(sequence);
      if (entry == null || entry.getValue().highest() < sequence) {
        entry = writes.higherEntry(sequence);
      }
      return entry == null ? null : entry.getValue();
    }

    JournalEntry.Fact fact() {
      return new JournalEntry.Fact(id, highest, deletedTo);
    }
  }

  private static final class FileUse {
    long liveBytes;
    final Set<Stream> streams = new LinkedHashSet<>();
  }

  private final Map<String, Stream> streams = new HashMap<>();
  private final Map<Integer, FileUse> files = new HashMap<>();

  Stream stream(String persistenceId) {
    return streams.computeIfAbsent(persistenceId, Stream::new);
  }

  @Nullable Stream find(String persistenceId) {
    return streams.get(persistenceId);
  }

  /// An atomic write is durable at `position`, for the first time or carried over.
  void onEvents(JournalEntry.Events events, EntryPosition position) {
    Stream stream = stream(events.persistenceId());
    use(position.file()).streams.add(stream);
    if (stream.deletedTo == 0) {
      stream.factsIn = Math.max(stream.factsIn, position.file());
    }
    stream.highest = Math.max(stream.highest, events.highest());
    stream.appended = Math.max(stream.appended, stream.highest);
    if (events.highest() <= stream.deletedTo) {
      return;
    }
    Write before =
        stream.writes.put(events.lowest(), new Write(events.lowest(), events.highest(), position));
    if (before != null) {
      use(before.position().file()).liveBytes -= before.position().sizeBytes();
    }
    use(position.file()).liveBytes += position.sizeBytes();
  }

  /// Facts are durable in `file`.
  void onFacts(JournalEntry.Facts facts, int file) {
    for (JournalEntry.Fact fact : facts.facts()) {
      Stream stream = stream(fact.persistenceId());
      use(file).streams.add(stream);
      stream.factsIn = Math.max(stream.factsIn, file);
      stream.highest = Math.max(stream.highest, fact.highest());
      stream.appended = Math.max(stream.appended, stream.highest);
      stream.deletedTo = Math.max(stream.deletedTo, fact.deletedTo());
      while (!stream.writes.isEmpty()
          && stream.writes.firstEntry().getValue().highest() <= stream.deletedTo) {
        EntryPosition dead = stream.writes.pollFirstEntry().getValue().position();
        use(dead.file()).liveBytes -= dead.sizeBytes();
      }
    }
  }

  /// Bytes of events in `file` that are not deleted.
  long liveBytes(int file) {
    FileUse use = files.get(file);
    return use == null ? 0 : use.liveBytes;
  }

  long liveBytes() {
    return files.values().stream().mapToLong(use -> use.liveBytes).sum();
  }

  /// The writes that must be copied before `file` can go.
  List<Write> liveWrites(int file) {
    List<Write> live = new ArrayList<>();
    for (Stream stream : streamsOf(file)) {
      for (Write write : stream.writes.values()) {
        if (write.position().file() == file) {
          live.add(write);
        }
      }
    }
    return live;
  }

  /// The facts that no newer file has.
  List<JournalEntry.Fact> factsOnlyIn(int file) {
    List<JournalEntry.Fact> facts = new ArrayList<>();
    for (Stream stream : streamsOf(file)) {
      if (stream.factsIn == file) {
        facts.add(stream.fact());
      }
    }
    return facts;
  }

  void forget(int file) {
    files.remove(file);
  }

  private Collection<Stream> streamsOf(int file) {
    FileUse use = files.get(file);
    return use == null ? List.of() : use.streams;
  }

  private FileUse use(int file) {
    return files.computeIfAbsent(file, ignored -> new FileUse());
  }
}
