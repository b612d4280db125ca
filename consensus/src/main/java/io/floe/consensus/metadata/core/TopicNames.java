package io.floe.consensus.metadata.core;

import org.jspecify.annotations.Nullable;

/// Kafka's rules for topic names: 1 to 249 of `A-Z a-z 0-9 . _ -`, neither "." nor "..".
///
/// Source: Kafka's topic naming rules (names become file and metric names).
public final class TopicNames {
  private TopicNames() {}

  /// Says what is wrong with the name, or null when it may be used.
  public static @Nullable String problem(String name) {
    if (name.isEmpty()) {
      return "topic name is empty";
    }
    if (name.length() > MetadataLimits.TOPIC_NAME_LENGTH_MAX) {
      return "topic name has "
          + name.length()
          + " characters, at most "
          + MetadataLimits.TOPIC_NAME_LENGTH_MAX
          + " are allowed";
    }
    if (name.equals(".") || name.equals("..")) {
      return "topic name cannot be \".\" or \"..\"";
    }
    for (int i = 0; i < name.length(); i++) {
      if (!isAllowed(name.charAt(i))) {
        return "topic name has the character at position "
            + i
            + " outside of A-Z, a-z, 0-9, '.', '_' and '-'";
      }
    }
    return null;
  }

  /// Names of equal form cannot live together: metric systems turn '.' into '_'.
  static String collisionForm(String name) {
    return name.replace('.', '_');
  }

  /// Whether the name can collide at all.
  static boolean canCollide(String name) {
    return name.indexOf('.') >= 0 || name.indexOf('_') >= 0;
  }

  private static boolean isAllowed(char c) {
    return (c >= 'a' && c <= 'z')
        || (c >= 'A' && c <= 'Z')
        || (c >= '0' && c <= '9')
        || c == '.'
        || c == '_'
        || c == '-';
  }
}
