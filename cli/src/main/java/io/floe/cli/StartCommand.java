package io.floe.cli;

import com.typesafe.config.Config;
import io.floe.actors.node.HostPort;
import io.floe.actors.node.NodeRejoinException;
import io.floe.cli.process.ReadyLine;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/// `floe start`: a node in this process, until a signal ends it.
@Command(
    name = "start",
    description = "Start a node. It prints one READY line when it accepts clients.",
    sortOptions = false,
    footer = {
      "",
      "Examples:",
      "  floe start",
      "  floe start --data-dir /var/lib/floe --kafka 0.0.0.0:9092",
      "  floe start --kafka 127.0.0.1:0 --set floe.store.io=file_channel",
      "",
      "The READY line on standard output holds a JSON object: nodeId, kafka, cluster,",
      "dataDir, io (io_uring or file_channel). Logs go to standard error. SIGTERM and",
      "Ctrl-C stop the node cleanly with exit code 0; a failed disk, or a start that",
      "did not work, ends it with 1.",
    })
final class StartCommand implements Callable<Integer> {
  private static final Logger LOG = LoggerFactory.getLogger(StartCommand.class);

  @Mixin HelpOption help = new HelpOption();

  @Option(
      names = {"-d", "--data-dir"},
      paramLabel = "DIR",
      defaultValue = "${env:FLOE_DATA_DIR:-data}",
      description = "Where the node keeps everything (default: $FLOE_DATA_DIR or ./data).")
  Path dataDir = Path.of("data");

  @Option(
      names = "--node-id",
      paramLabel = "N",
      description = "Number of a new node (default: 1; later the one in the data directory).")
  @Nullable Integer nodeId;

  @Option(
      names = "--kafka",
      paramLabel = "HOST:PORT",
      defaultValue = "127.0.0.1:9092",
      description =
          "Where Kafka clients connect; port 0: any free one (default: ${DEFAULT-VALUE}).")
  HostPort kafka = new HostPort("127.0.0.1", 9092);

  @Option(
      names = "--cluster",
      paramLabel = "HOST:PORT",
      defaultValue = "127.0.0.1:25520",
      description = "Where other nodes connect; port 0: any free one (default: ${DEFAULT-VALUE}).")
  HostPort cluster = new HostPort("127.0.0.1", 25520);

  @Option(
      names = "--seeds",
      paramLabel = "HOST:PORT",
      split = ",",
      description = "Nodes of the cluster to join (default: none, a cluster of one).")
  List<HostPort> seeds = new ArrayList<>();

  @Option(
      names = "--found-cluster",
      description =
          "Found a new cluster though not every seed can be asked whether it has one. Only when you"
              + " know that none has.")
  boolean foundCluster;

  @Option(
      names = "--set",
      paramLabel = "KEY=VALUE",
      description = "Override a setting of reference.conf; may be repeated.")
  Map<String, String> overrides = new LinkedHashMap<>();

  /// How long a stop may take before it is cut short.
  private static final Duration STOP_LIMIT = Duration.ofSeconds(9);

  @Override
  public Integer call() throws InterruptedException {
    if (nodeId != null && nodeId < 1) {
      throw CommandFailure.usage("--node-id " + nodeId + ": must be at least 1");
    }
    Config config = ConfigOverrides.apply(overrides);
    ProcessEnd end = ProcessEnd.install(STOP_LIMIT);
    try {
      RunningNode node =
          RunningNode.start(
              dataDir.toAbsolutePath().normalize(),
              nodeId,
              cluster,
              seeds,
              foundCluster,
              kafka,
              config);
      end.owns(node);
      try (StandardOutput out = StandardOutput.open()) {
        out.line(node.ready().format());
      }
      int code = awaitEnd(node, end, config);
      end.exitCode(code);
      return code;
    } catch (RuntimeException e) {
      end.exitCode(ExitCodes.FAILURE);
      throw e;
    }
  }

  /// A node that the cluster removed, after a long pause say, comes back in the same process, on
  /// the same ports.
  private int awaitEnd(RunningNode first, ProcessEnd end, Config config)
      throws InterruptedException {
    RunningNode node = first;
    while (true) {
      try {
        return node.awaitEnd();
      } catch (NodeRejoinException removed) {
        LOG.warn("{}: it starts again", removed.getMessage());
        node.close();
        ReadyLine before = first.ready();
        node =
            RunningNode.start(
                dataDir.toAbsolutePath().normalize(),
                before.nodeId(),
                HostPort.parse(before.cluster()),
                seeds,
                false,
                HostPort.parse(before.kafka()),
                config);
        end.owns(node);
        LOG.info("the node is back");
      }
    }
  }
}
