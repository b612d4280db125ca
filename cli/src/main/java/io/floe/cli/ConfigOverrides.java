package io.floe.cli;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigException;
import com.typesafe.config.ConfigFactory;
import com.typesafe.config.ConfigUtil;
import com.typesafe.config.ConfigValue;
import com.typesafe.config.ConfigValueFactory;
import java.util.Comparator;
import java.util.List;
import java.util.Map;

/// Settings given as `--set key=value`, laid over every module's `reference.conf`.
final class ConfigOverrides {
  private ConfigOverrides() {}

  /// The settings under `floe`, and of other libraries only what was given: a node has defaults of
  /// its own for Pekko, which Pekko's must not hide.
  static Config apply(Map<String, String> overrides) {
    return apply(overrides, ConfigFactory.defaultReference());
  }

  static Config apply(Map<String, String> overrides, Config defaults) {
    Config config = defaults.withOnlyPath("floe");
    for (Map.Entry<String, String> override : overrides.entrySet()) {
      String key = override.getKey();
      requireKnown(key, defaults);
      config = config.withValue(key, value(key, override.getValue()));
    }
    return config;
  }

  private static void requireKnown(String key, Config defaults) {
    List<String> path;
    try {
      path = ConfigUtil.splitPath(key);
    } catch (ConfigException e) {
      throw CommandFailure.usage("--set " + key + ": is no setting's name");
    }
    // Pekko has settings with names of the user's own (dispatchers); Floe's are all in
    // reference.conf.
    boolean isForeign = !path.getFirst().equals("floe") && defaults.hasPathOrNull(path.getFirst());
    if (isForeign || defaults.hasPathOrNull(key)) {
      return;
    }
    String nearest =
        defaults.entrySet().stream()
            .map(Map.Entry::getKey)
            .filter(known -> known.startsWith("floe."))
            .min(Comparator.comparingInt(known -> distance(known, key)))
            .filter(known -> distance(known, key) <= Math.max(3, key.length() / 3))
            .map(known -> "; did you mean " + known + "?")
            .orElse("");
    throw CommandFailure.usage("--set " + key + ": there is no such setting" + nearest);
  }

  private static ConfigValue value(String key, String text) {
    boolean isStructured = text.startsWith("[") || text.startsWith("{");
    if (!isStructured) {
      // A string reads as number, boolean, size or duration where one is wanted.
      return ConfigValueFactory.fromAnyRef(text);
    }
    try {
      return ConfigFactory.parseString("it = " + text).getValue("it");
    } catch (ConfigException e) {
      throw CommandFailure.usage("--set " + key + ": " + e.getMessage());
    }
  }

  /// Levenshtein distance.
  static int distance(String a, String b) {
    int[] previous = new int[b.length() + 1];
    for (int j = 0; j <= b.length(); j++) {
      previous[j] = j;
    }
    for (int i = 1; i <= a.length(); i++) {
      int[] current = new int[b.length() + 1];
      current[0] = i;
      for (int j = 1; j <= b.length(); j++) {
        int change = previous[j - 1] + (a.charAt(i - 1) == b.charAt(j - 1) ? 0 : 1);
        current[j] = Math.min(change, 1 + Math.min(previous[j], current[j - 1]));
      }
      previous = current;
    }
    return previous[b.length()];
  }
}
