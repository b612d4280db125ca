package io.floe.cli.check;

import java.util.List;
import java.util.Locale;

/// What a [History] shows.
///
/// @param lost acknowledged and not read
/// @param duplicated read once more
/// @param outOfOrder read after a record that was sent later
/// @param misplaced read at another offset than the acknowledgement said
/// @param gaps offsets that are missing between two records, or before the first
/// @param foreign read and never sent
/// @param details the first few, in words
public record Verdict(
    long sent,
    long acknowledged,
    long read,
    long lost,
    long duplicated,
    long outOfOrder,
    long misplaced,
    long gaps,
    long foreign,
    List<String> details) {
  public Verdict {
    details = List.copyOf(details);
  }

  public boolean isClean() {
    return lost + duplicated + outOfOrder + misplaced + gaps + foreign == 0;
  }

  /// One line; names the rarer faults only when there are some.
  public String summary() {
    StringBuilder text =
        new StringBuilder(
            String.format(
                Locale.ROOT,
                "%,d lost, %,d duplicated, %,d out of order",
                lost,
                duplicated,
                outOfOrder));
    if (misplaced + gaps + foreign > 0) {
      text.append(
          String.format(
              Locale.ROOT,
              ", %,d at a wrong offset, %,d offsets missing, %,d never sent",
              misplaced,
              gaps,
              foreign));
    }
    return text.toString();
  }
}
