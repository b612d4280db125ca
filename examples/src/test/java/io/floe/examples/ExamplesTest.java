package io.floe.examples;

import static org.assertj.core.api.Assertions.assertThat;

import io.floe.actors.node.FloeNode;
import java.nio.file.Path;
import java.util.Map;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class ExamplesTest {
  @TempDir Path dataDir;

  @Test
  void theExamplesDoWhatTheySay() throws Exception {
    try (FloeNode node = EmbeddedNode.start(dataDir)) {
      EmbeddedNode.createTopic(node, "greetings", 1);
      assertThat(ProduceAndConsume.run(node))
          .isEqualTo(IntStream.range(0, 100).mapToObj(i -> i + ": hello " + (i + 1)).toList());
      EmbeddedNode.createTopic(node, "lines", 3);
      WordCount.write(node);
      assertThat(WordCount.count(node, 3))
          .containsAllEntriesOf(Map.of("to", 3, "be", 2, "question", 1, "more", 1));
    }
  }

  @Test
  void theProgramsRunByThemselves() throws Exception {
    ProduceAndConsume.main(new String[] {dataDir.resolve("a").toString()});
    WordCount.main(new String[] {dataDir.resolve("b").toString()});
  }
}
