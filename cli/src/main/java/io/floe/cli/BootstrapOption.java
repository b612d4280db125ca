package io.floe.cli;

import picocli.CommandLine.Option;

/// Which node a client command talks to.
final class BootstrapOption {
  @Option(
      names = {"-b", "--bootstrap"},
      paramLabel = "HOST:PORT",
      defaultValue = "127.0.0.1:9092",
      description = "A node to talk to (default: ${DEFAULT-VALUE}).")
  String bootstrap = "127.0.0.1:9092";

  String address() {
    return bootstrap;
  }
}
