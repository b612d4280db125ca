package io.floe.cli;

import io.floe.gateway.tool.CreatedTopic;
import io.floe.gateway.tool.RemoteLog;
import io.floe.gateway.tool.TopicDescription;
import io.floe.gateway.tool.TopicDescription.PartitionDescription;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/// `floe topic …`.
@Command(
    name = "topic",
    description = "Create, list, describe and delete topics.",
    synopsisSubcommandLabel = "COMMAND",
    subcommands = {
      TopicCommand.Create.class,
      TopicCommand.ListNames.class,
      TopicCommand.Describe.class,
      TopicCommand.Delete.class,
    })
final class TopicCommand implements Runnable {
  @Mixin HelpOption help = new HelpOption();

  @Spec @Nullable CommandSpec spec;

  @Override
  public void run() {
    if (spec != null) {
      throw new ParameterException(
          spec.commandLine(), "say what to do: create, list, describe or delete");
    }
  }

  /// `floe topic create`.
  @Command(
      name = "create",
      description = "Create a topic; done when it can be used.",
      footer = {
        "",
        "Examples:",
        "  floe topic create orders --partitions 6",
        "  floe topic create audit --config retention.ms=604800000",
      })
  static final class Create implements Runnable {
    @Mixin HelpOption help = new HelpOption();

    @Mixin BootstrapOption node = new BootstrapOption();

    @Parameters(paramLabel = "NAME", description = "Letters, digits, '.', '_' and '-'.")
    String name = "";

    @Option(
        names = {"-p", "--partitions"},
        paramLabel = "N",
        defaultValue = "1",
        description = "How many partitions (default: ${DEFAULT-VALUE}).")
    int partitions;

    @Option(
        names = {"-r", "--replicas"},
        paramLabel = "N",
        description = "How many copies of each (default: the cluster's choice).")
    @Nullable Integer replicas;

    @Option(
        names = {"-c", "--config"},
        paramLabel = "KEY=VALUE",
        description = "A setting of the topic; may be repeated.")
    Map<String, String> configs = new LinkedHashMap<>();

    @Option(names = "--json", description = "Print one JSON object.")
    boolean isJson;

    @Override
    public void run() {
      if (partitions < 1) {
        throw CommandFailure.usage("--partitions " + partitions + ": must be at least 1");
      }
      if (replicas != null && replicas < 1) {
        throw CommandFailure.usage("--replicas " + replicas + ": must be at least 1");
      }
      try (RemoteLog log = RemoteLog.connect(node.address());
          StandardOutput out = StandardOutput.open()) {
        CreatedTopic created =
            log.createTopic(name, partitions, replicas == null ? -1 : replicas, configs);
        if (isJson) {
          Json.line(
              out,
              json -> {
                json.writeStringField("topic", name);
                json.writeStringField("id", created.id().toString());
                json.writeNumberField("partitions", created.partitions());
                json.writeNumberField("replicas", created.replicas());
              });
        } else {
          out.line(
              "created "
                  + name
                  + " with "
                  + counted(created.partitions(), "partition")
                  + ", "
                  + counted(created.replicas(), "replica")
                  + " each"
                  + reduction(created));
        }
      }
    }

    /// Fewer copies than asked for: as many as there are nodes.
    private String reduction(CreatedTopic created) {
      return replicas != null && created.replicas() < replicas
          ? " (asked for " + replicas + "; there are no more nodes)"
          : "";
    }
  }

  private static String counted(int count, String noun) {
    return count + " " + noun + (count == 1 ? "" : "s");
  }

  /// `floe topic list`.
  @Command(name = "list", description = "Print the names of all topics, one a line.")
  static final class ListNames implements Runnable {
    @Mixin HelpOption help = new HelpOption();

    @Mixin BootstrapOption node = new BootstrapOption();

    @Option(names = "--json", description = "Print one JSON object a line.")
    boolean isJson;

    @Override
    public void run() {
      try (RemoteLog log = RemoteLog.connect(node.address());
          StandardOutput out = StandardOutput.open()) {
        for (String name : log.listTopics()) {
          if (isJson) {
            Json.line(out, json -> json.writeStringField("topic", name));
          } else {
            out.line(name);
          }
        }
      }
    }
  }

