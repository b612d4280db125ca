package io.floe.cli.process;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;

final class ReadyLineTest {

  @Test
  void writesOneJsonObjectWithTheDocumentedFields() {
    ReadyLine ready = new ReadyLine(1, "127.0.0.1:9092", "127.0.0.1:25520", "/a \"b\"", "io_uring");

    assertThat(ready.format())
        .isEqualTo(
            "READY {\"nodeId\":1,\"kafka\":\"127.0.0.1:9092\",\"cluster\":\"127.0.0.1:25520\","
                + "\"dataDir\":\"/a \\\"b\\\"\",\"io\":\"io_uring\"}");
  }

  @Test
  void readsWhatItWrites() {
    ReadyLine ready = new ReadyLine(7, "[::1]:9092", "h:1", "/données", "file_channel");

    assertThat(ReadyLine.parse(ready.format())).isEqualTo(ready);
  }

  @Test
  void leavesUnknownFieldsAlone() {
    String line = new ReadyLine(7, "h:2", "h:1", "/d", "io_uring").format();
    String newer = line.replace("{", "{\"later\":{\"a\":[1,2]},");

    assertThat(ReadyLine.parse(newer).nodeId()).isEqualTo(7);
  }

  @Test
  void namesTheFieldThatIsMissing() {
    assertThatThrownBy(() -> ReadyLine.parse("READY {\"nodeId\":1}"))
        .hasMessageContaining("without kafka");
  }

  @Test
  void refusesWhatIsNoReadyLine() {
    assertThatThrownBy(() -> ReadyLine.parse("READY")).hasMessageContaining("no READY line");
    assertThatThrownBy(() -> ReadyLine.parse("READY {\"nodeId\":")).hasMessageContaining("READY");
    assertThat(ReadyLine.isReady("ready {}")).isFalse();
  }
}
