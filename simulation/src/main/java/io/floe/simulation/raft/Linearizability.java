package io.floe.simulation.raft;

import java.util.ArrayList;
import java.util.BitSet;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;

/// Whether there is one order of a history's operations that respects real time and in which each
/// answer is what a register answers. Registers are independent, so each key is judged by itself.
///
/// An operation without an answer may stand anywhere after it began, or be left out. The search
/// tries what may come first, and remembers what it has done with which value, so that no state is
/// searched twice.
///
/// Source: Wing and Gong, *Testing and Verifying Concurrent Objects*; Lowe, *Testing for
/// linearizability*.
final class Linearizability {
  private final List<Operation> operations;
  private final int answeredCount;

  /// The operations in the order in which they began, as a list of which parts are taken out.
  private final int[] next;

  private final int[] previous;
  private final BitSet done = new BitSet();
  private final Set<State> seen = new HashSet<>();
  private int answeredDone;

  private record State(BitSet done, long value) {}

  private record Step(int operation, long valueBefore) {}

  private Linearizability(List<Operation> history) {
    operations = new ArrayList<>(history);
    operations.sort(Comparator.comparingLong(Operation::invoked));
    answeredCount = (int) operations.stream().filter(operation -> !operation.isOpen()).count();
    int count = operations.size();
    next = new int[count + 1];
    previous = new int[count + 1];
    for (int i = 0; i <= count; i++) {
      next[i] = i == count ? 0 : i + 1; // Position i + 1 is operation i; 0 is the head.
      previous[i] = i == 0 ? count : i - 1;
    }
  }

  /// The keys whose history no order explains; empty when all is well. Registers begin at 0.
  static List<Integer> violations(List<Operation> history) {
    Map<Integer, List<Operation>> byKey = new TreeMap<>();
    for (Operation operation : history) {
      byKey.computeIfAbsent(operation.key(), key -> new ArrayList<>()).add(operation);
    }
    List<Integer> bad = new ArrayList<>();
    byKey.forEach(
        (key, operationsOfKey) -> {
          if (!new Linearizability(operationsOfKey).isLinearizable()) {
            bad.add(key);
          }
        });
    return bad;
  }

  private boolean isLinearizable() {
    List<Step> path = new ArrayList<>();
    long value = 0;
    int position = next[0];
    long deadline = earliestReturn();
    while (answeredDone < answeredCount) {
      boolean isCandidate = position != 0 && operations.get(position - 1).invoked() <= deadline;
      if (isCandidate) {
        Operation operation = operations.get(position - 1);
        if (operation.allows(value)) {
          long after = operation.after(value);
          done.set(position);
          if (seen.add(new State((BitSet) done.clone(), after))) {
            path.add(new Step(position, value));
            value = after;
            takeOut(position);
            position = next[0];
            deadline = earliestReturn();
            continue;
          }
          done.clear(position);
        }
        position = next[position];
        continue;
      }
      if (path.isEmpty()) {
        return false;
      }
      Step last = path.removeLast();
      putBack(last.operation());
      value = last.valueBefore();
      deadline = earliestReturn();
      position = next[last.operation()];
    }
    return true;
  }

  /// No operation that began after another one's end may come before it.
  private long earliestReturn() {
    long earliest = Operation.NEVER;
    for (int at = next[0]; at != 0; at = next[at]) {
      Operation operation = operations.get(at - 1);
      if (operation.invoked() > earliest) {
        break;
      }
      earliest = Math.min(earliest, operation.returned());
    }
    return earliest;
  }

  private void takeOut(int position) {
    next[previous[position]] = next[position];
    previous[next[position]] = previous[position];
    if (!operations.get(position - 1).isOpen()) {
      answeredDone++;
    }
  }

  private void putBack(int position) {
    done.clear(position);
    next[previous[position]] = position;
    previous[next[position]] = position;
    if (!operations.get(position - 1).isOpen()) {
      answeredDone--;
    }
  }
}
