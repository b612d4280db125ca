package io.floe.cli;

import com.typesafe.config.Config;
import io.floe.cli.process.ReadyLine;
import java.nio.file.Path;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// A node in this process: the log and its Kafka listener.
interface RunningNode extends AutoCloseable {

  /// Starts one; returns when it accepts clients.
  @SuppressWarnings("DoNotCallSuggester")
  static RunningNode start(
      Path dataDir,
      @Nullable Integer nodeId,
      HostPort cluster,
      List<HostPort> seeds,
      HostPort kafka,
      Config config) {
    throw new CommandFailure("the node is not part of this build yet");
  }

  ReadyLine ready();

  /// Waits until the node stopped, and gives the exit code of the process.
  int awaitEnd() throws InterruptedException;

  @Override
  void close();
}
