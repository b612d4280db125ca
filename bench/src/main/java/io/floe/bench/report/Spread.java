package io.floe.bench.report;

import java.util.Arrays;
import java.util.List;

/// Smallest, middle and largest of the values that the rounds of one run gave.
public record Spread(double min, double median, double max) {

  /// Of at least one value.
  ///
  /// @throws IllegalArgumentException when there is no value
  public static Spread of(List<Double> values) {
    if (values.isEmpty()) {
      throw new IllegalArgumentException("no values");
    }
    double[] sorted = values.stream().mapToDouble(Double::doubleValue).sorted().toArray();
    return new Spread(sorted[0], median(sorted), sorted[sorted.length - 1]);
  }

  private static double median(double[] sorted) {
    int middle = sorted.length / 2;
    return sorted.length % 2 == 1
        ? sorted[middle]
        : Arrays.stream(sorted, middle - 1, middle + 1).sum() / 2;
  }
}
