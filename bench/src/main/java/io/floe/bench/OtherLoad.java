package io.floe.bench;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;

/// CPU time that the machine gave to somebody else while a round ran: other processes, and what the
/// hypervisor stole. A round with much of it says more about the neighbours than about a contender.
///
/// Thread-safety: none.
public final class OtherLoad {
  private static final Path STAT = Path.of("/proc/stat");
  private static final int PROCESSORS = Runtime.getRuntime().availableProcessors();

  // Fields of a process's stat line after its name, from 0: user, system, and the same of its
  // children that have ended.
  private static final int OWN_FIRST = 11;
  private static final int OWN_LAST = 12;
  private static final int WITH_CHILDREN_LAST = 14;

  private final long allTicks;
  private final long busyTicks;
  private final long ownTicks;

  private OtherLoad(long allTicks, long busyTicks, long ownTicks) {
    this.allTicks = allTicks;
    this.busyTicks = busyTicks;
    this.ownTicks = ownTicks;
  }

  /// Counts from here on.
  public static OtherLoad begin() throws IOException {
    if (!Files.isReadable(STAT)) {
      return new OtherLoad(0, 0, 0);
    }
    String[] fields = Files.readAllLines(STAT).getFirst().split(" +", -1);
    long all = 0;
    // user nice system idle iowait irq softirq steal; guest is part of user.
    for (int i = 1; i <= 8; i++) {
      all += Long.parseLong(fields[i]);
    }
    long idle = Long.parseLong(fields[4]) + Long.parseLong(fields[5]);
    return new OtherLoad(all, all - idle, ownTicks());
  }

  /// Of one core, in percent.
  public double percentSinceBegin() throws IOException {
    OtherLoad now = begin();
    long all = now.allTicks - allTicks;
    long others = (now.busyTicks - busyTicks) - (now.ownTicks - ownTicks);
    return all <= 0 ? Double.NaN : Math.max(0, 100.0 * PROCESSORS * others / all);
  }

  /// This process, its children, and those of them that have ended.
  private static long ownTicks() throws IOException {
    long ticks = ticks(ProcessHandle.current().pid(), WITH_CHILDREN_LAST);
    try (Stream<ProcessHandle> children = ProcessHandle.current().descendants()) {
      for (ProcessHandle child : children.toList()) {
        ticks += ticks(child.pid(), OWN_LAST);
      }
    }
    return ticks;
  }

  private static long ticks(long pid, int lastField) throws IOException {
    Path stat = Path.of("/proc", Long.toString(pid), "stat");
    if (!Files.isReadable(stat)) {
      return 0;
    }
    String line = Files.readString(stat);
    String[] fields = line.substring(line.lastIndexOf(')') + 2).split(" ", -1);
    long ticks = 0;
    for (int i = OWN_FIRST; i <= lastField; i++) {
      ticks += Long.parseLong(fields[i]);
    }
    return ticks;
  }
}
