package io.floe.cli;

import io.floe.gateway.tool.ClusterDescription;
import io.floe.gateway.tool.ClusterDescription.ClusterNode;
import io.floe.gateway.tool.RemoteLog;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/// `floe cluster …`.
@Command(
    name = "cluster",
    description = "Show the nodes of a cluster, and change who keeps its metadata.",
    synopsisSubcommandLabel = "COMMAND",
    subcommands = {
      ClusterCommand.Status.class,
      ClusterCommand.AddVoter.class,
      ClusterCommand.RemoveNode.class,
      ClusterCommand.TransferLeader.class,
    })
final class ClusterCommand implements Runnable {
  @Mixin HelpOption help = new HelpOption();

  @Spec @Nullable CommandSpec spec;

  @Override
  public void run() {
    if (spec != null) {
      throw new ParameterException(
          spec.commandLine(), "say what to do: status, add-voter, remove-node or transfer-leader");
    }
  }

  /// `floe cluster status`.
  @Command(
      name = "status",
      description = "Show who is there, who votes and who leads.",
      footer = {
        "",
        "Voters keep the metadata: more than half of them must be up for topics",
        "to change. Observers follow. 'behind' is what the leader knows; '-' when",
        "the leader cannot be asked.",
      })
  static final class Status implements Runnable {
    @Mixin HelpOption help = new HelpOption();

    @Mixin BootstrapOption node = new BootstrapOption();

    @Option(names = "--json", description = "Print one JSON object.")
    boolean isJson;

    @Override
    public void run() {
      try (RemoteLog log = RemoteLog.connect(node.address());
          StandardOutput out = StandardOutput.open()) {
        ClusterDescription cluster = fromLeader(log.describeCluster());
        if (isJson) {
          writeJson(out, cluster);
        } else {
          writeText(out, cluster);
        }
      }
    }

    /// The leader knows how far each node is.
    private static ClusterDescription fromLeader(ClusterDescription seen) {
      for (ClusterNode node : seen.nodes()) {
        if (node.id() == seen.leader() && !node.kafka().isEmpty()) {
          try (RemoteLog leader = RemoteLog.connect(node.kafka())) {
            return leader.describeCluster();
          } catch (RuntimeException unreachable) {
            return seen;
          }
        }
      }
      return seen;
    }

    static void writeText(StandardOutput out, ClusterDescription cluster) {
      out.line(
          "cluster "
              + cluster.clusterId()
              + (cluster.leader() < 0
                  ? ", no leader now"
                  : ", leader " + cluster.leader() + " in term " + cluster.term()));
      TextTable table = new TextTable("node", "part", "kafka", "behind");
      for (ClusterNode node : cluster.nodes()) {
        table.row(
            Integer.toString(node.id()),
            node.id() == cluster.leader() ? "leader" : node.isVoter() ? "voter" : "observer",
            node.kafka().isEmpty() ? "unreachable" : node.kafka(),
            node.lastIndex() < 0
                ? "-"
                : Long.toString(Math.max(0, cluster.commitIndex() - node.lastIndex())));
      }
      table.lines().forEach(out::line);
    }

    static void writeJson(StandardOutput out, ClusterDescription cluster) {
      Json.line(
          out,
          json -> {
            json.writeStringField("clusterId", cluster.clusterId());
            json.writeNumberField("leader", cluster.leader());
            json.writeNumberField("term", cluster.term());
            json.writeNumberField("commitIndex", cluster.commitIndex());
            json.writeArrayFieldStart("nodes");
            for (ClusterNode node : cluster.nodes()) {
              json.writeStartObject();
              json.writeNumberField("node", node.id());
              json.writeBooleanField("voter", node.isVoter());
              json.writeStringField("kafka", node.kafka());
              json.writeNumberField("lastIndex", node.lastIndex());
              json.writeEndObject();
            }
            json.writeEndArray();
          });
    }
  }

  /// What the commands that change a node have in common.
  abstract static class OfNode implements Runnable {
    @Mixin final HelpOption help = new HelpOption();

    @Mixin BootstrapOption bootstrap = new BootstrapOption();

    @Parameters(paramLabel = "NODE", description = "Id of the node.")
    int node;

    abstract String change(RemoteLog log);

    @Override
    public void run() {
      if (node < 0) {
        throw CommandFailure.usage("node " + node + ": a node id is 0 or more");
      }
      try (RemoteLog log = RemoteLog.connect(bootstrap.address());
          StandardOutput out = StandardOutput.open()) {
        out.line(change(log));
      }
    }
  }

  /// `floe cluster add-voter`.
  @Command(name = "add-voter", description = "Make an observer that has caught up a voter.")
  static final class AddVoter extends OfNode {
    @Override
    String change(RemoteLog log) {
      log.addVoter(node);
      return "node " + node + " is a voter";
    }
  }

  /// `floe cluster remove-node`.
  @Command(
      name = "remove-node",
      description =
          "Take a node out of the cluster for good. Refused while it holds a segment of a topic.")
  static final class RemoveNode extends OfNode {
    @Override
    String change(RemoteLog log) {
      log.removeNode(node);
      return "node " + node + " is removed";
    }
  }

  /// `floe cluster transfer-leader`.
  @Command(
      name = "transfer-leader",
      description = "Make a voter the leader of the group that keeps the metadata.")
  static final class TransferLeader extends OfNode {
    @Override
    String change(RemoteLog log) {
      log.transferLeadership(node);
      return "node " + node + " leads";
    }
  }
}