  /// `floe topic describe`.
  @Command(
      name = "describe",
      description = "Show partitions, offsets and settings of topics.",
      footer = {"", "Examples:", "  floe topic describe orders", "  floe topic describe --json"})
  static final class Describe implements Runnable {
    @Mixin HelpOption help = new HelpOption();

    @Mixin BootstrapOption node = new BootstrapOption();

    @Parameters(paramLabel = "NAME", arity = "0..*", description = "Which topics; none for all.")
    List<String> names = List.of();

    @Option(names = "--json", description = "Print one JSON object a line, one for each topic.")
    boolean isJson;

    @Override
    public void run() {
      try (RemoteLog log = RemoteLog.connect(node.address());
          StandardOutput out = StandardOutput.open()) {
        boolean isFirst = true;
        for (String name : names.isEmpty() ? log.listTopics() : names) {
          TopicDescription topic = log.describeTopic(name);
          if (isJson) {
            writeJson(out, topic);
          } else {
            if (!isFirst) {
              out.line("");
            }
            writeText(out, topic);
          }
          isFirst = false;
        }
      }
    }

    static void writeText(StandardOutput out, TopicDescription topic) {
      out.line(topic.name() + "  " + topic.id());
      topic.configs().forEach((key, value) -> out.line("  " + key + "=" + value));
      int fewest =
          topic.partitions().stream().mapToInt(each -> each.replicas().size()).min().orElse(0);
      if (topic.replicasWished() > fewest) {
        out.line(
            "  fewer replicas than wished: "
                + fewest
                + " of "
                + topic.replicasWished()
                + " (there are no more nodes)");
      }
      topic.damagedSegments().forEach(damage -> out.line("  DAMAGED " + damage));
      TextTable table =
          new TextTable(
              "partition", "leader", "epoch", "replicas", "earliest", "latest", "records");
      for (PartitionDescription partition : topic.partitions()) {
        table.row(
            Integer.toString(partition.index()),
            numberOrDash(partition.leader()),
            numberOrDash(partition.epoch()),
            partition.replicas().stream().map(String::valueOf).collect(Collectors.joining(",")),
            Long.toString(partition.earliest()),
            Long.toString(partition.latest()),
            Long.toString(partition.latest() - partition.earliest()));
      }
      table.lines().forEach(line -> out.line("  " + line));
    }

    private static String numberOrDash(int number) {
      return number < 0 ? "-" : Integer.toString(number);
    }

    static void writeJson(StandardOutput out, TopicDescription topic) {
      Json.line(
          out,
          json -> {
            json.writeStringField("topic", topic.name());
            json.writeStringField("id", topic.id().toString());
            json.writeObjectFieldStart("configs");
            for (Map.Entry<String, String> config : topic.configs().entrySet()) {
              json.writeStringField(config.getKey(), config.getValue());
            }
            json.writeEndObject();
            json.writeNumberField("replicasWished", topic.replicasWished());
            json.writeArrayFieldStart("damagedSegments");
            for (String damage : topic.damagedSegments()) {
              json.writeString(damage);
            }
            json.writeEndArray();
            json.writeArrayFieldStart("partitions");
            for (PartitionDescription partition : topic.partitions()) {
              json.writeStartObject();
              json.writeNumberField("partition", partition.index());
              json.writeNumberField("leader", partition.leader());
              json.writeNumberField("epoch", partition.epoch());
              json.writeArrayFieldStart("replicas");
              for (int replica : partition.replicas()) {
                json.writeNumber(replica);
              }
              json.writeEndArray();
              json.writeNumberField("earliest", partition.earliest());
              json.writeNumberField("latest", partition.latest());
              json.writeEndObject();
            }
            json.writeEndArray();
          });
    }
  }

  /// `floe topic delete`.
  @Command(name = "delete", description = "Delete topics and all their records.")
  static final class Delete implements Runnable {
    @Mixin HelpOption help = new HelpOption();

    @Mixin BootstrapOption node = new BootstrapOption();

    @Parameters(paramLabel = "NAME", arity = "1..*", description = "Which topics.")
    List<String> names = List.of();

    @Override
    public void run() {
      try (RemoteLog log = RemoteLog.connect(node.address());
          StandardOutput out = StandardOutput.open()) {
        for (String name : names) {
          log.deleteTopic(name);
          out.line("deleted " + name);
        }
      }
    }
  }
}
