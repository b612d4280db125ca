package io.floe.model.batch;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.apache.kafka.common.header.Header;
import org.apache.kafka.common.header.internals.RecordHeader;
import org.apache.kafka.common.record.internal.Record;
import org.jspecify.annotations.Nullable;

/// A record as plain values, the common ground of both codecs; bytes as Latin-1 text so that
/// records compare by content.
record SampleRecord(
    long offset,
    long timestamp,
    @Nullable String key,
    @Nullable String value,
    List<SampleHeader> headers) {

  record SampleHeader(String key, @Nullable String value) {}

  static SampleRecord of(RecordCursor cursor) {
    List<SampleHeader> headers = new ArrayList<>();
    for (io.floe.model.batch.RecordHeader header : cursor.headers()) {
      headers.add(new SampleHeader(header.key(), text(header.value())));
    }
    return new SampleRecord(
        cursor.offset(), cursor.timestamp(), text(cursor.key()), text(cursor.value()), headers);
  }

  static SampleRecord of(Record kafka) {
    List<SampleHeader> headers = new ArrayList<>();
    for (Header header : kafka.headers()) {
      byte[] value = header.value();
      headers.add(
          new SampleHeader(header.key(), value == null ? null : text(ByteBuffer.wrap(value))));
    }
    return new SampleRecord(
        kafka.offset(), kafka.timestamp(), text(kafka.key()), text(kafka.value()), headers);
  }

  static SampleRecord random(Random random, long offset, int valueBytesMax) {
    List<SampleHeader> headers = new ArrayList<>();
    int headerCount = random.nextInt(4) == 0 ? random.nextInt(5) : 0;
    for (int i = 0; i < headerCount; i++) {
      headers.add(
          new SampleHeader(
              "h" + i + (random.nextBoolean() ? "\u00e9\u20ac" : ""), randomText(random, 40)));
    }
    long timestamp =
        switch (random.nextInt(10)) {
          case 0 -> 0;
          case 1 -> random.nextLong() >>> 2;
          default -> 1_700_000_000_000L + random.nextInt(100_000);
        };
    return new SampleRecord(
        offset, timestamp, randomText(random, 60), randomText(random, valueBytesMax), headers);
  }

  Header[] kafkaHeaders() {
    return headers.stream()
        .map(header -> new RecordHeader(header.key(), bytes(header.value())))
        .toArray(Header[]::new);
  }

  List<io.floe.model.batch.RecordHeader> floeHeaders() {
    return headers.stream()
        .map(
            header ->
                new io.floe.model.batch.RecordHeader(header.key(), buffer(header.value(), false)))
        .toList();
  }

  static byte @Nullable [] bytes(@Nullable String text) {
    return text == null ? null : text.getBytes(StandardCharsets.ISO_8859_1);
  }

  static @Nullable ByteBuffer buffer(@Nullable String text, boolean direct) {
    byte[] bytes = bytes(text);
    if (bytes == null) {
      return null;
    }
    return direct
        ? ByteBuffer.allocateDirect(bytes.length).put(bytes).flip()
        : ByteBuffer.wrap(bytes);
  }

  private static @Nullable String text(@Nullable ByteBuffer buffer) {
    return buffer == null
        ? null
        : StandardCharsets.ISO_8859_1.decode(buffer.duplicate()).toString();
  }

  private static @Nullable String randomText(Random random, int bytesMax) {
    return switch (random.nextInt(8)) {
      case 0 -> null;
      case 1 -> "";
      case 2 -> "ab".repeat(random.nextInt(bytesMax / 2));
      default -> {
        byte[] bytes = new byte[random.nextInt(bytesMax)];
        random.nextBytes(bytes);
        yield new String(bytes, StandardCharsets.ISO_8859_1);
      }
    };
  }
}
