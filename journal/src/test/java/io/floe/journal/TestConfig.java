package io.floe.journal;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigFactory;
import java.nio.file.Path;

/// A configuration that uses the plugins below one directory.
final class TestConfig {
  private TestConfig() {}

  static Config of(Path directory) {
    return ConfigFactory.parseString(
            """
            pekko.persistence.journal.plugin = "floe.journal"
            pekko.persistence.snapshot-store.plugin = "floe.snapshot-store"
            pekko.actor.allow-java-serialization = off
            pekko.loglevel = WARNING
            floe.journal { dir = "%1$s/journal", file-bytes = 1 MiB, write-bytes-max = 500 KiB }
            floe.snapshot-store.dir = "%1$s/snapshots"
            """
                .formatted(directory))
        .withFallback(ConfigFactory.load());
  }
}
