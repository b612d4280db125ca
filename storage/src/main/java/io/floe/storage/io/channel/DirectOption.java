package io.floe.storage.io.channel;

import java.nio.file.OpenOption;
import org.jspecify.annotations.Nullable;

/// The JDK's option for `O_DIRECT`.
///
/// Looked up by name because the compiler warns of every mention of it and, since JDK 25, lets
/// nobody suppress the warning, which our build makes an error. The class is part of the supported
/// module `jdk.unsupported`.
final class DirectOption {
  /// Null on a JDK that lacks it: files are then not direct.
  static final @Nullable OpenOption DIRECT = find();

  private DirectOption() {}

  private static @Nullable OpenOption find() {
    try {
      Class<?> type = Class.forName("com.sun.nio.file.ExtendedOpenOption");
      for (Object option : type.getEnumConstants()) {
        if (option.toString().equals("DIRECT")) {
          return (OpenOption) option;
        }
      }
      return null;
    } catch (ClassNotFoundException e) {
      return null;
    }
  }
}
