package io.floe.gateway;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;

final class GatewaySettingsTest {
  @Test
  void readsItsOwnDefaults() {
    GatewaySettings settings = GatewayFixture.settings("");
    assertThat(settings.isAutoCreateTopics()).isTrue();
    assertThat(settings.network().networkThreads()).isPositive();
    assertThat(settings.readThreads()).isGreaterThanOrEqualTo(4);
    assertThat(settings.batchBytesMax()).isEqualTo(16 << 20);
  }

  @Test
  void tellsAllMistakesTogether() {
    assertThatThrownBy(
            () ->
                GatewayFixture.settings(
                    "connections-max = 0, default-partitions = many, idle-timeout = 1ms"))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("connections-max is 0")
        .hasMessageContaining("default-partitions")
        .hasMessageContaining("idle-timeout");
  }

  @Test
  void refusesBatchesThatFitInNoRequest() {
    assertThatThrownBy(() -> GatewayFixture.settings("request-bytes-max = 1MiB"))
        .hasMessageContaining("batch-bytes-max");
  }
}
