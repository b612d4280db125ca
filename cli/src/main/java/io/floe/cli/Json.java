package io.floe.cli;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.core.StreamWriteFeature;
import java.io.IOException;
import java.io.OutputStream;
import java.io.StringWriter;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.CodingErrorAction;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// JSON as Floe's tools write it: one object a line, field names in camel case.
final class Json {
  private static final JsonFactory FACTORY =
      JsonFactory.builder().disable(StreamWriteFeature.AUTO_CLOSE_TARGET).build();

  private Json() {}

  /// Something that writes the fields of an object.
  interface Fields {
    void writeTo(JsonGenerator json) throws IOException;
  }

  /// One object on one line, with its line feed.
  static void line(OutputStream out, Fields fields) {
    try (JsonGenerator json = FACTORY.createGenerator(out)) {
      json.writeStartObject();
      fields.writeTo(json);
      json.writeEndObject();
      json.writeRaw('\n');
    } catch (IOException e) {
      throw new CommandFailure("cannot write JSON: " + e.getMessage(), e);
    }
  }

  static String object(Fields fields) {
    StringWriter text = new StringWriter();
    try (JsonGenerator json = FACTORY.createGenerator(text)) {
      json.writeStartObject();
      fields.writeTo(json);
      json.writeEndObject();
    } catch (IOException e) {
      throw new IllegalStateException("a StringWriter failed", e);
    }
    return text.toString();
  }

  static void strings(JsonGenerator json, String name, List<String> texts) throws IOException {
    json.writeArrayFieldStart(name);
    for (String text : texts) {
      json.writeString(text);
    }
    json.writeEndArray();
  }

  /// Bytes as the field `name` when they are UTF-8, else as `nameBase64`; null as null.
  static void bytes(JsonGenerator json, String name, byte @Nullable [] bytes) throws IOException {
    String text = bytes == null ? null : utf8OrNull(bytes);
    if (bytes == null) {
      json.writeNullField(name);
    } else if (text != null) {
      json.writeStringField(name, text);
    } else {
      json.writeStringField(name + "Base64", Base64.getEncoder().encodeToString(bytes));
    }
  }

  private static @Nullable String utf8OrNull(byte[] bytes) {
    try {
      return StandardCharsets.UTF_8
          .newDecoder()
          .onMalformedInput(CodingErrorAction.REPORT)
          .onUnmappableCharacter(CodingErrorAction.REPORT)
          .decode(ByteBuffer.wrap(bytes))
          .toString();
    } catch (CharacterCodingException e) {
      return null;
    }
  }
}
