package io.floe.journal;

import com.typesafe.config.Config;
import io.floe.storage.log.LogSettings;
import java.nio.file.Path;

/// The keys of `floe.journal`; `reference.conf` says what each means.
record JournalSettings(Path directory, LogSettings log, int queueCapacity, int replayChunkBytes) {
  JournalSettings {
    if (queueCapacity < 1) {
      throw new IllegalArgumentException(
          "queue-capacity is " + queueCapacity + ", must be at least 1");
    }
    if (replayChunkBytes < 1) {
      throw new IllegalArgumentException(
          "replay-chunk-bytes is " + replayChunkBytes + ", must be at least 1");
    }
  }

  static JournalSettings of(Config config) {
    return new JournalSettings(
        directory(config, "floe.journal.dir"),
        new LogSettings(
            bytes(config, "file-bytes"),
            bytes(config, "write-bytes-max"),
            bytes(config, "group-bytes-max"),
            config.getInt("spare-files-max")),
        config.getInt("queue-capacity"),
        bytes(config, "replay-chunk-bytes"));
  }

  static Path directory(Config config, String key) {
    String directory = config.getString("dir");
    if (directory.isBlank()) {
      throw new IllegalArgumentException(key + " is not set: it names the directory to use");
    }
    return Path.of(directory).toAbsolutePath();
  }

  static int bytes(Config config, String key) {
    return Math.toIntExact(config.getBytes(key));
  }
}
