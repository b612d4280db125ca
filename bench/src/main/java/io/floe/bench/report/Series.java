package io.floe.bench.report;

import java.util.List;

/// One number of one contender, round by round.
///
/// @param workload what was done, the same words for everyone who did it
/// @param quantity what was measured, with its unit: `appends/s`, `p99 µs`
public record Series(String workload, String contender, String quantity, List<Double> rounds) {
  public Series {
    rounds = List.copyOf(rounds);
  }

  public Spread spread() {
    return Spread.of(rounds);
  }
}
