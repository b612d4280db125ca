package io.floe.cli;

import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/// `floe inspect …`: looks at files without a node.
@Command(
    name = "inspect",
    description = "Look into the files of a stopped node.",
    synopsisSubcommandLabel = "COMMAND",
    subcommands = InspectSegmentCommand.class)
final class InspectCommand implements Runnable {
  @Mixin HelpOption help = new HelpOption();

  @Spec @Nullable CommandSpec spec;

  @Override
  public void run() {
    if (spec != null) {
      throw new ParameterException(spec.commandLine(), "say what to inspect: segment");
    }
  }
}
