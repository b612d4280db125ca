package io.floe.journal;

import io.floe.storage.StoreException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/// What an entry of the journal's log holds.
///
/// ```
/// events  01 | id length 4 | persistence id | lowest 8 | highest 8 | count 4 | { sequence 8 | length 4 | bytes }…
/// facts   02 | count 4 | { id length 4 | persistence id | highest 8 | deleted to 8 }…
/// ```
///
/// **Events** are one atomic write: they lie under one CRC, so they are there all or none. An
/// event's bytes are the whole `PersistentRepr` as Pekko serializes it. **Facts** are what outlives
/// events: the highest sequence number that was ever used, and up to which events are deleted. A
/// deletion is a fact; so is what reclaiming a file carries over.
///
/// All numbers are big-endian.
sealed interface JournalEntry {
  byte EVENTS = 1;
  byte FACTS = 2;

  /// Where the events of one atomic write lie, without their bytes.
  record Events(String persistenceId, long lowest, long highest) implements JournalEntry {}

  /// Facts of some persistence ids.
  record Facts(List<Fact> facts) implements JournalEntry {}

  /// What stays of a persistence id when its events are gone.
  record Fact(String persistenceId, long highest, long deletedTo) {
    int sizeBytes() {
      return Integer.BYTES + persistenceId.getBytes(StandardCharsets.UTF_8).length + 2 * Long.BYTES;
    }
  }

  /// One event of an atomic write.
  interface EventSink {
    void onEvent(long sequence, byte[] event);
  }

  static byte[] encodeEvents(String persistenceId, long[] sequences, List<byte[]> events) {
    byte[] id = persistenceId.getBytes(StandardCharsets.UTF_8);
    long size = 1 + Integer.BYTES + id.length + 2L * Long.BYTES + Integer.BYTES;
    for (byte[] event : events) {
      size += Long.BYTES + Integer.BYTES + event.length;
    }
    ByteBuffer entry = ByteBuffer.allocate(Math.toIntExact(size));
    entry.put(EVENTS).putInt(id.length).put(id);
    entry.putLong(sequences[0]).putLong(sequences[sequences.length - 1]).putInt(events.size());
    for (int i = 0; i < sequences.length; i++) {
      byte[] event = events.get(i);
      entry.putLong(sequences[i]).putInt(event.length).put(event);
    }
    return entry.array();
  }

  static byte[] encodeFacts(List<Fact> facts) {
    int size = 1 + Integer.BYTES;
    for (Fact fact : facts) {
      size += fact.sizeBytes();
    }
    ByteBuffer entry = ByteBuffer.allocate(size).put(FACTS).putInt(facts.size());
    for (Fact fact : facts) {
      byte[] id = fact.persistenceId().getBytes(StandardCharsets.UTF_8);
      entry.putInt(id.length).put(id).putLong(fact.highest()).putLong(fact.deletedTo());
    }
    return entry.array();
  }

  static JournalEntry decode(ByteBuffer entry) throws StoreException {
    byte kind = entry.get();
    return switch (kind) {
      case EVENTS -> new Events(id(entry), entry.getLong(), entry.getLong());
      case FACTS -> {
        int count = entry.getInt();
        List<Fact> facts = new ArrayList<>();
        for (int i = 0; i < count; i++) {
          facts.add(new Fact(id(entry), entry.getLong(), entry.getLong()));
        }
        yield new Facts(facts);
      }
      default ->
          // Its CRC was right: a newer program wrote it.
          throw new StoreException(
              StoreException.Category.WRONG_IDENTITY,
              "journal entry has kind " + kind + ", this program knows 1 and 2");
    };
  }

  static void decodeEvents(byte[] bytes, EventSink sink) {
    ByteBuffer entry = ByteBuffer.wrap(bytes);
    entry.get();
    id(entry);
    entry.getLong();
    entry.getLong();
    int count = entry.getInt();
    for (int i = 0; i < count; i++) {
      long sequence = entry.getLong();
      byte[] event = new byte[entry.getInt()];
      entry.get(event);
      sink.onEvent(sequence, event);
    }
  }

  private static String id(ByteBuffer entry) {
    byte[] id = new byte[entry.getInt()];
    entry.get(id);
    return new String(id, StandardCharsets.UTF_8);
  }
}
