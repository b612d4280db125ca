package io.floe.bench.report;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import org.junit.jupiter.api.Test;

final class RatioTest {
  private static Series series(String contender, Double... rounds) {
    return new Series("work", contender, "appends/s", List.of(rounds));
  }

  @Test
  void isTheRatioOfTheMediansWithTheSpreadOfTheRounds() {
    Ratio ratio =
        Ratio.of(
            series("a", 10.0, 90.0, 30.0),
            series("b", 20.0, 30.0, 10.0),
            Ratio.Direction.AT_LEAST,
            1.5);
    assertThat(ratio.value()).isEqualTo(30.0 / 20.0);
    assertThat(ratio.roundMin()).isEqualTo(0.5);
    assertThat(ratio.roundMax()).isEqualTo(3.0);
    assertThat(ratio.isMet()).isTrue();
  }

  @Test
  void missesARateBelowAndATimeAboveItsTarget() {
    Series slow = series("a", 9.0);
    Series fast = series("b", 10.0);
    assertThat(Ratio.of(slow, fast, Ratio.Direction.AT_LEAST, 1).isMet()).isFalse();
    assertThat(Ratio.of(fast, slow, Ratio.Direction.AT_MOST, 1).isMet()).isFalse();
    assertThat(Ratio.of(slow, fast, Ratio.Direction.AT_MOST, 1).isMet()).isTrue();
    assertThat(Ratio.of(fast, slow, Ratio.Direction.AT_LEAST, 1).isMet()).isTrue();
  }

  @Test
  void refusesToCompareDifferentWork() {
    Series other = new Series("other work", "b", "appends/s", List.of(1.0));
    assertThatThrownBy(() -> Ratio.of(series("a", 1.0), other, Ratio.Direction.NONE, 0))
        .isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(
            () -> Ratio.of(series("a", 1.0), series("b", 1.0, 2.0), Ratio.Direction.NONE, 0))
        .isInstanceOf(IllegalArgumentException.class);
  }

  @Test
  void medianOfAnEvenNumberIsTheMeanOfTheMiddle() {
    assertThat(Spread.of(List.of(4.0, 1.0, 3.0, 2.0)).median()).isEqualTo(2.5);
  }
}
