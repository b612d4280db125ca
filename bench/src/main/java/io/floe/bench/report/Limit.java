package io.floe.bench.report;

/// A target for a contender by itself: the median must not exceed it.
public record Limit(
    String workload, String quantity, String subject, double value, double target, boolean isMet) {

  public static Limit atMost(Series subject, double target) {
    double median = subject.spread().median();
    return new Limit(
        subject.workload(),
        subject.quantity(),
        subject.contender(),
        median,
        target,
        median <= target);
  }
}
