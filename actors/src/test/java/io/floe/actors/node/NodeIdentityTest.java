package io.floe.actors.node;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.floe.model.StoreIncarnation;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class NodeIdentityTest {
  @TempDir Path root;

  private Path dir() throws NodeStartException {
    Path dir = root.resolve("a").resolve("b");
    NodeIdentity.createDirectory(dir);
    return dir;
  }

  @Test
  void isMadeOnceAndKept() throws Exception {
    NodeIdentity made = NodeIdentity.loadOrMake(dir(), 7);
    assertThat(made.nodeId().value()).isEqualTo(7);
    assertThat(NodeIdentity.loadOrMake(dir(), null)).isEqualTo(made);
    assertThat(NodeIdentity.loadOrMake(dir(), 7)).isEqualTo(made);
    IdentityFile file = new IdentityFile(dir(), made, new StoreIncarnation(7));
    assertThat(file.clusterId()).isNull();
    file.joining("AAAAAAAAAAAAAAAAAAAAAA");
    assertThat(NodeIdentity.loadOrMake(dir(), null))
        .isEqualTo(new NodeIdentity(made.nodeId(), "AAAAAAAAAAAAAAAAAAAAAA", ""));
    file.joined();
    assertThat(NodeIdentity.loadOrMake(dir(), null))
        .isEqualTo(
            new NodeIdentity(
                made.nodeId(), "AAAAAAAAAAAAAAAAAAAAAA", new StoreIncarnation(7).toString()));
    assertThat(file.isJoined()).isTrue();
    NodeIdentity joined = NodeIdentity.loadOrMake(dir(), null);
    assertThatThrownBy(() -> new IdentityFile(dir(), joined, new StoreIncarnation(8)))
        .isInstanceOf(NodeStartException.class)
        .hasMessageContaining("wiped or replaced");
    assertThat(dir().toFile().list()).as("nothing temporary is left").containsExactly("identity");
  }

  @Test
  void refusesAnotherNode() throws Exception {
    NodeIdentity.loadOrMake(dir(), 7);
    assertThatThrownBy(() -> NodeIdentity.loadOrMake(dir(), 8))
        .isInstanceOf(NodeStartException.class)
        .hasMessageContaining("belongs to node 7, not to node 8");
  }

  @Test
  void refusesEveryFlippedByte() throws Exception {
    IdentityFile identity =
        new IdentityFile(dir(), NodeIdentity.loadOrMake(dir(), 7), new StoreIncarnation(7));
    // An empty value would be the same under a name that nobody knows.
    identity.joining("AAAAAAAAAAAAAAAAAAAAAA");
    identity.joined();
    Path file = dir().resolve("identity");
    byte[] good = Files.readAllBytes(file);
    for (int i = 0; i < good.length; i++) {
      byte[] bad = good.clone();
      bad[i] ^= 0x01;
      Files.write(file, bad);
      if (bad[i] == '\r' || bad[i] == '\n' || good[i] == '\n') {
        continue; // A changed line end may mean the same.
      }
      assertThatThrownBy(() -> NodeIdentity.loadOrMake(dir(), null))
          .as("byte " + i)
          .isInstanceOf(NodeStartException.class)
          .hasMessageContaining("identity");
    }
  }

  @Test
  void refusesAFormatOfTheFuture() throws Exception {
    Files.writeString(dir().resolve("identity"), "format=2\nnodeId=1\nclusterId=x\ncrc=0\n");
    assertThatThrownBy(() -> NodeIdentity.loadOrMake(dir(), null))
        .isInstanceOf(NodeStartException.class)
        .hasMessageContaining("format '2'");
  }

  @Test
  void foundsNothingBesideData() throws Exception {
    Files.createDirectories(dir().resolve("store"));
    assertThatThrownBy(() -> NodeIdentity.loadOrMake(dir(), null))
        .isInstanceOf(NodeStartException.class)
        .hasMessageContaining("holds 'store' but no file 'identity'");
  }

  @Test
  void overwritesTheTemporaryFileOfACrash() throws Exception {
    Files.writeString(dir().resolve("identity.tmp"), "x".repeat(1_000));
    NodeIdentity founded = NodeIdentity.loadOrMake(dir(), null);
    assertThat(NodeIdentity.loadOrMake(dir(), null)).isEqualTo(founded);
  }

  @Test
  void refusesANegativeNodeIdAndAFileInPlaceOfTheDirectory() throws Exception {
    assertThatThrownBy(() -> NodeIdentity.loadOrMake(dir(), -1))
        .isInstanceOf(NodeStartException.class)
        .hasMessageContaining("negative");
    Files.writeString(root.resolve("file"), "");
    assertThatThrownBy(() -> NodeIdentity.createDirectory(root.resolve("file").resolve("x")))
        .isInstanceOf(NodeStartException.class)
        .hasMessageContaining("cannot be made");
  }
}
