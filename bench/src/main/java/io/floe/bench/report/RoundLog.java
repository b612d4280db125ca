package io.floe.bench.report;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/// Values as the rounds bring them.
///
/// Thread-safety: none.
public final class RoundLog {
  private final Map<Key, List<Double>> values = new LinkedHashMap<>();

  private record Key(String workload, String contender, String quantity) {}

  public void add(String workload, String contender, String quantity, double value) {
    values
        .computeIfAbsent(new Key(workload, contender, quantity), key -> new ArrayList<>())
        .add(value);
  }

  /// One series.
  ///
  /// @throws IllegalArgumentException when nothing was added under these names
  public Series get(String workload, String contender, String quantity) {
    List<Double> rounds = values.get(new Key(workload, contender, quantity));
    if (rounds == null) {
      throw new IllegalArgumentException(
          "nothing measured: " + workload + ", " + contender + ", " + quantity);
    }
    return new Series(workload, contender, quantity, rounds);
  }

  /// All, in the order in which they first came.
  public List<Series> series() {
    return values.entrySet().stream()
        .map(
            each ->
                new Series(
                    each.getKey().workload(),
                    each.getKey().contender(),
                    each.getKey().quantity(),
                    each.getValue()))
        .toList();
  }
}
