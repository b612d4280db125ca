package io.floe.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

final class LineReaderTest {

  private static List<String> lines(InputStream in, int max) throws IOException {
    LineReader reader = new LineReader(in, max);
    List<String> lines = new ArrayList<>();
    byte[] line;
    while ((line = reader.next()) != null) {
      lines.add(new String(line, StandardCharsets.ISO_8859_1));
    }
    assertThat(reader.lineNumber()).isEqualTo(lines.size());
    return lines;
  }

  private static List<String> lines(String text) throws IOException {
    return lines(new ByteArrayInputStream(text.getBytes(StandardCharsets.ISO_8859_1)), 1 << 20);
  }

  @Test
  void readsLinesWithAndWithoutALastLineFeed() throws IOException {
    assertThat(lines("a\nb\n")).containsExactly("a", "b");
    assertThat(lines("a\nb")).containsExactly("a", "b");
  }

  @Test
  void keepsEmptyLinesAndCarriageReturns() throws IOException {
    assertThat(lines("\n\na\r\n\n")).containsExactly("", "", "a\r", "");
    assertThat(lines("")).isEmpty();
  }

  @Test
  void readsTheSameLinesHoweverTheInputIsCut() throws IOException {
    long seed = System.nanoTime();
    Random random = new Random(seed);
    List<String> expected = new ArrayList<>();
    for (int i = 0; i < 200; i++) {
      expected.add("x".repeat(random.nextInt(random.nextInt(20) == 0 ? 200_000 : 300)));
    }
    byte[] bytes = (String.join("\n", expected) + "\n").getBytes(StandardCharsets.ISO_8859_1);
    InputStream dripping =
        new ByteArrayInputStream(bytes) {
          @Override
          public synchronized int read(byte[] into, int from, int length) {
            return super.read(into, from, Math.min(length, 1 + random.nextInt(70_000)));
          }
        };

    assertThat(lines(dripping, 1 << 20)).as("seed %d", seed).isEqualTo(expected);
  }

  @Test
  void refusesALineBeyondTheLimitAndNamesIt() throws IOException {
    assertThat(lines(new ByteArrayInputStream(new byte[100_000]), 100_000)).hasSize(1);
    byte[] bytes = ("ok\n" + "x".repeat(100_001)).getBytes(StandardCharsets.ISO_8859_1);

    assertThatThrownBy(() -> lines(new ByteArrayInputStream(bytes), 100_000))
        .isInstanceOf(CommandFailure.class)
        .hasMessage("line 2 is longer than 100000 bytes");
  }
}
