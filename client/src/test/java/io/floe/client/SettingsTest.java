package io.floe.client;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigException;
import com.typesafe.config.ConfigFactory;
import io.floe.model.batch.Compression;
import java.time.Duration;
import org.junit.jupiter.api.Test;

final class SettingsTest {
  private static final Config DEFAULTS = ConfigFactory.load();

  private static ConsumerSettings<String, String> consumer(String overrides) {
    try (InMemoryLog log = new InMemoryLog()) {
      return ConsumerSettings.create(
          ConfigFactory.parseString(overrides)
              .withFallback(DEFAULTS.getConfig(ConsumerSettings.CONFIG_PATH)),
          log,
          Deserializer.string(),
          Deserializer.string());
    }
  }

  private static ProducerSettings<String, String> producer(String overrides) {
    try (InMemoryLog log = new InMemoryLog()) {
      return ProducerSettings.create(
          ConfigFactory.parseString(overrides)
              .withFallback(DEFAULTS.getConfig(ProducerSettings.CONFIG_PATH)),
          log,
          Serializer.string(),
          Serializer.string());
    }
  }

  @Test
  void readsTheDefaults() {
    assertThat(consumer("").fetchBytesMax()).isEqualTo(1 << 20);
    assertThat(consumer("").outOfRange()).isEqualTo(OutOfRangePolicy.FAIL);
    assertThat(producer("").linger()).isEqualTo(Duration.ZERO);
    assertThat(producer("").maxInFlightBatches()).isEqualTo(5);
  }

  @Test
  void readsNamesInAnyCase() {
    assertThat(consumer("out-of-range = Earliest").outOfRange())
        .isEqualTo(OutOfRangePolicy.EARLIEST);
    assertThat(producer("compression = zstd").compression()).isEqualTo(Compression.ZSTD);
    assertThatThrownBy(() -> producer("compression = brotli"))
        .isInstanceOf(ConfigException.BadValue.class)
        .hasMessageContaining("brotli")
        .hasMessageContaining("ZSTD");
  }

  @Test
  void reportsAllMistakesTogether() {
    assertThatThrownBy(
            () ->
                consumer(
                    "fetch-bytes-max = 10, buffer-bytes-max = 15, retry-backoff = 0s, dispatcher = \"\""))
        .hasMessageContaining("fetch-bytes-max is 10")
        .hasMessageContaining("buffer-bytes-max is 15")
        .hasMessageContaining("retry-backoff")
        .hasMessageContaining("dispatcher");
    assertThatThrownBy(
            () ->
                producer(
                    "max-in-flight-batches = 6, parallelism = 0, linger = 3s, delivery-timeout = 2s"))
        .hasMessageContaining("max-in-flight-batches is 6, must be 1 to 5")
        .hasMessageContaining("parallelism is 0")
        .hasMessageContaining("longer than linger");
    assertThatThrownBy(() -> consumer("buffer-bytes-max = 3GiB"))
        .hasMessageContaining("buffer-bytes-max");
  }
}
