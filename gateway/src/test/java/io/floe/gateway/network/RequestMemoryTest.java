package io.floe.gateway.network;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.ByteBuffer;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

final class RequestMemoryTest {
  @Test
  void givesTheExactLimitAndUsesLargeBuffersAgain() {
    RequestMemory memory = new RequestMemory(1 << 20, () -> {});
    ByteBuffer large = memory.tryAllocate(100_000);
    assertThat(large.remaining()).isEqualTo(100_000);
    assertThat(large.isDirect()).isTrue();
    large.position(50);
    memory.release(large);
    ByteBuffer again = memory.tryAllocate(70_000);
    assertThat(again).isSameAs(large);
    assertThat(again.position()).isZero();
    assertThat(again.remaining()).isEqualTo(70_000);
    assertThat(memory.tryAllocate(10).isDirect()).isFalse();
  }

  @Test
  void refusesWhenUsedUpAndTellsWhenThatEnds() {
    AtomicInteger reliefs = new AtomicInteger();
    RequestMemory memory = new RequestMemory(1_000, reliefs::incrementAndGet);
    ByteBuffer first = memory.tryAllocate(600);
    // The bound may be passed by one.
    ByteBuffer second = memory.tryAllocate(600);
    assertThat(memory.tryAllocate(1)).isNull();
    assertThat(memory.isOutOfMemory()).isTrue();
    memory.release(first);
    assertThat(reliefs).hasValue(1);
    memory.release(second);
    assertThat(reliefs).hasValue(1);
    assertThat(memory.usedBytes()).isZero();
  }
}
