package io.floe.cli;

import io.floe.cli.check.History;
import io.floe.cli.check.Verdict;
import io.floe.cli.process.Launcher;
import io.floe.cli.process.NodeProcess;
import io.floe.cli.process.NodeProcessException;
import io.floe.cli.process.ReadyLine;
import io.floe.gateway.tool.ConsumeOptions;
import io.floe.gateway.tool.ProduceOptions;
import io.floe.gateway.tool.RemoteException;
import io.floe.gateway.tool.RemoteLog;
import io.floe.gateway.tool.RemoteProducer;
import io.floe.gateway.tool.RemoteRecord;
import io.floe.gateway.tool.RemoteRecords;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/// `floe demo`: a node of its own, killed in the middle of a stream, and the count afterwards.
@Command(
    name = "demo",
    description = "Kill a node with SIGKILL under load and count what is left of the records.",
    footer = {
      "",
      "Everything happens in a temporary directory on free ports of this machine and",
      "is removed afterwards. Exit code 0: nothing lost, duplicated or out of order.",
    })
final class DemoCommand implements Callable<Integer> {
  @Mixin HelpOption help = new HelpOption();

  private static final String TOPIC = "orders";
  private static final Duration READY_LIMIT = Duration.ofSeconds(90);

  @Option(
      names = "--seconds",
      paramLabel = "N",
      defaultValue = "8",
      description = "How long to stream, half of it before the kill (default: ${DEFAULT-VALUE}).")
  int seconds;

  @Option(
      names = "--partitions",
      paramLabel = "N",
      defaultValue = "4",
      description = "Partitions of the topic (default: ${DEFAULT-VALUE}).")
  int partitions;

  @Option(
      names = "--record-bytes",
      paramLabel = "N",
      defaultValue = "512",
      description = "Size of a record (default: ${DEFAULT-VALUE}).")
  int recordBytes;

  @Option(
      names = "--keep",
      description = "Leave the data directory and the node's log there, and say where.")
  boolean isKept;

  @Option(names = "--json", description = "Print the outcome as one JSON object at the end.")
  boolean isJson;

  private final Terminal terminal = Terminal.standardError();

  @Override
  public Integer call() throws InterruptedException, IOException {
    if (seconds < 2 || seconds > 600) {
      throw CommandFailure.usage("--seconds " + seconds + ": must be between 2 and 600");
    }
    if (partitions < 1 || partitions > 1000) {
      throw CommandFailure.usage("--partitions " + partitions + ": must be between 1 and 1000");
    }
    if (recordBytes < DemoRecord.BYTES_MIN || recordBytes > 500_000) {
      throw CommandFailure.usage(
          "--record-bytes "
              + recordBytes
              + ": must be between "
              + DemoRecord.BYTES_MIN
              + " and 500000");
    }
    Path directory = Files.createTempDirectory("floe-demo-");
    // Ctrl-C runs this too: no node and no gigabyte stays behind.
    AtomicReference<@Nullable NodeProcess> current = new AtomicReference<>();
    Thread cleanUp = new Thread(() -> cleanUp(current.get(), directory), "floe-demo-clean-up");
    Runtime.getRuntime().addShutdownHook(cleanUp);
    try {
      return run(directory, current);
    } catch (NodeProcessException e) {
      throw new CommandFailure(String.valueOf(e.getMessage()), e);
    }
  }

