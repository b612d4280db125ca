package io.floe.simulation;

import java.util.EnumMap;
import java.util.Map;
import java.util.PriorityQueue;
import java.util.Random;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/// What every simulated part shares: one clock, one queue of things to happen, one source of draws,
/// and the story. The same seed gives the same run, step by step.
///
/// Thread-safety: none; a simulation runs on one thread.
///
/// @param <F> what is counted
public final class World<F extends Enum<F>> {
  public static final long MILLISECOND = 1_000_000;

  private final PriorityQueue<Task> tasks = new PriorityQueue<>();
  private final Random draws;
  private final @Nullable Consumer<String> story;
  private final Map<F, Long> faults;
  private long nowNanos;
  private long taskNumber;
  private long steps;
  private boolean isCalm;

  private record Task(long atNanos, long number, Runnable action) implements Comparable<Task> {
    @Override
    public int compareTo(Task other) {
      int byTime = Long.compare(atNanos, other.atNanos);
      return byTime != 0 ? byTime : Long.compare(number, other.number);
    }
  }

  /// Makes a world.
  ///
  /// @param story hears each line of what happens, or null
  public World(long seed, Class<F> faultType, @Nullable Consumer<String> story) {
    draws = new Random(seed);
    faults = new EnumMap<>(faultType);
    this.story = story;
  }

  public void after(long delayNanos, Runnable action) {
    tasks.add(new Task(nowNanos + delayNanos, taskNumber++, action));
  }

  /// Lets something happen after a drawn delay.
  public void soon(long delayNanosMax, Runnable action) {
    after(1 + (long) (draws.nextDouble() * delayNanosMax), action);
  }

  /// Lets the next thing happen.
  public void step() {
    Task task = tasks.remove();
    nowNanos = task.atNanos;
    steps++;
    task.action.run();
  }

  public long steps() {
    return steps;
  }

  public long nowNanos() {
    return nowNanos;
  }

  public int below(int bound) {
    return draws.nextInt(bound);
  }

  /// Whether a fault happens now, one time in so many; never in a calm world.
  public boolean strikes(int oneIn) {
    return !isCalm && draws.nextInt(oneIn) == 0;
  }

  /// From now on nothing fails: what was begun must come to its end.
  public void calmDown() {
    isCalm = true;
  }

  public boolean isCalm() {
    return isCalm;
  }

  public void count(F fault) {
    faults.merge(fault, 1L, Long::sum);
  }

  public Map<F, Long> faults() {
    return faults;
  }

  public void tell(Supplier<String> line) {
    if (story != null) {
      story.accept(
          String.format("%6d %10.3f ms  %s", steps, nowNanos / (double) MILLISECOND, line.get()));
    }
  }
}
