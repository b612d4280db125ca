package io.floe.bench.report;

import java.util.ArrayList;
import java.util.List;

/// How two contenders of the same rounds compare: the ratio of their medians. The spread is that of
/// the ratios within each round, since the machine's mood changes between rounds and not within
/// one.
///
/// @param target what the ratio must reach, or must not exceed
public record Ratio(
    String workload,
    String quantity,
    String subject,
    String base,
    double value,
    double roundMin,
    double roundMax,
    Direction direction,
    double target,
    boolean isMet) {

  /// Which side of the target is the good one.
  public enum Direction {
    /// A rate.
    AT_LEAST("≥"),
    /// A time.
    AT_MOST("≤"),
    /// Shown beside the others, promises nothing.
    NONE("");

    private final String sign;

    Direction(String sign) {
      this.sign = sign;
    }

    String sign() {
      return sign;
    }
  }

  /// The ratio subject ÷ base.
  ///
  /// @throws IllegalArgumentException when the two are not from the same rounds of the same work
  public static Ratio of(Series subject, Series base, Direction direction, double target) {
    if (!subject.workload().equals(base.workload())
        || !subject.quantity().equals(base.quantity())
        || subject.rounds().size() != base.rounds().size()) {
      throw new IllegalArgumentException("not comparable: " + subject + " and " + base);
    }
    List<Double> rounds = new ArrayList<>();
    for (int i = 0; i < subject.rounds().size(); i++) {
      rounds.add(subject.rounds().get(i) / base.rounds().get(i));
    }
    double value = subject.spread().median() / base.spread().median();
    Spread spread = Spread.of(rounds);
    boolean isMet =
        switch (direction) {
          case AT_LEAST -> value >= target;
          case AT_MOST -> value <= target;
          case NONE -> true;
        };
    return new Ratio(
        subject.workload(),
        subject.quantity(),
        subject.contender(),
        base.contender(),
        value,
        spread.min(),
        spread.max(),
        direction,
        target,
        isMet);
  }
}
