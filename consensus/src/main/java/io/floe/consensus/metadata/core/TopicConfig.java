package io.floe.consensus.metadata.core;

import java.util.List;
import org.jspecify.annotations.Nullable;

/// One setting that a topic can have.
///
/// @param name as Kafka names it
/// @param defaultValue what counts when it was not set
/// @param min smallest allowed number, of numbers only
/// @param max largest allowed number, of numbers only
/// @param allowed words that are allowed, of words and lists of words only
/// @param describe what it means here, and what it does not do yet
public record TopicConfig(
    String name,
    ValueType type,
    String defaultValue,
    long min,
    long max,
    List<String> allowed,
    String describe) {

  /// Types, as Kafka tells them to its tools.
  public enum ValueType {
    BOOLEAN,
    INT,
    LONG,
    DOUBLE,
    STRING,
    LIST
  }

  public TopicConfig {
    allowed = List.copyOf(allowed);
  }

  static TopicConfig number(
      String name, ValueType type, long defaultValue, long min, long max, String describe) {
    return new TopicConfig(name, type, Long.toString(defaultValue), min, max, List.of(), describe);
  }

  static TopicConfig word(
      String name, ValueType type, String defaultValue, List<String> allowed, String describe) {
    return new TopicConfig(name, type, defaultValue, 0, 0, allowed, describe);
  }

  /// Says what is wrong with a value, or null when it may be set.
  public @Nullable String problem(String value) {
    if (value.length() > MetadataLimits.CONFIG_VALUE_LENGTH_MAX) {
      return name
          + " has "
          + value.length()
          + " characters, at most "
          + MetadataLimits.CONFIG_VALUE_LENGTH_MAX
          + " are allowed";
    }
    return switch (type) {
      case INT, LONG -> numberProblem(value);
      case DOUBLE -> ratioProblem(value);
      case BOOLEAN, STRING ->
          allowed.contains(value)
              ? null
              : name + "=" + value + " is not supported, only " + String.join(", ", allowed);
      case LIST -> listProblem(value);
    };
  }

  private @Nullable String numberProblem(String value) {
    long number;
    try {
      number = Long.parseLong(value.strip());
    } catch (NumberFormatException notANumber) {
      return name + "=" + value + " is not a whole number";
    }
    return number < min || number > max
        ? name + "=" + number + " is not between " + min + " and " + max
        : null;
  }

  private @Nullable String ratioProblem(String value) {
    double ratio;
    try {
      ratio = Double.parseDouble(value.strip());
    } catch (NumberFormatException notANumber) {
      return name + "=" + value + " is not a number";
    }
    return ratio >= min && ratio <= max
        ? null
        : name + "=" + value + " is not between " + min + " and " + max;
  }

  private @Nullable String listProblem(String value) {
    for (String word : value.split(",", -1)) {
      if (!allowed.contains(word.strip())) {
        return name + "=" + value + " is not supported, only " + String.join(", ", allowed);
      }
    }
    return null;
  }

  /// The form in which a value is kept, so that equal values are equal text.
  String normalized(String value) {
    return switch (type) {
      case INT, LONG -> Long.toString(Long.parseLong(value.strip()));
      case DOUBLE -> value.strip();
      case BOOLEAN, STRING -> value;
      case LIST -> value.replace(" ", "");
    };
  }
}
