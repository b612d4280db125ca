package io.floe.bench.report;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/// A report as text for a terminal.
public final class Table {
  private static final int NAME_WIDTH = 46;

  private Table() {}

  public static String format(Report report) {
    StringBuilder text = new StringBuilder();
    Machine machine = report.machine();
    line(text, "floe bench %s".formatted(report.command()));
    line(text, "  commit %s, %s".formatted(machine.commit(), machine.jdk()));
    line(
        text,
        "  %d × %s, %d GiB, %s, %s"
            .formatted(
                machine.processors(),
                machine.cpu(),
                machine.memoryBytes() >> 30,
                machine.kernel(),
                machine.filesystem()));
    series(text, report.series());
    ratios(text, report.ratios());
    limits(text, report.limits());
    if (!report.isMeasurement()) {
      line(text, "\nA quick run: it shows that everything works, its numbers mean nothing.");
    }
    return text.toString();
  }

  private static void series(StringBuilder text, List<Series> all) {
    Map<String, List<Series>> byTitle = new LinkedHashMap<>();
    for (Series series : all) {
      byTitle
          .computeIfAbsent(series.workload() + ", " + series.quantity(), k -> new ArrayList<>())
          .add(series);
    }
    byTitle.forEach(
        (title, rows) -> {
          line(text, "\n%s %10s %10s %10s".formatted(padded(title), "median", "min", "max"));
          for (Series row : rows) {
            Spread spread = row.spread();
            line(
                text,
                "%s %10s %10s %10s"
                    .formatted(
                        padded("  " + row.contender()),
                        number(spread.median()),
                        number(spread.min()),
                        number(spread.max())));
          }
        });
  }

  private static void ratios(StringBuilder text, List<Ratio> ratios) {
    if (ratios.isEmpty()) {
      return;
    }
    line(text, "\nRatio of medians (smallest … largest of the rounds)");
    for (Ratio ratio : ratios) {
      line(
          text,
          "  %s, %s\n    %s ÷ %s: %s (%s … %s)%s"
              .formatted(
                  ratio.workload(),
                  ratio.quantity(),
                  ratio.subject(),
                  ratio.base(),
                  number(ratio.value()),
                  number(ratio.roundMin()),
                  number(ratio.roundMax()),
                  ratio.direction() == Ratio.Direction.NONE
                      ? ""
                      : target(ratio.direction().sign(), ratio.target(), ratio.isMet())));
    }
  }

  private static void limits(StringBuilder text, List<Limit> limits) {
    for (Limit limit : limits) {
      line(
          text,
          "  %s, %s: %s %s%s"
              .formatted(
                  limit.workload(),
                  limit.quantity(),
                  limit.subject(),
                  number(limit.value()),
                  target("≤", limit.target(), limit.isMet())));
    }
  }

  private static String target(String sign, double target, boolean isMet) {
    return "   target " + sign + " " + number(target) + ": " + (isMet ? "met" : "MISSED");
  }

  private static String padded(String text) {
    return text + " ".repeat(Math.max(0, NAME_WIDTH + 20 - text.length()));
  }

  /// Three digits that matter, whatever the size.
  static String number(double value) {
    double size = Math.abs(value);
    String format = size >= 100 ? "%,.0f" : size >= 10 ? "%.1f" : "%.2f";
    return String.format(Locale.ROOT, format, value);
  }

  private static void line(StringBuilder text, String line) {
    text.append(line).append('\n');
  }
}