  private int run(Path directory, AtomicReference<@Nullable NodeProcess> current)
      throws InterruptedException {
    Path launcher = Launcher.find();
    Path log = directory.resolve("node.log");
    say("1. A node starts in " + directory + ".");
    NodeProcess node = launch(launcher, directory, "127.0.0.1:0", "127.0.0.1:0", log);
    current.set(node);
    ReadyLine ready = node.awaitReady(READY_LIMIT);
    say(
        String.format(
            Locale.ROOT,
            "   Process %d took %.1f s, writes with %s, listens on %s.",
            node.pid(),
            seconds(node.startTime()),
            ready.io(),
            ready.kafka()));

    History history = new History(partitions);
    say(
        String.format(
            Locale.ROOT,
            "2. An idempotent producer streams records of %d bytes to %d partitions; each counts"
                + " once it is synced.",
            recordBytes,
            partitions));
    Stream stream = new Stream(history, partitions, recordBytes);
    Duration back;
    try (RemoteLog remote = RemoteLog.connect(ready.kafka())) {
      remote.createTopic(TOPIC, partitions, -1, Map.of());
      // Longer than any restart: what is in flight at the kill is sent again, not given up.
      try (RemoteProducer producer =
          remote.producer(ProduceOptions.defaults().withTimeout(Duration.ofSeconds(40)))) {
        Thread sending = Thread.ofPlatform().daemon().start(() -> stream.send(producer, TOPIC));
        watch(history, stream, Duration.ofSeconds(seconds).dividedBy(2));
        long ackedAtKill = history.acknowledgedCount();
        long sentAtKill = stream.sent();
        node.kill();
        say(
            String.format(
                Locale.ROOT,
                "3. kill -9 %d, after %,d acknowledged records, with %,d more on their way.",
                node.pid(),
                ackedAtKill,
                sentAtKill - ackedAtKill));
        node = launch(launcher, directory, ready.kafka(), ready.cluster(), log);
        current.set(node);
        node.awaitReady(READY_LIMIT);
        back = node.startTime();
        say(
            String.format(
                Locale.ROOT,
                "   Process %d recovered the directory and was ready after %.1f s; the stream goes on.",
                node.pid(),
                seconds(back)));
        watch(history, stream, Duration.ofSeconds(seconds).dividedBy(2));
        stream.stop();
        sending.join();
        producer.flush();
        stream.awaitFates();
      }
    }
    RemoteException failure = stream.firstFailure();
    say(
        String.format(
            Locale.ROOT,
            "   %,d records sent, %,d acknowledged, %,d failed; %.0f MB/s while the node was up.",
            stream.sent(),
            history.acknowledgedCount(),
            stream.failed(),
            history.acknowledgedCount() * (double) recordBytes / 1e6 / seconds));
    if (failure != null) {
      say("   The first failure: " + failure.getMessage());
    }

    say("4. Everything is read back and compared.");
    long beganNanos = System.nanoTime();
    long damaged = readBack(ready.kafka(), history);
    double readSeconds = (System.nanoTime() - beganNanos) / 1e9;
    Verdict verdict = history.verdict();
    say(
        String.format(
            Locale.ROOT,
            "   %,d records in %.1f s (%.0f MB/s).",
            verdict.read(),
            readSeconds,
            verdict.read() * (double) recordBytes / 1e6 / readSeconds));
    int code = node.terminate(Duration.ofSeconds(15));
    boolean isGood = verdict.isClean() && damaged == 0 && code == 0 && verdict.acknowledged() > 0;
    verdict.details().forEach(detail -> say("   " + detail));
    if (damaged > 0) {
      say(String.format(Locale.ROOT, "   %,d records do not hold what was sent", damaged));
    }
    if (code != 0) {
      say("   the node ended with exit code " + code + " after SIGTERM" + node.logTail());
    }
    report(verdict, damaged, back, isGood);
    return isGood ? ExitCodes.OK : ExitCodes.FAILURE;
  }

  private void report(Verdict verdict, long damaged, Duration back, boolean isGood) {
    try (StandardOutput out = StandardOutput.open()) {
      if (isJson) {
        Json.line(
            out,
            json -> {
              json.writeNumberField("sent", verdict.sent());
              json.writeNumberField("acknowledged", verdict.acknowledged());
              json.writeNumberField("read", verdict.read());
              json.writeNumberField("lost", verdict.lost());
              json.writeNumberField("duplicated", verdict.duplicated());
              json.writeNumberField("outOfOrder", verdict.outOfOrder());
              json.writeNumberField("damaged", damaged);
              json.writeNumberField("restartMillis", back.toMillis());
              json.writeBooleanField("isGood", isGood);
            });
      } else {
        out.line(
            String.format(
                Locale.ROOT,
                "%,d acknowledged records, one SIGKILL: %s",
                verdict.acknowledged(),
                verdict.summary()));
      }
    }
  }

  private NodeProcess launch(
      Path launcher, Path directory, String kafka, String cluster, Path log) {
    return NodeProcess.launch(
        launcher,
        List.of(
            "--data-dir", directory.resolve("data").toString(),
            "--kafka", kafka,
            "--cluster", cluster),
        Map.of(),
        log);
  }

  private void watch(History history, Stream stream, Duration time) throws InterruptedException {
    long beganNanos = System.nanoTime();
    long ackedBefore = history.acknowledgedCount();
    long elapsed;
    while ((elapsed = System.nanoTime() - beganNanos) < time.toNanos()) {
      long acked = history.acknowledgedCount();
      terminal.progress(
          String.format(
              Locale.ROOT,
              "   %,d acknowledged, %.0f MB/s",
              acked,
              (acked - ackedBefore) * (double) recordBytes / 1e6 / (elapsed / 1e9)));
      if (stream.firstFailure() != null) {
        return;
      }
      Thread.sleep(50);
    }
  }

  /// Returns how many records do not hold what was sent.
  private long readBack(String bootstrap, History history) {
    long damaged = 0;
    long read = 0;
    try (RemoteLog remote = RemoteLog.connect(bootstrap);
        RemoteRecords records = remote.consume(ConsumeOptions.earliest(TOPIC).withUntilEnd(true))) {
      while (records.hasNext()) {
        RemoteRecord record = records.next();
        byte[] value = record.value();
        long number = DemoRecord.number(value);
        history.read(record.partition(), record.offset(), number);
        if (!DemoRecord.isIntact(value, record.partition(), number, recordBytes)) {
          damaged++;
        }
        if ((++read & 0xfff) == 0) {
          terminal.progress(String.format(Locale.ROOT, "   %,d read", read));
        }
      }
    }
    return damaged;
  }

