package io.floe.bench.report;

import com.fasterxml.jackson.annotation.JsonProperty;
import java.util.List;

/// One number of one contender, round by round.
///
/// @param workload what was done, the same words for everyone who did it
/// @param quantity what was measured, with its unit: `appends/s`, `p99 µs`
public record Series(String workload, String contender, String quantity, List<Double> rounds) {
  /// The contender of the series that says how busy the machine was with something else.
  public static final String OTHERS = "other processes";

  public Series {
    rounds = List.copyOf(rounds);
  }

  @JsonProperty
  public Spread spread() {
    return Spread.of(rounds);
  }
}
