package io.floe.simulation.raft;

import static org.assertj.core.api.Assertions.assertThat;

import io.floe.simulation.raft.Operation.Action;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

/// The checker must find what is wrong, or it proves nothing.
class LinearizabilityTest {
  private final List<Operation> history = new ArrayList<>();

  private void put(long value, long invoked, long returned) {
    Long result = returned == Operation.NEVER ? null : 0L;
    history.add(new Operation(1, Action.PUT, value, 0, result, invoked, returned));
  }

  private void add(long delta, long result, long invoked, long returned) {
    history.add(new Operation(1, Action.ADD, delta, 0, result, invoked, returned));
  }

  private void set(long expected, long value, boolean isSet, long invoked, long returned) {
    long result = isSet ? 1 : 0;
    history.add(
        new Operation(1, Action.COMPARE_AND_SET, value, expected, result, invoked, returned));
  }

  private void read(long value, long invoked, long returned) {
    history.add(new Operation(1, Action.READ, 0, 0, value, invoked, returned));
  }

  private boolean isLinearizable() {
    return Linearizability.violations(history).isEmpty();
  }

  @Test
  void acceptsWhatHappenedInOrder() {
    read(0, 1, 2);
    put(5, 3, 4);
    read(5, 5, 6);
    add(2, 7, 7, 8);
    set(7, 9, true, 9, 10);
    set(7, 1, false, 11, 12);
    read(9, 13, 14);
    assertThat(isLinearizable()).isTrue();
  }

  @Test
  void rejectsAStaleRead() {
    put(5, 1, 2);
    put(6, 3, 4);
    read(5, 5, 6);
    assertThat(isLinearizable()).isFalse();
  }

  @Test
  void rejectsALostWrite() {
    add(1, 1, 1, 2);
    add(1, 2, 3, 4);
    read(1, 5, 6);
    assertThat(isLinearizable()).isFalse();
  }

  @Test
  void rejectsACommandThatWasExecutedTwice() {
    add(1, 1, 1, 2);
    add(1, 3, 3, 4);
    assertThat(isLinearizable()).isFalse();
  }

  @Test
  void rejectsAReadOfWhatNobodyWrote() {
    put(5, 1, 4);
    read(7, 2, 3);
    assertThat(isLinearizable()).isFalse();
  }

  @Test
  void concurrentOperationsMayStandInEitherOrder() {
    put(5, 1, 10);
    put(6, 2, 9);
    read(6, 11, 12);
    assertThat(isLinearizable()).isTrue();
    read(5, 13, 14);
    assertThat(isLinearizable()).as("but not in both").isFalse();
  }

  @Test
  void twoReadsDuringAWriteMustNotGoBack() {
    put(5, 1, 10);
    read(5, 2, 3);
    read(0, 4, 5);
    assertThat(isLinearizable()).isFalse();
  }

  @Test
  void aWriteWithoutAnAnswerMayTakeEffectLateOrNever() {
    put(5, 1, Operation.NEVER);
    read(0, 2, 3);
    assertThat(isLinearizable()).isTrue();
    read(5, 4, 5);
    assertThat(isLinearizable()).isTrue();
    read(0, 6, 7);
    assertThat(isLinearizable()).as("but not be taken back").isFalse();
  }

  @Test
  void rejectsTwoCompareAndSetsThatBothWon() {
    set(0, 1, true, 1, 4);
    set(0, 2, true, 2, 3);
    assertThat(isLinearizable()).isFalse();
  }

  @Test
  void saysWhichRegister() {
    put(5, 1, 2);
    read(5, 3, 4);
    history.add(new Operation(2, Action.READ, 0, 0, 5L, 5, 6));
    assertThat(Linearizability.violations(history)).containsExactly(2);
  }

  /// Histories made from an order that exists are accepted, and the same with one answer changed to
  /// a value that nobody wrote are not.
  @Test
  void agreesWithHistoriesThatWereMadeFromAnOrder() {
    for (long seed = 1; seed <= 300; seed++) {
      Random random = new Random(seed);
      history.clear();
      long value = 0;
      for (int i = 0; i < 60; i++) {
        long point = 100L * i;
        long invoked = point - random.nextInt(250);
        long returned = point + random.nextInt(250);
        long argument = 1L + random.nextInt(1_000_000);
        if (random.nextInt(3) == 0) {
          read(value, invoked, returned);
        } else if (random.nextInt(2) == 0) {
          value = argument;
          put(value, invoked, returned);
        } else {
          value += argument;
          add(argument, value, invoked, returned);
        }
      }
      assertThat(isLinearizable()).as("seed %s", seed).isTrue();
      int doctored = random.nextInt(history.size());
      Operation was = history.get(doctored);
      if (was.action() != Action.PUT) {
        history.set(
            doctored,
            new Operation(1, was.action(), was.argument(), 0, -1L, was.invoked(), was.returned()));
        assertThat(isLinearizable()).as("doctored seed %s", seed).isFalse();
      }
    }
  }
}
