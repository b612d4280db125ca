package io.floe.actors.node;

/// The JVM flags without which a node would hang or fail late. The file `config/jvm.options` holds
/// them all.
final class JvmFlags {
  private JvmFlags() {}

  /// @throws NodeStartException naming the missing flag
  static void check() throws NodeStartException {
    Module base = Object.class.getModule();
    if (!base.isOpen("jdk.internal.misc", JvmFlags.class.getModule())) {
      throw missing("--add-opens=java.base/jdk.internal.misc=ALL-UNNAMED");
    }
    if (!JvmFlags.class.getModule().isNativeAccessEnabled()) {
      throw missing("--enable-native-access=ALL-UNNAMED");
    }
  }

  private static NodeStartException missing(String flag) {
    return new NodeStartException(
        "the JVM flag "
            + flag
            + " is missing: start Floe by ./floe, or java with @config/jvm.options");
  }
}
