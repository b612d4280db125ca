package io.floe.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.floe.gateway.tool.ConsumeOptions.Start;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

final class ConsumeFromTest {

  private static Start parsed(String text) {
    return ConsumeFrom.parse(text).start();
  }

  @Test
  void readsTheTwoEnds() {
    assertThat(parsed("earliest")).isEqualTo(new Start.Earliest());
    assertThat(parsed("latest")).isEqualTo(new Start.Latest());
  }

  @Test
  void readsANumberAsAnOffset() {
    assertThat(parsed("0")).isEqualTo(new Start.Offset(0));
    assertThat(parsed("9223372036854775807")).isEqualTo(new Start.Offset(Long.MAX_VALUE));
  }

  @Test
  void readsMillisecondsAfterAnAt() {
    assertThat(parsed("@1700000000123")).isEqualTo(new Start.Timestamp(1_700_000_000_123L));
  }

  @Test
  void readsTimesOfIso8601() {
    Start expected = new Start.Timestamp(1_769_860_800_000L);

    assertThat(parsed("2026-01-31T12:00:00Z")).isEqualTo(expected);
    assertThat(parsed("2026-01-31T12:00:00.000Z")).isEqualTo(expected);
    assertThat(parsed("2026-01-31T13:00:00+01:00")).isEqualTo(expected);
    assertThat(parsed("2026-01-31T07:00-05:00")).isEqualTo(expected);
    assertThat(parsed("2026-01-31T12:00")).isEqualTo(expected);
  }

  @Test
  void readsADayAsItsFirstMomentInUtc() {
    assertThat(parsed("2026-01-31")).isEqualTo(parsed("2026-01-31T00:00:00Z"));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"", "yesterday", "-1", "@", "@-5", "@x", "99999999999999999999", "2026-02-30"})
  void refusesTheRestAndQuotesIt(String text) {
    assertThatThrownBy(() -> ConsumeFrom.parse(text))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("'" + text + "'");
  }
}
