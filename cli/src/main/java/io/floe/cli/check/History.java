package io.floe.cli.check;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.List;
import java.util.function.Supplier;

/// What was sent to a new topic, what the log acknowledged and what a reader found, each record
/// named by its partition and its number in the order of sending. One producer, which sends each
/// partition's records in order and removes duplicates, wrote all of them.
///
/// The rules: an acknowledged record is read exactly once and at the offset that it was
/// acknowledged with; a record of unknown fate is read once or never; within a partition the order
/// of reading is the order of sending; offsets begin at 0 and are dense.
///
/// Thread-safety: any thread; the reads of one partition come in the order of reading.
public final class History {
  private static final int DETAILS_MAX = 10;
  private static final long UNKNOWN = -1;

  private final Partition[] partitions;

  public History(int partitionCount) {
    partitions = new Partition[partitionCount];
    for (int i = 0; i < partitionCount; i++) {
      partitions[i] = new Partition(i);
    }
  }

  /// The number for the next record to this partition, from 0.
  public long send(int partition) {
    return partitions[partition].send();
  }

  public void acknowledged(int partition, long number, long offset) {
    partitions[partition].acknowledged(number, offset);
  }

  public void read(int partition, long offset, long number) {
    partitions[partition].read(offset, number);
  }

  /// Forgets what was read, to read everything once more.
  public void readAgain() {
    for (Partition partition : partitions) {
      partition.readAgain();
    }
  }

  public long acknowledgedCount() {
    long sum = 0;
    for (Partition partition : partitions) {
      sum += partition.acknowledgedCount();
    }
    return sum;
  }

  public Verdict verdict() {
    Tally tally = new Tally();
    for (Partition partition : partitions) {
      partition.addTo(tally);
    }
    return tally.verdict();
  }

  /// Sums over the partitions.
  private static final class Tally {
    long sent;
    long acknowledged;
    long read;
    long lost;
    long duplicated;
    long outOfOrder;
    long misplaced;
    long gaps;
    long foreign;
    final List<String> details = new ArrayList<>();

    void detail(Supplier<String> words) {
      if (details.size() < DETAILS_MAX) {
        details.add(words.get());
      }
    }

    Verdict verdict() {
      return new Verdict(
          sent,
          acknowledged,
          read,
          lost,
          duplicated,
          outOfOrder,
          misplaced,
          gaps,
          foreign,
          details);
    }
  }

  private static final class Partition {
    private final int index;
    private int sent;
    private long acknowledged;
    private long[] offsets = new long[1024];
    private Tally reading = new Tally();
    private BitSet seen = new BitSet();
    private long nextOffset;
    private long largestNumber = -1;

    Partition(int index) {
      this.index = index;
    }

    synchronized long send() {
      if (sent == offsets.length) {
        offsets = Arrays.copyOf(offsets, 2 * sent);
      }
      offsets[sent] = UNKNOWN;
      return sent++;
    }

    synchronized void acknowledged(long number, long offset) {
      if (number < 0 || number >= sent || offset < 0) {
        throw new IllegalArgumentException(
            "record " + number + " of " + sent + " acknowledged at offset " + offset);
      }
      offsets[(int) number] = offset;
      acknowledged++;
    }

    synchronized long acknowledgedCount() {
      return acknowledged;
    }

    synchronized void readAgain() {
      reading = new Tally();
      seen = new BitSet();
      nextOffset = 0;
      largestNumber = -1;
    }

    synchronized void read(long offset, long number) {
      reading.read++;
      if (offset != nextOffset) {
        reading.gaps += Math.abs(offset - nextOffset);
        long last = nextOffset - 1;
        reading.detail(() -> "partition " + index + ": offset " + offset + " follows " + last);
      }
      nextOffset = offset + 1;
      if (number < 0 || number >= sent) {
        reading.foreign++;
        reading.detail(() -> at(offset) + "record " + number + " was never sent");
        return;
      }
      int at = (int) number;
      if (seen.get(at)) {
        reading.duplicated++;
        reading.detail(() -> at(offset) + "record " + number + " once more");
        return;
      }
      seen.set(at);
      if (number < largestNumber) {
        reading.outOfOrder++;
        long larger = largestNumber;
        reading.detail(() -> at(offset) + "record " + number + " after " + larger);
      }
      largestNumber = Math.max(largestNumber, number);
      if (offsets[at] != UNKNOWN && offsets[at] != offset) {
        reading.misplaced++;
        reading.detail(
            () -> at(offset) + "record " + number + " was acknowledged at " + offsets[at]);
      }
    }

    private String at(long offset) {
      return "partition " + index + ", offset " + offset + ": ";
    }

    synchronized void addTo(Tally tally) {
      tally.sent += sent;
      tally.acknowledged += acknowledged;
      tally.read += reading.read;
      tally.duplicated += reading.duplicated;
      tally.outOfOrder += reading.outOfOrder;
      tally.misplaced += reading.misplaced;
      tally.gaps += reading.gaps;
      tally.foreign += reading.foreign;
      reading.details.forEach(words -> tally.detail(() -> words));
      for (int number = 0; number < sent; number++) {
        if (offsets[number] != UNKNOWN && !seen.get(number)) {
          tally.lost++;
          int missing = number;
          tally.detail(
              () ->
                  at(offsets[missing])
                      + "record "
                      + missing
                      + " was acknowledged and is not there");
        }
      }
    }
  }
}
