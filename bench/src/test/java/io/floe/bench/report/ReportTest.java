package io.floe.bench.report;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class ReportTest {
  @TempDir Path directory;

  private static Report report(double target) {
    Series fast = new Series("work", "fast", "appends/s", List.of(2000.0, 3000.0));
    Series slow = new Series("work", "slow", "appends/s", List.of(1000.0, 1000.0));
    return new Report(
        "engine",
        "engine --rounds 2",
        true,
        new Machine("now", "abc", "jdk", "kernel", "cpu", 2, 1 << 30, "ext4"),
        Map.of("writers", "16"),
        List.of(fast, slow),
        List.of(Ratio.of(fast, slow, Ratio.Direction.AT_LEAST, target)),
        List.of());
  }

  @Test
  void writesEveryRoundAndEveryRatioAsJson() throws IOException {
    Path file = directory.resolve("new/report.json");
    report(3).writeJson(file);
    JsonNode json = new ObjectMapper().readTree(file.toFile());
    assertThat(json.at("/machine/commit").asText()).isEqualTo("abc");
    assertThat(json.at("/series/0/rounds/1").asDouble()).isEqualTo(3000);
    assertThat(json.at("/series/0/spread/median").asDouble()).isEqualTo(2500);
    assertThat(json.at("/ratios/0/value").asDouble()).isEqualTo(2.5);
    assertThat(json.at("/ratios/0/isMet").isBoolean()).isTrue();
    assertThat(json.at("/ratios/0/isMet").asBoolean()).isFalse();
  }

  @Test
  void tableSaysWhichTargetIsMissed() {
    assertThat(Table.format(report(3)))
        .contains("fast ÷ slow: 2.50 (2.00 … 3.00)   target ≥ 3.00: MISSED");
    assertThat(Table.format(report(2))).contains("target ≥ 2.00: met");
  }
}
