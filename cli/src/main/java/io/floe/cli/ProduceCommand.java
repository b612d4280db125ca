package io.floe.cli;

import io.floe.gateway.tool.Position;
import io.floe.gateway.tool.ProduceOptions;
import io.floe.gateway.tool.RemoteException;
import io.floe.gateway.tool.RemoteHeader;
import io.floe.gateway.tool.RemoteLog;
import io.floe.gateway.tool.RemoteProducer;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.CompletionException;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/// `floe produce`.
@Command(
    name = "produce",
    description = "Append the lines of standard input to a topic, one record each.",
    footer = {
      "",
      "Examples:",
      "  seq 1000 | floe produce numbers",
      "  printf 'alice:42\\nbob:7\\n' | floe produce scores --key-separator :",
      "",
      "With --acks all (the default) the command ends with 0 only when every record",
      "is synced on a quorum of disks. Records of one key keep their order.",
    })
final class ProduceCommand implements Runnable {
  @Mixin HelpOption help = new HelpOption();

  /// More than any default limit of a node; a longer line is most likely no line at all.
  private static final int LINE_BYTES_MAX = 64 << 20;

  @Mixin BootstrapOption node = new BootstrapOption();

  @Parameters(paramLabel = "TOPIC", description = "Which topic.")
  String topic = "";

  @Option(
      names = {"-k", "--key-separator"},
      paramLabel = "TEXT",
      description = "Split each line at its first TEXT into key and value.")
  @Nullable String keySeparator;

  @Option(
      names = "--acks",
      paramLabel = "0|1|all",
      defaultValue = "all",
      description = "Whom to wait for: nobody, the writer, the quorum (default: ${DEFAULT-VALUE}).")
  String acks = "all";

  @Option(
      names = {"-p", "--partition"},
      paramLabel = "N",
      defaultValue = "-1",
      description = "Put all records there (default: by the key's hash, or spread).",
      showDefaultValue = picocli.CommandLine.Help.Visibility.NEVER)
  int partition;

  @Option(
      names = {"-H", "--header"},
      paramLabel = "NAME=VALUE",
      description = "A header for every record; may be repeated.")
  List<String> headers = List.of();

  @Option(
      names = "--compression",
      paramLabel = "CODEC",
      defaultValue = "none",
      description = "${COMPLETION-CANDIDATES} (default: ${DEFAULT-VALUE}).")
  ProduceOptions.Compression compression = ProduceOptions.Compression.NONE;

  @Option(
      names = "--timeout",
      paramLabel = "SECONDS",
      defaultValue = "30",
      description = "Give a record up after so long (default: ${DEFAULT-VALUE}).")
  int timeoutSeconds;

  @Option(names = "--json", description = "Print one JSON object at the end: counts.")
  boolean isJson;

  @Override
  public void run() {
    ProduceOptions.Acks whom = acks();
    if (timeoutSeconds < 1) {
      throw CommandFailure.usage("--timeout " + timeoutSeconds + ": must be at least 1");
    }
    if (keySeparator != null && keySeparator.isEmpty()) {
      throw CommandFailure.usage("--key-separator: must not be empty");
    }
    List<RemoteHeader> recordHeaders = parsedHeaders();
    ProduceOptions options =
        ProduceOptions.defaults()
            .withAcks(whom)
            .withCompression(compression)
            .withTimeout(Duration.ofSeconds(timeoutSeconds));
    Terminal terminal = Terminal.standardError();
    Outcome outcome = new Outcome();
    long beganNanos = System.nanoTime();
    try (RemoteLog log = RemoteLog.connect(node.address())) {
      // A wrong name fails here and at once, not after each record's timeout.
      log.describeTopic(topic);
      try (RemoteProducer producer = log.producer(options)) {
        send(producer, recordHeaders, outcome, terminal);
        producer.flush();
      }
    }
    terminal.clearProgress();
    report(outcome, terminal, System.nanoTime() - beganNanos);
  }

