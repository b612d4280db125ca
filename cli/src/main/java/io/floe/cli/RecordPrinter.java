package io.floe.cli;

import com.fasterxml.jackson.core.JsonGenerator;
import io.floe.gateway.tool.RemoteHeader;
import io.floe.gateway.tool.RemoteRecord;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// How a consumed record is written: its value on a line, with chosen fields before it and tabs
/// between; or a JSON object, which loses nothing.
///
/// Thread-safety: none.
final class RecordPrinter {

  /// A field that may stand before the value.
  enum Field {
    KEY,
    OFFSET,
    TIMESTAMP,
    HEADERS,
    PARTITION
  }

  private final StandardOutput out;
  private final List<Field> fields;
  private final boolean isJson;

  RecordPrinter(StandardOutput out, List<Field> fields, boolean isJson) {
    this.out = out;
    this.fields = List.copyOf(fields);
    this.isJson = isJson;
  }

  void print(RemoteRecord record) {
    print(
        record.topic(),
        record.partition(),
        record.offset(),
        record.timestamp(),
        record.key(),
        record.value(),
        record.headers());
  }

  void print(
      String topic,
      int partition,
      long offset,
      long timestamp,
      byte @Nullable [] key,
      byte @Nullable [] value,
      List<RemoteHeader> headers) {
    if (isJson) {
      Json.line(
          out,
          json -> {
            json.writeStringField("topic", topic);
            json.writeNumberField("partition", partition);
            writeFields(json, offset, timestamp, key, value, headers);
          });
      return;
    }
    for (Field field : fields) {
      switch (field) {
        case KEY -> bytes(key);
        case OFFSET -> text(Long.toString(offset));
        case TIMESTAMP -> text(timestamp < 0 ? "" : Instant.ofEpochMilli(timestamp).toString());
        case PARTITION -> text(Integer.toString(partition));
        case HEADERS -> headers(headers);
      }
      out.write('\t');
    }
    bytes(value);
    out.write('\n');
  }

  /// The fields of a record, whatever it was read from.
  static void writeFields(
      JsonGenerator json,
      long offset,
      long timestamp,
      byte @Nullable [] key,
      byte @Nullable [] value,
      List<RemoteHeader> headers)
      throws IOException {
    json.writeNumberField("offset", offset);
    json.writeNumberField("timestamp", timestamp);
    Json.bytes(json, "key", key);
    Json.bytes(json, "value", value);
    json.writeArrayFieldStart("headers");
    for (RemoteHeader header : headers) {
      json.writeStartObject();
      json.writeStringField("name", header.name());
      Json.bytes(json, "value", header.value());
      json.writeEndObject();
    }
    json.writeEndArray();
  }

  private void headers(List<RemoteHeader> headers) {
    String between = "";
    for (RemoteHeader header : headers) {
      text(between + header.name() + "=");
      bytes(header.value());
      between = ",";
    }
  }

  private void text(String text) {
    out.write(text.getBytes(StandardCharsets.UTF_8));
  }

  private void bytes(byte @Nullable [] bytes) {
    if (bytes != null) {
      out.write(bytes);
    }
  }
}