  private void say(String line) {
    terminal.say(line);
  }

  private void cleanUp(@Nullable NodeProcess node, Path directory) {
    if (node != null) {
      node.close();
    }
    if (isKept) {
      terminal.say("   Kept: " + directory);
      return;
    }
    try {
      deleteTree(directory);
    } catch (IOException e) {
      terminal.say("   Not everything could be deleted in " + directory + ": " + e.getMessage());
    }
  }

  private static void deleteTree(Path directory) throws IOException {
    Files.walkFileTree(
        directory,
        new SimpleFileVisitor<>() {
          @Override
          public FileVisitResult visitFile(Path file, BasicFileAttributes attributes)
              throws IOException {
            Files.delete(file);
            return FileVisitResult.CONTINUE;
          }

          @Override
          public FileVisitResult postVisitDirectory(Path visited, @Nullable IOException failure)
              throws IOException {
            if (failure != null) {
              throw failure;
            }
            Files.delete(visited);
            return FileVisitResult.CONTINUE;
          }
        });
  }

  private static double seconds(Duration duration) {
    return duration.toMillis() / 1e3;
  }

  /// Sends as fast as the producer takes it, and notes every fate.
  private static final class Stream {
    private final History history;
    private final int partitions;
    private final int recordBytes;
    private final AtomicLong sent = new AtomicLong();
    private final AtomicLong settled = new AtomicLong();
    private final AtomicLong failed = new AtomicLong();
    private final AtomicReference<@Nullable RemoteException> firstFailure = new AtomicReference<>();
    private volatile boolean isStopped;

    Stream(History history, int partitions, int recordBytes) {
      this.history = history;
      this.partitions = partitions;
      this.recordBytes = recordBytes;
    }

    void send(RemoteProducer producer, String topic) {
      for (long i = 0; !isStopped && firstFailure.get() == null; i++) {
        // A run of one partition fills a batch; one record each in turn would do as well.
        int partition = (int) (i / 32 % partitions);
        long number = history.send(partition);
        sent.incrementAndGet();
        var _ =
            producer
                .send(
                    topic,
                    partition,
                    null,
                    DemoRecord.bytes(partition, number, recordBytes),
                    List.of(),
                    -1)
                .whenComplete(
                    (position, failure) -> {
                      if (failure == null) {
                        history.acknowledged(partition, number, position.offset());
                      } else {
                        failed.incrementAndGet();
                        firstFailure.compareAndSet(
                            null,
                            failure instanceof RemoteException remote
                                ? remote
                                : new RemoteException(
                                    failure.toString(), RemoteException.Kind.FAILED, failure));
                      }
                      settled.incrementAndGet();
                    });
      }
    }

    void stop() {
      isStopped = true;
    }

    /// The callbacks of the last records may still run when the producer has flushed.
    void awaitFates() throws InterruptedException {
      while (settled.get() < sent.get()) {
        Thread.sleep(1);
      }
    }

    long sent() {
      return sent.get();
    }

    long failed() {
      return failed.get();
    }

    @Nullable RemoteException firstFailure() {
      return firstFailure.get();
    }
  }

  /// A record of the demo: `order 000000000042 of shop 3: ` and letters that follow from both
  /// numbers, so that a byte at a wrong place shows.
  static final class DemoRecord {
    private static final int NUMBER_AT = "order ".length();
    private static final int NUMBER_DIGITS = 12;
    static final int BYTES_MIN = 40;

    private DemoRecord() {}

    static byte[] bytes(int partition, long number, int length) {
      byte[] bytes = new byte[length];
      byte[] head =
          ("order 000000000000 of shop " + partition + ": ").getBytes(StandardCharsets.US_ASCII);
      System.arraycopy(head, 0, bytes, 0, head.length);
      long rest = number;
      for (int i = NUMBER_AT + NUMBER_DIGITS - 1; i >= NUMBER_AT; i--) {
        bytes[i] = (byte) ('0' + rest % 10);
        rest /= 10;
      }
      int letter = (int) ((number * 31 + partition) % 26);
      for (int i = head.length; i < length; i++) {
        bytes[i] = (byte) ('a' + letter);
        letter = letter == 25 ? 0 : letter + 1;
      }
      return bytes;
    }

    /// The number in a record, or -1 when there is none.
    static long number(byte @Nullable [] value) {
      if (value == null || value.length < BYTES_MIN) {
        return -1;
      }
      long number = 0;
      for (int i = NUMBER_AT; i < NUMBER_AT + NUMBER_DIGITS; i++) {
        if (value[i] < '0' || value[i] > '9') {
          return -1;
        }
        number = 10 * number + value[i] - '0';
      }
      return number;
    }

    static boolean isIntact(byte @Nullable [] value, int partition, long number, int length) {
      return number >= 0 && java.util.Arrays.equals(value, bytes(partition, number, length));
    }
  }
}
