package io.floe.bench.node;

import io.floe.cli.process.NodeProcess;
import io.floe.cli.process.ReadyLine;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;

/// Floe as a user starts it, by the launcher.
final class FloeServer implements Server {
  static final String NAME = "Floe";
  private static final Duration START_LIMIT = Duration.ofSeconds(60);
  private static final int STOP_SECONDS = 15;

  private final NodeProcess process;
  private final ReadyLine ready;

  private FloeServer(NodeProcess process, ReadyLine ready) {
    this.process = process;
    this.ready = ready;
  }

  /// @param home directory of the launcher
  /// @param directory for data and log
  /// @param javaOptions on top of what the launcher gives
  static FloeServer start(Path home, Path directory, String javaOptions)
      throws InterruptedException {
    NodeProcess process =
        NodeProcess.launch(
            home.resolve("floe"),
            List.of(
                "--data-dir",
                directory.resolve("data").toString(),
                "--kafka",
                "127.0.0.1:0",
                "--cluster",
                "127.0.0.1:0"),
            // The launcher looks whether sources changed, as it does for a user.
            Map.of("FLOE_NO_BUILD", "0", "FLOE_JAVA_OPTS", javaOptions),
            directory.resolve("floe.log"));
    ProcessHandle.of(process.pid()).ifPresent(Children::add);
    return new FloeServer(process, process.awaitReady(START_LIMIT));
  }

  @Override
  public String name() {
    return NAME;
  }

  @Override
  public String bootstrap() {
    return ready.kafka();
  }

  /// `io_uring` or `file_channel`.
  String ioName() {
    return ready.io();
  }

  @Override
  public long pid() {
    return process.pid();
  }

  @Override
  public Duration startTime() {
    return process.startTime();
  }

  @Override
  public void close() {
    ProcessHandle.of(process.pid()).ifPresent(handle -> Children.end(handle, STOP_SECONDS));
  }
}
