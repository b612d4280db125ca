package io.floe.cli.process;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;

/// The script `floe` that this process came from.
public final class Launcher {
  private Launcher() {}

  /// The script.
  public static Path find() {
    Path script = home().resolve("floe");
    if (!Files.isExecutable(script)) {
      throw new NodeProcessException("there is no launcher at " + script);
    }
    return script;
  }

  /// The directory that holds it: `$FLOE_HOME`, which the script sets, or the system property
  /// `floe.root`, which the build sets for tests.
  public static Path home() {
    String home = System.getProperty("floe.root", System.getenv("FLOE_HOME"));
    if (home == null) {
      throw new NodeProcessException("FLOE_HOME is not set: start this by ./floe");
    }
    return Path.of(home);
  }

  /// A TCP port of the loopback interface that is free now.
  public static int freePort() {
    try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      return socket.getLocalPort();
    } catch (IOException e) {
      throw new NodeProcessException("no free port: " + e.getMessage(), e);
    }
  }
}
