package io.floe.actors.node;

import io.floe.model.NodeId;
import java.io.IOException;
import java.io.StringReader;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.Properties;
import java.util.zip.CRC32C;
import org.jspecify.annotations.Nullable;

/// Who a data directory belongs to: the file `identity` in it, written once.
///
/// It is text, so that a person can read it: `format`, `nodeId`, `clusterId`, `store` and a `crc`
/// over the other four lines.
///
/// @param clusterId 22 characters of base64, as Kafka clients expect; empty before the node came to
///   a cluster
/// @param store incarnation of the store with which the node's metadata log was begun in that
///   cluster; empty before
record NodeIdentity(NodeId nodeId, String clusterId, String store) {
  private static final String FILE = "identity";
  private static final String FORMAT = "1";

  /// What a node that had its identity keeps beside it.
  private static final List<String> HELD = List.of("store", "metadata", "metadata-snapshots");

  /// Makes the data directory, durably, unless it is there.
  static void createDirectory(Path dataDir) throws NodeStartException {
    try {
      createDirectories(dataDir.toAbsolutePath());
    } catch (IOException e) {
      throw new NodeStartException("data directory " + dataDir + " cannot be made: " + e, e);
    }
  }

  /// Reads the identity, or makes one in a directory without.
  ///
  /// @param wanted the node id that the user asked for; null = whatever is there, or 1
  static NodeIdentity loadOrMake(Path dataDir, @Nullable Integer wanted) throws NodeStartException {
    Path file = dataDir.resolve(FILE);
    try {
      if (wanted != null && wanted < 0) {
        throw new NodeStartException("node id " + wanted + " is negative");
      }
      if (!Files.exists(file)) {
        for (String part : HELD) {
          if (Files.exists(dataDir.resolve(part))) {
            throw new NodeStartException(
                "data directory "
                    + dataDir
                    + " holds '"
                    + part
                    + "' but no file '"
                    + FILE
                    + "': put it back, or name an empty directory");
          }
        }
        NodeIdentity made = new NodeIdentity(new NodeId(wanted == null ? 1 : wanted), "", "");
        made.write(dataDir);
        return made;
      }
      NodeIdentity identity = parse(file, Files.readString(file));
      if (wanted != null && wanted != identity.nodeId.value()) {
        throw new NodeStartException(
            "data directory "
                + dataDir
                + " belongs to node "
                + identity.nodeId
                + ", not to node "
                + wanted
                + ": leave --node-id out or name another --data-dir");
      }
      return identity;
    } catch (IOException e) {
      throw new NodeStartException("data directory " + dataDir + " cannot be used: " + e, e);
    }
  }

  /// Durable: a directory whose name a crash takes away takes everything in it along.
  private static void createDirectories(Path directory) throws IOException {
    Path parent = directory.getParent();
    if (Files.isDirectory(directory) || parent == null) {
      return;
    }
    createDirectories(parent);
    Files.createDirectories(directory);
    sync(parent);
  }

  private static void sync(Path directory) throws IOException {
    try (FileChannel channel = FileChannel.open(directory, StandardOpenOption.READ)) {
      channel.force(true);
    }
  }

  private static NodeIdentity parse(Path file, String text) throws NodeStartException {
    Properties lines = new Properties();
    try {
      lines.load(new StringReader(text));
    } catch (IOException | IllegalArgumentException e) {
      throw new NodeStartException(file + " cannot be read as an identity: " + e.getMessage(), e);
    }
    String format = lines.getProperty("format", "");
    if (!format.equals(FORMAT)) {
      throw new NodeStartException(
          file + " has format '" + format + "', this version of Floe knows format " + FORMAT);
    }
    String nodeId = lines.getProperty("nodeId", "");
    String clusterId = lines.getProperty("clusterId", "");
    String store = lines.getProperty("store", "");
    if (!lines.getProperty("crc", "").equals(crc(nodeId, clusterId, store))) {
      throw new NodeStartException(
          file
              + " is damaged (its crc does not match): restore it, or start with an empty directory");
    }
    return new NodeIdentity(new NodeId(Integer.parseInt(nodeId)), clusterId, store);
  }

  /// Atomic and durable: a crash leaves no file or a whole one.
  void write(Path dataDir) throws IOException {
    String id = nodeId.toString();
    String text =
        "format="
            + FORMAT
            + "\nnodeId="
            + id
            + "\nclusterId="
            + clusterId
            + "\nstore="
            + store
            + "\ncrc="
            + crc(id, clusterId, store)
            + "\n";
    Path temporary = dataDir.resolve(FILE + ".tmp");
    try (FileChannel channel =
        FileChannel.open(
            temporary,
            StandardOpenOption.CREATE,
            StandardOpenOption.WRITE,
            StandardOpenOption.TRUNCATE_EXISTING)) {
      ByteBuffer bytes = ByteBuffer.wrap(text.getBytes(StandardCharsets.UTF_8));
      while (bytes.hasRemaining()) {
        channel.write(bytes);
      }
      channel.force(true);
    }
    Files.move(temporary, dataDir.resolve(FILE), StandardCopyOption.ATOMIC_MOVE);
    sync(dataDir);
  }

  private static String crc(String nodeId, String clusterId, String store) {
    CRC32C crc = new CRC32C();
    crc.update(
        (FORMAT + "\n" + nodeId + "\n" + clusterId + "\n" + store)
            .getBytes(StandardCharsets.UTF_8));
    return Long.toHexString(crc.getValue());
  }
}
