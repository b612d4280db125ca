package io.floe.simulation.raft;

import java.util.Objects;
import org.jspecify.annotations.Nullable;

/// What a client did to a register, and what it saw.
///
/// @param key of the register
/// @param action what was asked
/// @param argument of the action; 0 for a read
/// @param expected of a compare-and-set; 0 for others
/// @param result what the answer said; null when no answer came
/// @param invoked when it began
/// @param returned when the answer came; [#NEVER] when none did: it may take effect any time later,
///   or never
record Operation(
    int key,
    Action action,
    long argument,
    long expected,
    @Nullable Long result,
    long invoked,
    long returned) {
  static final long NEVER = Long.MAX_VALUE;

  enum Action {
    READ,
    PUT,
    ADD,
    COMPARE_AND_SET
  }

  boolean isOpen() {
    return returned == NEVER;
  }

  /// What the register would be after the operation.
  long after(long value) {
    return switch (action) {
      case READ -> value;
      case PUT -> argument;
      case ADD -> value + argument;
      case COMPARE_AND_SET -> value == expected ? argument : value;
    };
  }

  /// What the operation answers on a register of this value.
  long answer(long value) {
    return switch (action) {
      case READ -> value;
      case PUT -> 0;
      case ADD -> value + argument;
      case COMPARE_AND_SET -> value == expected ? 1 : 0;
    };
  }

  boolean allows(long value) {
    return result == null || Objects.equals(result, answer(value));
  }
}
