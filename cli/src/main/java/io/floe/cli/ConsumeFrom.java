package io.floe.cli;

import io.floe.gateway.tool.ConsumeOptions.Start;
import java.time.DateTimeException;
import java.time.Instant;
import java.time.LocalDate;
import java.time.LocalDateTime;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import picocli.CommandLine.TypeConversionException;

/// Where consuming begins, as it is written after `--from`: `earliest`, `latest`, an offset, `@`
/// and milliseconds since 1970, or a time in ISO-8601 (UTC when it names no zone).
record ConsumeFrom(Start start) {

  static ConsumeFrom parse(String text) {
    return new ConsumeFrom(
        switch (text) {
          case "earliest", "beginning" -> new Start.Earliest();
          case "latest", "end" -> new Start.Latest();
          default -> {
            if (text.startsWith("@")) {
              yield new Start.Timestamp(number(text, text.substring(1)));
            }
            yield text.chars().allMatch(c -> c >= '0' && c <= '9')
                ? new Start.Offset(number(text, text))
                : new Start.Timestamp(time(text).toEpochMilli());
          }
        });
  }

  static ConsumeFrom parseOption(String text) {
    try {
      return parse(text);
    } catch (IllegalArgumentException e) {
      throw new TypeConversionException(String.valueOf(e.getMessage()));
    }
  }

  private static long number(String text, String digits) {
    try {
      long value = Long.parseLong(digits);
      if (value >= 0) {
        return value;
      }
    } catch (NumberFormatException e) {
      // Reported below, with the whole text.
    }
    throw new IllegalArgumentException("'" + text + "' is no offset or @milliseconds");
  }

  private static Instant time(String text) {
    try {
      if (text.indexOf('T') < 0) {
        return LocalDate.parse(text).atStartOfDay().toInstant(ZoneOffset.UTC);
      }
      String clock = text.substring(text.indexOf('T'));
      boolean hasZone = clock.endsWith("Z") || clock.indexOf('+') >= 0 || clock.indexOf('-') >= 0;
      return hasZone
          ? OffsetDateTime.parse(text).toInstant()
          : LocalDateTime.parse(text).toInstant(ZoneOffset.UTC);
    } catch (DateTimeException e) {
      throw new IllegalArgumentException(
          "'"
              + text
              + "' is none of earliest, latest, an offset, @milliseconds, or a time like"
              + " 2026-01-31T12:00:00Z",
          e);
    }
  }
}
