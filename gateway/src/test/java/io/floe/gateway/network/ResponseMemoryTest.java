package io.floe.gateway.network;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

final class ResponseMemoryTest {
  private final List<String> granted = new ArrayList<>();

  private Runnable grant(String name) {
    return () -> granted.add(name);
  }

  @Test
  void grantsInOrderAndAtOnceOnlyWhenNobodyWaits() {
    ResponseMemory memory = new ResponseMemory(100);
    memory.reserve(100, grant("a"));
    memory.reserve(1_000, grant("b"));
    memory.reserve(1, grant("c"));
    assertThat(granted).containsExactly("a");
    assertThat(memory.isShort()).isTrue();
    memory.release(60);
    // b is larger than what is left and is served all the same; c must wait for it.
    assertThat(granted).containsExactly("a", "b");
    memory.release(1_000);
    assertThat(granted).containsExactly("a", "b", "c");
    memory.release(41);
    assertThat(memory.usedBytes()).isZero();
  }

  @Test
  void forgetsWhoGivesUp() {
    ResponseMemory memory = new ResponseMemory(100);
    memory.reserve(100, grant("a"));
    Runnable b = grant("b");
    memory.reserve(5, b);
    assertThat(memory.cancel(b)).isTrue();
    assertThat(memory.cancel(b)).isFalse();
    memory.release(100);
    assertThat(granted).containsExactly("a");
    assertThat(memory.usedBytes()).isZero();
  }
}
