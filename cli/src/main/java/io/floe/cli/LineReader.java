package io.floe.cli;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import org.jspecify.annotations.Nullable;

/// Lines of bytes, of any encoding, without their line feed. A carriage return stays: it is data.
///
/// Thread-safety: none.
final class LineReader {
  private final InputStream in;
  private final int lineBytesMax;
  private final byte[] buffer = new byte[64 * 1024];
  private int position;
  private int limit;
  private long lineNumber;

  LineReader(InputStream in, int lineBytesMax) {
    this.in = in;
    this.lineBytesMax = lineBytesMax;
  }

  /// Number of the line that was returned last, from 1.
  long lineNumber() {
    return lineNumber;
  }

  /// Whether a call of [#next()] would wait for input.
  boolean wouldWait() throws IOException {
    return position == limit && in.available() == 0;
  }

  /// The next line, or null at the end. A last line without a line feed counts.
  byte @Nullable [] next() throws IOException {
    ByteArrayOutputStream head = null;
    while (true) {
      if (position == limit) {
        position = 0;
        limit = Math.max(0, in.read(buffer));
        if (limit == 0) {
          if (head == null) {
            return null;
          }
          lineNumber++;
          return head.toByteArray();
        }
      }
      int end = position;
      while (end < limit && buffer[end] != '\n') {
        end++;
      }
      int headBytes = head == null ? 0 : head.size();
      if (headBytes + end - position > lineBytesMax) {
        throw new CommandFailure(
            "line " + (lineNumber + 1) + " is longer than " + lineBytesMax + " bytes");
      }
      boolean isWhole = end < limit;
      if (isWhole && head == null) {
        byte[] line = java.util.Arrays.copyOfRange(buffer, position, end);
        position = end + 1;
        lineNumber++;
        return line;
      }
      if (head == null) {
        head = new ByteArrayOutputStream(2 * (end - position));
      }
      head.write(buffer, position, end - position);
      position = isWhole ? end + 1 : end;
      if (isWhole) {
        lineNumber++;
        return head.toByteArray();
      }
    }
  }
}
