package io.floe.storage;

import io.floe.model.SegmentId;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;

/// What a store knows that it lost or may have lost (`marks`): ranges that no later recovery may
/// forget, whatever was cut since.
///
/// ```
///   count 4 { segment 8 | in doubt from 8, to 8 | damaged count 4 { from 8 | to 8 }… }…
/// ```
record StoreMarks(SortedMap<SegmentId, Marks> bySegment) {
  /// The marks of one segment.
  record Marks(OffsetRange inDoubt, List<OffsetRange> damaged) {
    Marks {
      damaged = List.copyOf(damaged);
    }

    boolean isEmpty() {
      return inDoubt.from() == inDoubt.to() && damaged.isEmpty();
    }
  }

  byte[] encode() {
    int sizeBytes = 4;
    for (Marks marks : bySegment.values()) {
      sizeBytes += 28 + 16 * marks.damaged.size();
    }
    ByteBuffer payload = ByteBuffer.allocate(sizeBytes);
    payload.putInt(bySegment.size());
    bySegment.forEach(
        (segment, marks) -> {
          payload.putLong(segment.value());
          payload.putLong(marks.inDoubt.from()).putLong(marks.inDoubt.to());
          payload.putInt(marks.damaged.size());
          for (OffsetRange range : marks.damaged) {
            payload.putLong(range.from()).putLong(range.to());
          }
        });
    return SealedFile.encode(SealedFile.Kind.MARKS, payload.array());
  }

  static StoreMarks decode(byte[] file, Object name) throws StoreException {
    ByteBuffer payload = SealedFile.decode(SealedFile.Kind.MARKS, file, name);
    SortedMap<SegmentId, Marks> bySegment = new TreeMap<>();
    int count = payload.getInt();
    for (int i = 0; i < count; i++) {
      SegmentId segment = new SegmentId(payload.getLong());
      OffsetRange inDoubt = new OffsetRange(payload.getLong(), payload.getLong());
      List<OffsetRange> damaged = new ArrayList<>();
      int damagedCount = payload.getInt();
      for (int d = 0; d < damagedCount; d++) {
        damaged.add(new OffsetRange(payload.getLong(), payload.getLong()));
      }
      bySegment.put(segment, new Marks(inDoubt, damaged));
    }
    return new StoreMarks(bySegment);
  }
}
