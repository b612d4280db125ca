package io.floe.storage.io;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class DirectRulesTest {
  @TempDir private Path directory;

  @Test
  void filesOfAnExt4FilesystemShareTheirFlushes() throws IOException {
    assumeExt4();
    assumeThat(DirectProbe.isDirect(file("a"))).isTrue();
    String domain = domain(file("a"));
    assertThat(domain).startsWith("ext4:");
    Path inner = Files.createDirectory(directory.resolve("inner"));
    assertThat(domain(Files.createFile(inner.resolve("b")))).isEqualTo(domain);
  }

  @Test
  void whatExt4PutsThroughThePageCacheSharesNothing() throws IOException, InterruptedException {
    assumeExt4();
    Path journalled = file("journalled");
    Process chattr =
        new ProcessBuilder("chattr", "+j", journalled.toString()).redirectErrorStream(true).start();
    boolean isEnded = chattr.waitFor(10, TimeUnit.SECONDS);
    assumeThat(isEnded && chattr.exitValue() == 0).as("chattr +j is allowed here").isTrue();
    assertThat(DirectProbe.isDirect(journalled)).isFalse();
    assertThat(domain(journalled)).isNull();
  }

  @Test
  void otherFilesystemsShareNothing() throws IOException {
    Path memory = Path.of("/dev/shm");
    assumeThat(Files.isDirectory(memory) && Files.getFileStore(memory).type().equals("tmpfs"))
        .isTrue();
    Path file = Files.createTempFile(memory, "floe-rules", "");
    try {
      assertThat(domain(file)).isNull();
    } finally {
      Files.delete(file);
    }
  }

  @Test
  void aFileThatIsNotThereIsNotDirect() {
    assertThat(DirectProbe.isDirect(directory.resolve("absent"))).isFalse();
  }

  private static @Nullable String domain(Path file) throws IOException {
    return requireNonNull(new DirectRules.Cache().find(file)).flushDomain();
  }

  private Path file(String name) throws IOException {
    Path file = directory.resolve(name);
    return Files.exists(file) ? file : Files.createFile(file);
  }

  private void assumeExt4() throws IOException {
    assumeThat(Files.getFileStore(directory).type()).isEqualTo("ext4");
  }
}
