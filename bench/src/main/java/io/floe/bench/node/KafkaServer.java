package io.floe.bench.node;

import io.floe.bench.BenchException;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.AdminClientConfig;
import org.apache.kafka.common.Uuid;

/// Kafka as one combined broker and controller, with the settings and JVM flags that its own
/// scripts use.
final class KafkaServer implements Server {
  static final String NAME = "Kafka";
  private static final Duration START_LIMIT = Duration.ofSeconds(60);
  private static final Duration FORMAT_LIMIT = Duration.ofSeconds(60);
  private static final int STOP_SECONDS = 30;
  private static final int POLL_MILLIS = 5;

  /// What Kafka's start script gives a broker, but for the heap, which is the same for both.
  private static final List<String> FLAGS =
      List.of(
          "-server",
          "-XX:+UseG1GC",
          "-XX:MaxGCPauseMillis=20",
          "-XX:InitiatingHeapOccupancyPercent=35",
          "-XX:+ExplicitGCInvokesConcurrent",
          "-Djava.awt.headless=true",
          "--enable-native-access=ALL-UNNAMED");

  private final JavaProcess process;
  private final String bootstrap;
  private final Duration startTime;

  private KafkaServer(JavaProcess process, String bootstrap, Duration startTime) {
    this.process = process;
    this.bootstrap = bootstrap;
    this.startTime = startTime;
  }

  /// Formats a directory and starts a broker on it.
  static KafkaServer start(Path directory, List<String> heapFlags)
      throws IOException, InterruptedException {
    int brokerPort = freePort();
    int controllerPort = freePort();
    Path config = directory.resolve("server.properties");
    Files.writeString(config, config(directory, brokerPort, controllerPort));
    JavaProcess.start(
            "Kafka's format",
            List.of("-Xmx256m"),
            ClassPaths.kafka(),
            "kafka.tools.StorageTool",
            List.of("format", "-t", Uuid.randomUuid().toString(), "-c", config.toString()),
            directory.resolve("format.log"))
        .awaitSuccess(FORMAT_LIMIT);
    List<String> flags = new java.util.ArrayList<>(heapFlags);
    flags.addAll(FLAGS);
    long beganNanos = System.nanoTime();
    JavaProcess process =
        JavaProcess.start(
            "Kafka",
            flags,
            ClassPaths.kafka(),
            "kafka.Kafka",
            List.of(config.toString()),
            directory.resolve("kafka.log"));
    String bootstrap = "127.0.0.1:" + brokerPort;
    awaitAnswer(process, brokerPort, bootstrap, beganNanos);
    return new KafkaServer(process, bootstrap, Duration.ofNanos(System.nanoTime() - beganNanos));
  }

  private static String config(Path directory, int brokerPort, int controllerPort) {
    return """
        process.roles=broker,controller
        node.id=1
        controller.quorum.voters=1@127.0.0.1:%2$d
        listeners=PLAINTEXT://127.0.0.1:%1$d,CONTROLLER://127.0.0.1:%2$d
        advertised.listeners=PLAINTEXT://127.0.0.1:%1$d
        controller.listener.names=CONTROLLER
        inter.broker.listener.name=PLAINTEXT
        log.dirs=%3$s
        offsets.topic.replication.factor=1
        transaction.state.log.replication.factor=1
        transaction.state.log.min.isr=1
        share.coordinator.state.topic.replication.factor=1
        share.coordinator.state.topic.min.isr=1
        auto.create.topics.enable=false
        # Deleted topics free their space at once, so that rounds start alike.
        log.segment.delete.delay.ms=0
        """
        .formatted(brokerPort, controllerPort, directory.resolve("data"));
  }

  private static int freePort() throws IOException {
    try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      return socket.getLocalPort();
    }
  }

  private static void awaitAnswer(JavaProcess process, int port, String bootstrap, long beganNanos)
      throws InterruptedException {
    while (!isListening(port)) {
      if (!process.isAlive()) {
        throw new BenchException("Kafka ended before it was ready" + process.tail());
      }
      if (System.nanoTime() - beganNanos > START_LIMIT.toNanos()) {
        throw new BenchException("Kafka was not ready in " + START_LIMIT + process.tail());
      }
      Thread.sleep(POLL_MILLIS);
    }
    try (Admin admin =
        Admin.create(Map.of(AdminClientConfig.BOOTSTRAP_SERVERS_CONFIG, bootstrap))) {
      admin.describeCluster().nodes().get(START_LIMIT.toSeconds(), TimeUnit.SECONDS);
    } catch (ExecutionException | TimeoutException e) {
      throw new BenchException("Kafka does not answer: " + e + process.tail(), e);
    }
  }

  private static boolean isListening(int port) {
    try (Socket socket = new Socket()) {
      socket.connect(new InetSocketAddress(InetAddress.getLoopbackAddress(), port), 100);
      return true;
    } catch (IOException e) {
      return false;
    }
  }

  @Override
  public String name() {
    return NAME;
  }

  @Override
  public String bootstrap() {
    return bootstrap;
  }

  @Override
  public long pid() {
    return process.pid();
  }

  @Override
  public Duration startTime() {
    return startTime;
  }

  @Override
  public void close() {
    Children.end(process.handle(), STOP_SECONDS);
  }
}
