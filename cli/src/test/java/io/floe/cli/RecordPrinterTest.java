package io.floe.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.floe.gateway.tool.RemoteHeader;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

final class RecordPrinterTest {
  private static final long TIME = 1_700_000_000_123L;

  private static byte[] utf8(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }

  private static String printed(
      List<RecordPrinter.Field> fields,
      boolean isJson,
      byte @Nullable [] key,
      byte @Nullable [] value,
      RemoteHeader... headers) {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (StandardOutput out = new StandardOutput(bytes)) {
      new RecordPrinter(out, fields, isJson).print("t", 2, 40, TIME, key, value, List.of(headers));
    }
    return bytes.toString(StandardCharsets.UTF_8);
  }

  @Test
  void printsTheValueOnALine() {
    assertThat(printed(List.of(), false, utf8("k"), utf8("grüße"))).isEqualTo("grüße\n");
  }

  @Test
  void printsChosenFieldsInTheGivenOrderBeforeTheValue() {
    String line =
        printed(
            List.of(
                RecordPrinter.Field.OFFSET,
                RecordPrinter.Field.KEY,
                RecordPrinter.Field.PARTITION,
                RecordPrinter.Field.TIMESTAMP,
                RecordPrinter.Field.HEADERS),
            false,
            utf8("k"),
            utf8("v"),
            new RemoteHeader("a", utf8("1")),
            new RemoteHeader("b", null));

    assertThat(line).isEqualTo("40\tk\t2\t2023-11-14T22:13:20.123Z\ta=1,b=\tv\n");
  }

  @Test
  void printsNothingForAMissingKeyOrValue() {
    assertThat(printed(List.of(RecordPrinter.Field.KEY), false, null, null)).isEqualTo("\t\n");
  }

  @Test
  void writesAllFieldsAsOneJsonObjectOnALine() {
    assertThat(
            printed(List.of(), true, utf8("k"), utf8("a\nb\"c"), new RemoteHeader("h", utf8("x"))))
        .isEqualTo(
            "{\"topic\":\"t\",\"partition\":2,\"offset\":40,\"timestamp\":1700000000123,"
                + "\"key\":\"k\",\"value\":\"a\\nb\\\"c\",\"headers\":[{\"name\":\"h\",\"value\":\"x\"}]}\n");
  }

  @Test
  void writesBytesThatAreNotUtf8AsBase64UnderAnotherName() {
    assertThat(printed(List.of(), true, null, new byte[] {(byte) 0xff, 0, 1}))
        .contains("\"key\":null,\"valueBase64\":\"/wAB\",");
  }
}
