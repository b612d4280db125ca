package io.floe.bench.node;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.floe.bench.BenchException;
import java.util.List;
import org.junit.jupiter.api.Test;

final class ClientsTest {
  @Test
  void takesTheSummaryAfterTheWarmUp() {
    Clients.Produced produced =
        Clients.summary(
            List.of(
                "In steady state.",
                "20140 records sent, 4024.0 records/sec (3.93 MB/sec), 9363.0 ms avg latency, 10389.0 ms max latency.",
                "200000 records sent, 6014.494933 records/sec (5.87 MB/sec), 4467.67 ms avg latency, 10389.00 ms max latency, 3041 ms 50th, 9226 ms 95th, 9963 ms 99th, 10288 ms 99.9th.",
                "180000 steady state records sent, 6071.235834 records/sec (5.93 MB/sec), 4321.42 ms avg latency, 10389.00 ms max latency, 2983 ms 50th, 9254 ms 95th, 10033 ms 99th, 10298 ms 99.9th."));
    assertThat(produced).isEqualTo(new Clients.Produced(6071.235834, 5.93, 2983, 10033));
  }

  @Test
  void refusesOutputWithoutASummary() {
    assertThatThrownBy(() -> Clients.summary(List.of("Killed")))
        .isInstanceOf(BenchException.class)
        .hasMessageContaining("Killed");
  }
}
