package io.floe.gateway;

import com.typesafe.config.ConfigFactory;
import java.io.IOException;
import java.util.HashMap;
import java.util.Map;

/// A gateway on a node in memory, on a free port.
public final class GatewayFixture implements AutoCloseable {
  public final MemoryLog log = new MemoryLog();
  public final KafkaGateway gateway;

  private GatewayFixture(String settings) throws IOException {
    GatewaySettings read = settings(settings);
    ListenSocket socket = ListenSocket.bind(read);
    log.registered(socket.advertisedHost(), socket.advertisedPort());
    gateway = KafkaGateway.start(log, read, socket);
  }

  public static GatewayFixture start() throws IOException {
    return start("");
  }

  /// Starts with settings below `floe.gateway`, as in a configuration file.
  public static GatewayFixture start(String settings) throws IOException {
    return new GatewayFixture(settings);
  }

  public static GatewaySettings settings(String settings) {
    return GatewaySettings.of(
        ConfigFactory.parseString(
                "floe.gateway { listen-port = 0, shutdown-timeout = 1s\n" + settings + "\n}")
            .withFallback(ConfigFactory.defaultReference())
            .resolve());
  }

  public String bootstrap() {
    return "127.0.0.1:" + port();
  }

  public int port() {
    return gateway.boundAddress().getPort();
  }

  /// Settings for a Kafka client of this gateway.
  public Map<String, Object> client(Object... keysAndValues) {
    Map<String, Object> settings = new HashMap<>();
    settings.put("bootstrap.servers", bootstrap());
    settings.put("enable.metrics.push", false);
    for (int i = 0; i < keysAndValues.length; i += 2) {
      settings.put((String) keysAndValues[i], keysAndValues[i + 1]);
    }
    return settings;
  }

  @Override
  public void close() {
    gateway.close();
    log.close();
  }
}