  private void send(
      RemoteProducer producer,
      List<RemoteHeader> recordHeaders,
      Outcome outcome,
      Terminal terminal) {
    byte @Nullable [] separator =
        keySeparator == null ? null : keySeparator.getBytes(StandardCharsets.UTF_8);
    LineReader lines = new LineReader(System.in, LINE_BYTES_MAX);
    try {
      byte[] line;
      while (outcome.firstFailure.get() == null && (line = lines.next()) != null) {
        byte @Nullable [] key = null;
        byte[] value = line;
        if (separator != null) {
          int at = indexOf(line, separator);
          if (at < 0) {
            outcome.lineWithoutKey = lines.lineNumber();
            return;
          }
          key = Arrays.copyOf(line, at);
          value = Arrays.copyOfRange(line, at + separator.length, line.length);
        }
        outcome.read++;
        outcome.bytes += line.length;
        // Blocks while too much is unsent: memory stays bounded however fast the input is.
        var _ =
            producer
                .send(topic, partition, key, value, recordHeaders, -1)
                .whenComplete(outcome::add);
        if (terminal.isTerminal() && (outcome.read & 0xff) == 0) {
          terminal.progress(
              String.format(
                  Locale.ROOT, "%,d read, %,d acknowledged", outcome.read, outcome.acked.get()));
        }
      }
    } catch (IOException e) {
      throw new CommandFailure("cannot read standard input: " + e.getMessage(), e);
    }
  }

  private void report(Outcome outcome, Terminal terminal, long tookNanos) {
    long acked = outcome.acked.get();
    long failed = outcome.failed.get();
    if (isJson) {
      try (StandardOutput out = StandardOutput.open()) {
        Json.line(
            out,
            json -> {
              json.writeStringField("topic", topic);
              json.writeNumberField("acknowledged", acked);
              json.writeNumberField("failed", failed);
              json.writeNumberField("bytes", outcome.bytes);
              json.writeNumberField("millis", tookNanos / 1_000_000);
            });
      }
    }
    if (outcome.lineWithoutKey > 0) {
      throw new CommandFailure(
          String.format(
              Locale.ROOT,
              "line %d has no '%s'; the %,d records before it are in %s",
              outcome.lineWithoutKey,
              keySeparator,
              acked,
              topic));
    }
    RemoteException failure = outcome.firstFailure.get();
    if (failure != null) {
      throw new CommandFailure(
          String.format(
              Locale.ROOT,
              "%,d records failed and %,d were acknowledged; the first failure: %s",
              failed,
              acked,
              failure.getMessage()),
          failure);
    }
    if (terminal.isTerminal() && !isJson) {
      double seconds = Math.max(1e-3, tookNanos / 1e9);
      terminal.say(
          String.format(
              Locale.ROOT,
              "%,d records %s in %.1f s (%.1f MB/s)",
              acked,
              acks.equals("0") ? "sent" : "acknowledged",
              seconds,
              outcome.bytes / 1e6 / seconds));
    }
  }

  private ProduceOptions.Acks acks() {
    return switch (acks) {
      case "0" -> ProduceOptions.Acks.NONE;
      case "1" -> ProduceOptions.Acks.WRITER;
      case "all", "-1" -> ProduceOptions.Acks.QUORUM;
      default -> throw CommandFailure.usage("--acks " + acks + ": is none of 0, 1, all");
    };
  }

  private List<RemoteHeader> parsedHeaders() {
    List<RemoteHeader> parsed = new ArrayList<>();
    for (String header : headers) {
      int equals = header.indexOf('=');
      if (equals < 1) {
        throw CommandFailure.usage("--header " + header + ": is not NAME=VALUE");
      }
      parsed.add(
          new RemoteHeader(
              header.substring(0, equals),
              header.substring(equals + 1).getBytes(StandardCharsets.UTF_8)));
    }
    return parsed;
  }

  static int indexOf(byte[] line, byte[] separator) {
    for (int at = 0; at + separator.length <= line.length; at++) {
      if (Arrays.equals(line, at, at + separator.length, separator, 0, separator.length)) {
        return at;
      }
    }
    return -1;
  }

  /// What became of the records. The reading thread owns the plain fields.
  private static final class Outcome {
    long read;
    long bytes;
    long lineWithoutKey;
    final AtomicLong acked = new AtomicLong();
    final AtomicLong failed = new AtomicLong();
    final AtomicReference<@Nullable RemoteException> firstFailure = new AtomicReference<>();

    void add(@Nullable Position position, @Nullable Throwable failure) {
      if (failure == null) {
        acked.incrementAndGet();
        return;
      }
      failed.incrementAndGet();
      Throwable cause = failure instanceof CompletionException ? failure.getCause() : failure;
      firstFailure.compareAndSet(
          null,
          cause instanceof RemoteException remote
              ? remote
              : new RemoteException(String.valueOf(cause), RemoteException.Kind.FAILED, failure));
    }
  }
}
