package io.floe.cli;

import io.floe.actors.node.HostPort;
import io.floe.gateway.tool.RemoteException;
import java.io.PrintWriter;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Help.Ansi;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/// The `floe` command. `./floe` starts it with the right JVM and class path.
@Command(
    name = "floe",
    versionProvider = Floe.Version.class,
    description =
        "A distributed log streaming engine: durable topics for Kafka clients, Pekko Streams and the shell.",
    synopsisSubcommandLabel = "COMMAND",
    subcommands = {
      StartCommand.class,
      TopicCommand.class,
      ClusterCommand.class,
      ProduceCommand.class,
      ConsumeCommand.class,
      InspectCommand.class,
      DemoCommand.class,
      BenchCommand.class,
      ScriptCommands.Test.class,
      ScriptCommands.Dev.class,
    },
    footer = {
      "",
      "A first minute:",
      "  floe start                                 # in one terminal",
      "  floe topic create greetings --partitions 3 # in another",
      "  echo 'hello' | floe produce greetings",
      "  floe consume greetings --until-end",
      "",
      "Exit codes: 0 done, 1 failed, 2 wrong command line.",
    })
public final class Floe implements Runnable {
  @Spec @Nullable CommandSpec spec;

  @Mixin HelpOption help = new HelpOption();

  @Option(
      names = {"-V", "--version"},
      versionHelp = true,
      description = "Show the version.")
  boolean isVersionWanted;

  @Option(
      names = "--verbose",
      scope = CommandLine.ScopeType.INHERIT,
      description = "Show log lines of the client, and stack traces of errors.")
  boolean isVerbose;

  public static void main(String[] args) {
    // Read by logback.xml, before the first logger exists. A tool is silent but for its errors.
    if (args.length == 0 || !args[0].equals("start")) {
      boolean isVerbose = java.util.Arrays.asList(args).contains("--verbose");
      System.setProperty("floe.log.level", isVerbose ? "INFO" : "OFF");
      System.setProperty("floe.log.libraries", isVerbose ? "INFO" : "OFF");
    }
    System.exit(execute(args));
  }

  static int execute(String... args) {
    CommandLine line = commandLine();
    int code = line.execute(args);
    line.getOut().flush();
    line.getErr().flush();
    return code;
  }

  static CommandLine commandLine() {
    CommandLine line = new CommandLine(new Floe());
    line.registerConverter(HostPort.class, Floe::hostPort);
    line.registerConverter(ConsumeFrom.class, ConsumeFrom::parseOption);
    line.setCaseInsensitiveEnumValuesAllowed(true);
    line.setUsageHelpAutoWidth(true);
    line.setParameterExceptionHandler(Floe::reportUsage);
    line.setExecutionExceptionHandler(Floe::reportFailure);
    return line;
  }

  @Override
  public void run() {
    throw new ParameterException(spec().commandLine(), "no command given");
  }

  private CommandSpec spec() {
    if (spec == null) {
      throw new IllegalStateException("not run by picocli");
    }
    return spec;
  }

  private static HostPort hostPort(String text) {
    try {
      return HostPort.parse(text);
    } catch (IllegalArgumentException e) {
      throw new CommandLine.TypeConversionException(String.valueOf(e.getMessage()));
    }
  }

  private static int reportUsage(ParameterException e, String[] args) {
    CommandLine line = e.getCommandLine();
    PrintWriter err = line.getErr();
    boolean isCommandWanted = !line.getSubcommands().isEmpty();
    if (e instanceof CommandLine.UnmatchedArgumentException unmatched
        && isCommandWanted
        && !unmatched.getUnmatched().getFirst().startsWith("-")) {
      say(
          err,
          "there is no command '"
              + line.getCommandSpec().qualifiedName()
              + " "
              + unmatched.getUnmatched().getFirst()
              + "'");
    } else {
      say(err, firstLower(String.valueOf(e.getMessage())));
    }
    CommandLine.UnmatchedArgumentException.printSuggestions(e, err);
    err.println("Try '" + line.getCommandSpec().qualifiedName() + " --help'.");
    return ExitCodes.USAGE;
  }

  private static int reportFailure(
      Exception e, CommandLine line, CommandLine.ParseResult parseResult) {
    PrintWriter err = line.getErr();
    boolean isVerbose = parseResult.expandedArgs().contains("--verbose");
    int code = ExitCodes.FAILURE;
    switch (e) {
      case OutputClosedException closed -> {
        return ExitCodes.OUTPUT_CLOSED;
      }
      case CommandFailure failure -> {
        code = failure.exitCode();
        say(err, String.valueOf(failure.getMessage()));
      }
      case RemoteException remote -> {
        code = remote.kind() == RemoteException.Kind.INVALID ? ExitCodes.USAGE : ExitCodes.FAILURE;
        say(err, String.valueOf(remote.getMessage()));
      }
      default -> {
        say(err, "unexpected error: " + e);
        if (!isVerbose) {
          err.println("      run it again with --verbose to see where");
        }
      }
    }
    if (isVerbose) {
      e.printStackTrace(err);
    }
    return code;
  }

  private static void say(PrintWriter err, String message) {
    err.println(Ansi.AUTO.string("@|bold floe:|@ ") + message);
  }

  private static String firstLower(String text) {
    // "Unknown option" begins a sentence; after "floe: " it does not. Options stay as they are.
    return text.length() > 1 && Character.isLowerCase(text.charAt(1))
        ? Character.toLowerCase(text.charAt(0)) + text.substring(1)
        : text;
  }

  /// The version of the jar.
  static final class Version implements CommandLine.IVersionProvider {
    @Override
    public String[] getVersion() {
      String version = Floe.class.getPackage().getImplementationVersion();
      return new String[] {
        "floe " + (version == null ? "(not packaged)" : version),
        "Java "
            + Runtime.version()
            + ", "
            + System.getProperty("os.name")
            + " "
            + System.getProperty("os.arch")
      };
    }
  }
}
