package io.floe.cli;

import java.util.ArrayList;
import java.util.List;

/// The JVM flags without which parts of Floe hang or fail late. `config/jvm.options` holds them;
/// this is the check at start that they are there.
final class JvmFlags {
  private JvmFlags() {}

  /// Refuses to go on when a flag is missing.
  static void check() {
    Module here = JvmFlags.class.getModule();
    List<String> missing =
        missing(
            Object.class.getModule().isOpen("jdk.internal.misc", here),
            here.isNativeAccessEnabled());
    if (!missing.isEmpty()) {
      throw new CommandFailure(
          "this JVM was started without "
              + String.join(" and ", missing)
              + "; start Floe by ./floe, or give java the argument @config/jvm.options");
    }
  }

  static List<String> missing(boolean isInternalMiscOpen, boolean isNativeAccessEnabled) {
    List<String> missing = new ArrayList<>();
    if (!isInternalMiscOpen) {
      // Agrona reaches jdk.internal.misc.Unsafe; without it remoting waits for ever.
      missing.add("--add-opens=java.base/jdk.internal.misc=ALL-UNNAMED");
    }
    if (!isNativeAccessEnabled) {
      missing.add("--enable-native-access=ALL-UNNAMED");
    }
    return missing;
  }
}
