package io.floe.client;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigException;
import java.time.Duration;
import java.util.List;

/// What the settings records share.
final class Settings {
  private Settings() {}

  static int bytes(Config config, String key) {
    long value = config.getBytes(key);
    if (value > Integer.MAX_VALUE) {
      throw new ConfigException.BadValue(
          config.origin(), key, "is " + value + " bytes, the limit is " + Integer.MAX_VALUE);
    }
    return (int) value;
  }

  /// Reads an enum's name in any case, with `-` for `_`.
  static <E extends Enum<E>> E choice(Config config, String key, Class<E> type) {
    String name = config.getString(key);
    for (E constant : type.getEnumConstants()) {
      if (constant.name().equalsIgnoreCase(name.replace('-', '_'))) {
        return constant;
      }
    }
    throw new ConfigException.BadValue(
        config.origin(),
        key,
        "is '" + name + "', must be one of " + List.of(type.getEnumConstants()));
  }

  static void requireAtLeastOne(List<String> problems, String key, int value) {
    if (value < 1) {
      problems.add(key + " is " + value + ", must be at least 1");
    }
  }

  static void requirePositive(List<String> problems, String key, Duration value) {
    if (value.isZero() || value.isNegative()) {
      problems.add(key + " is " + value + ", must be positive");
    }
  }

  /// Reports all mistakes together.
  static void refuse(String what, List<String> problems) {
    if (!problems.isEmpty()) {
      throw new IllegalArgumentException(what + ": " + String.join("; ", problems));
    }
  }
}
