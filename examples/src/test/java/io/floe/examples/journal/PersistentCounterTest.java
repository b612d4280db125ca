package io.floe.examples.journal;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class PersistentCounterTest {

  @Test
  void countsOnOverRestartsAndSnapshots(@TempDir Path directory) throws Exception {
    assertThat(PersistentCounter.run(directory, 25)).isEqualTo(25);
    assertThat(PersistentCounter.run(directory, 0)).isEqualTo(25);
    assertThat(PersistentCounter.run(directory, 7)).isEqualTo(32);
    assertThat(directory.resolve("snapshots")).isNotEmptyDirectory();
  }
}
