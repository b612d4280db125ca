package io.floe.cli;

import io.floe.gateway.tool.ConsumeOptions;
import io.floe.gateway.tool.RemoteLog;
import io.floe.gateway.tool.RemoteRecords;
import java.util.List;
import java.util.Set;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/// `floe consume`.
@Command(
    name = "consume",
    description = "Print the records of a topic, one a line, until interrupted.",
    footer = {
      "",
      "Examples:",
      "  floe consume orders                    # all, then wait for more",
      "  floe consume orders --until-end --json",
      "  floe consume orders --from latest --print key,offset",
      "  floe consume orders --from 2026-01-31T12:00:00Z --count 10",
      "  floe consume orders --partition 2 --from 1500",
      "",
      "Order is kept within each partition. Plain output ends each record with a",
      "line feed, so take --json for values that may hold one. JSON shows bytes that",
      "are not UTF-8 as keyBase64 and valueBase64.",
    })
final class ConsumeCommand implements Runnable {
  @Mixin HelpOption help = new HelpOption();

  @Mixin BootstrapOption node = new BootstrapOption();

  @Parameters(paramLabel = "TOPIC", description = "Which topic.")
  String topic = "";

  @Option(
      names = {"-f", "--from"},
      paramLabel = "WHERE",
      defaultValue = "earliest",
      description =
          "earliest, latest, an offset, a time in ISO-8601 or @milliseconds (default: ${DEFAULT-VALUE}).")
  ConsumeFrom from = ConsumeFrom.parse("earliest");

  @Option(
      names = {"-n", "--count"},
      paramLabel = "N",
      defaultValue = "-1",
      description = "Stop after so many records.",
      showDefaultValue = picocli.CommandLine.Help.Visibility.NEVER)
  long count;

  @Option(
      names = {"-e", "--until-end"},
      description = "Stop at what is the end when consuming begins.")
  boolean isUntilEnd;

  @Option(
      names = {"-p", "--partition"},
      paramLabel = "N",
      split = ",",
      description = "Only this partition; may be repeated.")
  Set<Integer> partitions = Set.of();

  @Option(
      names = "--print",
      paramLabel = "FIELD",
      split = ",",
      description =
          "Fields before the value, tabs between: key, offset, timestamp, headers, partition.")
  List<RecordPrinter.Field> fields = List.of();

  @Option(names = "--json", description = "Print one JSON object a line, with all fields.")
  boolean isJson;

  @Override
  public void run() {
    if (count < -1) {
      throw CommandFailure.usage("--count " + count + ": must not be negative");
    }
    if (isJson && !fields.isEmpty()) {
      throw CommandFailure.usage("--json has all fields; leave out --print");
    }
    ConsumeOptions options = new ConsumeOptions(topic, partitions, from.start(), count, isUntilEnd);
    try (StandardOutput out = StandardOutput.open();
        RemoteLog log = RemoteLog.connect(node.address());
        RemoteRecords records = log.consume(options)) {
      RecordPrinter printer = new RecordPrinter(out, fields, isJson);
      while (true) {
        if (!records.hasBuffered()) {
          // About to wait: whoever reads the pipe wants what is here.
          out.flush();
        }
        if (!records.hasNext()) {
          break;
        }
        printer.print(records.next());
      }
    }
  }
}
