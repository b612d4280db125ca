package io.floe.journal;

import com.typesafe.config.Config;
import io.floe.storage.StoreException;
import io.floe.storage.StoreSettings;
import io.floe.storage.io.StorageIo;
import io.floe.storage.io.StorageIos;
import java.util.Locale;

/// Opens the [StorageIo] that the key `io` of a plugin asks for.
final class PluginIo {
  /// The plugins do one transfer at a time.
  private static final int DEPTH = 8;

  private PluginIo() {}

  static StorageIo open(Config config) throws StoreException {
    String name = config.getString("io");
    StoreSettings.Io choice =
        switch (name.toLowerCase(Locale.ROOT)) {
          case "auto" -> StoreSettings.Io.AUTO;
          case "io-uring" -> StoreSettings.Io.IO_URING;
          case "file-channel" -> StoreSettings.Io.FILE_CHANNEL;
          default ->
              throw new IllegalArgumentException(
                  "io is " + name + ", must be auto, io-uring or file-channel");
        };
    return StorageIos.open(choice, DEPTH);
  }
}
