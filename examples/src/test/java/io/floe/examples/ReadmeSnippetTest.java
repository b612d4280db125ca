package io.floe.examples;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

/// What the docs show is what compiles and runs: each block that follows a `snippet:` mark is a
/// part of an example, verbatim.
final class ReadmeSnippetTest {
  private static final Path ROOT = Path.of(System.getProperty("floe.root", ".."));
  private static final Path SOURCES = ROOT.resolve("examples/src/main/java/io/floe/examples");
  private static final Pattern BLOCK =
      Pattern.compile("<!-- snippet:(\\w+)#([\\w-]+) -->\\n```java\\n(.*?)```", Pattern.DOTALL);

  @Test
  void theDocsShowTheExamplesVerbatim() throws IOException {
    assertThat(compared(ROOT.resolve("docs/pekko-streams.md"))).isEqualTo(2);
    Path readme = ROOT.resolve("README.md");
    if (Files.exists(readme)) {
      compared(readme);
    }
  }

  private static int compared(Path document) throws IOException {
    Matcher block = BLOCK.matcher(Files.readString(document));
    int count = 0;
    for (; block.find(); count++) {
      assertThat(block.group(3))
          .as("%s of %s in %s", block.group(2), block.group(1), document)
          .isEqualTo(snippet(block.group(1), block.group(2)));
    }
    return count;
  }

  private static String snippet(String program, String name) throws IOException {
    List<String> lines = Files.readAllLines(SOURCES.resolve(program + ".java"));
    int begin = lines.indexOf("    // snippet:" + name);
    assertThat(begin).as("snippet %s in %s", name, program).isNotNegative();
    int end = begin + 1 + lines.subList(begin + 1, lines.size()).indexOf("    // end");
    return String.join("\n", lines.subList(begin + 1, end)).stripIndent() + "\n";
  }
}
