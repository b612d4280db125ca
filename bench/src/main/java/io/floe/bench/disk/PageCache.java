package io.floe.bench.disk;

import java.io.IOException;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;

/// The kernel's memory of a filesystem.
public final class PageCache {
  private static final int LIMIT_SECONDS = 120;

  private PageCache() {}

  /// Writes back what is dirty, so that whoever is measured next does not pay for whoever was
  /// measured before and did not sync.
  public static void writeBack(Path directory) throws IOException, InterruptedException {
    Process sync =
        new ProcessBuilder("sync", "-f", directory.toString())
            .redirectErrorStream(true)
            .redirectOutput(ProcessBuilder.Redirect.DISCARD)
            .start();
    if (!sync.waitFor(LIMIT_SECONDS, TimeUnit.SECONDS)) {
      sync.destroyForcibly();
      throw new IOException("sync took more than " + LIMIT_SECONDS + " s");
    }
  }
}
