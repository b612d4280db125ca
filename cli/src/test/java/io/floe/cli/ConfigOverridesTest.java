package io.floe.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigFactory;
import java.time.Duration;
import java.util.Map;
import org.junit.jupiter.api.Test;

final class ConfigOverridesTest {
  private static final Config DEFAULTS =
      ConfigFactory.parseString(
          """
          floe.storage.io = auto
          floe.storage.inflight-bytes-max = 64 MiB
          floe.node.stop-timeout = 8 s
          floe.node.names = [a]
          floe.node.unset = null
          pekko.loglevel = INFO
          """);

  private static Config with(String key, String value) {
    return ConfigOverrides.apply(Map.of(key, value), DEFAULTS);
  }

  @Test
  void laysValuesOverTheDefaults() {
    assertThat(with("floe.storage.io", "file_channel").getString("floe.storage.io"))
        .isEqualTo("file_channel");
    assertThat(
            with("floe.storage.inflight-bytes-max", "1 KiB")
                .getBytes("floe.storage.inflight-bytes-max"))
        .isEqualTo(1024);
    assertThat(with("floe.node.stop-timeout", "3 s").getDuration("floe.node.stop-timeout"))
        .isEqualTo(Duration.ofSeconds(3));
    assertThat(with("floe.node.names", "[x, y]").getStringList("floe.node.names"))
        .containsExactly("x", "y");
  }

  @Test
  void takesASettingWithoutADefault() {
    assertThat(with("floe.node.unset", "1").getInt("floe.node.unset")).isEqualTo(1);
  }

  @Test
  void takesAnySettingOfPekko() {
    assertThat(
            with("pekko.actor.my-dispatcher.throughput", "5")
                .getInt("pekko.actor.my-dispatcher.throughput"))
        .isEqualTo(5);
  }

  @Test
  void refusesAnUnknownSettingWithTheNearestName() {
    assertThatThrownBy(() -> with("floe.storage.oi", "x"))
        .isInstanceOf(CommandFailure.class)
        .hasMessageContaining("floe.storage.oi")
        .hasMessageContaining("did you mean floe.storage.io?");
    assertThatThrownBy(() -> with("storage.io", "x")).hasMessageContaining("no such setting");
  }

  @Test
  void refusesWhatIsNoSetting() {
    assertThatThrownBy(() -> with("floe..x", "1")).hasMessageContaining("is no setting's name");
    assertThatThrownBy(() -> with("floe.node.names", "[x"))
        .hasMessageContaining("--set floe.node.names");
  }
}
