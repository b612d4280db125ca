package io.floe.cli.process;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import java.io.IOException;
import java.io.StringWriter;
import java.util.HashMap;
import java.util.Map;

/// What a node says on standard output when it accepts clients: `READY ` and a JSON object.
///
/// @param kafka `host:port` where Kafka clients connect
/// @param io `io_uring` or `file_channel`
public record ReadyLine(int nodeId, String kafka, String cluster, String dataDir, String io) {
  private static final String PREFIX = "READY ";
  private static final JsonFactory JSON = new JsonFactory();

  /// Whether a line claims to be one.
  public static boolean isReady(String line) {
    return line.startsWith(PREFIX);
  }

  /// Reads a whole line. Unknown fields are left alone, so that an older tool can start a newer
  /// node.
  ///
  /// @throws IllegalArgumentException with the line, when it is not as it should be
  public static ReadyLine parse(String line) {
    if (!isReady(line)) {
      throw new IllegalArgumentException("no READY line: " + line);
    }
    Map<String, String> fields = new HashMap<>();
    try (JsonParser parser = JSON.createParser(line.substring(PREFIX.length()))) {
      if (parser.nextToken() != JsonToken.START_OBJECT) {
        throw new IllegalArgumentException("READY without an object: " + line);
      }
      while (parser.nextToken() != JsonToken.END_OBJECT) {
        String name = parser.currentName();
        JsonToken value = parser.nextToken();
        if (value.isScalarValue()) {
          fields.put(name, parser.getText());
        } else {
          parser.skipChildren();
        }
      }
      return new ReadyLine(
          Integer.parseInt(field(fields, "nodeId", line)),
          field(fields, "kafka", line),
          field(fields, "cluster", line),
          field(fields, "dataDir", line),
          field(fields, "io", line));
    } catch (IOException | NumberFormatException e) {
      throw new IllegalArgumentException("READY line cannot be read: " + line, e);
    }
  }

  private static String field(Map<String, String> fields, String name, String line) {
    String value = fields.get(name);
    if (value == null) {
      throw new IllegalArgumentException("READY line without " + name + ": " + line);
    }
    return value;
  }

  /// The whole line, without a line feed.
  public String format() {
    StringWriter text = new StringWriter().append(PREFIX);
    try (JsonGenerator json = JSON.createGenerator(text)) {
      json.writeStartObject();
      json.writeNumberField("nodeId", nodeId);
      json.writeStringField("kafka", kafka);
      json.writeStringField("cluster", cluster);
      json.writeStringField("dataDir", dataDir);
      json.writeStringField("io", io);
      json.writeEndObject();
    } catch (IOException e) {
      throw new IllegalStateException("a StringWriter failed", e);
    }
    return text.toString();
  }
}
