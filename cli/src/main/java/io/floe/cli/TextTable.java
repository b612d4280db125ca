package io.floe.cli;

import java.util.ArrayList;
import java.util.List;

/// Columns of numbers and short words, aligned to the right under their headings.
final class TextTable {
  private final List<String[]> rows = new ArrayList<>();
  private final int[] widths;

  TextTable(String... headings) {
    widths = new int[headings.length];
    row(headings);
  }

  void row(String... cells) {
    if (cells.length != widths.length) {
      throw new IllegalArgumentException(cells.length + " cells in " + widths.length + " columns");
    }
    for (int i = 0; i < cells.length; i++) {
      widths[i] = Math.max(widths[i], cells[i].length());
    }
    rows.add(cells.clone());
  }

  List<String> lines() {
    List<String> lines = new ArrayList<>();
    for (String[] cells : rows) {
      StringBuilder line = new StringBuilder();
      for (int i = 0; i < cells.length; i++) {
        line.repeat(' ', widths[i] - cells[i].length() + (i == 0 ? 0 : 2)).append(cells[i]);
      }
      lines.add(line.toString());
    }
    return lines;
  }
}
