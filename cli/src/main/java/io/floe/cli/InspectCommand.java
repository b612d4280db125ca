package io.floe.cli;

import java.nio.file.Path;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/// `floe inspect …`: looks at files while no node runs on them.
@Command(
    name = "inspect",
    description = "Look into files of a stopped node.",
    synopsisSubcommandLabel = "COMMAND",
    subcommands = InspectCommand.Segment.class)
final class InspectCommand implements Runnable {
  @Mixin HelpOption help = new HelpOption();

  @Spec @Nullable CommandSpec spec;

  @Override
  public void run() {
    if (spec != null) {
      throw new ParameterException(spec.commandLine(), "say what to inspect: segment");
    }
  }

  /// `floe inspect segment`.
  @Command(
      name = "segment",
      description = "Dump and verify segment files; say exactly what is damaged.")
  static final class Segment implements Runnable {
    @Mixin HelpOption help = new HelpOption();

    @Parameters(paramLabel = "FILE|DIR", description = "A segment file, or a directory of them.")
    Path path = Path.of(".");

    @Option(names = "--json", description = "Print one JSON object a line.")
    boolean isJson;

    @Override
    public void run() {
      throw new CommandFailure("segments cannot be inspected in this build yet");
    }
  }
}
