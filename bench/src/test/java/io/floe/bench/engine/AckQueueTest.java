package io.floe.bench.engine;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

final class AckQueueTest {
  @Test
  void wakesOnlyWritersWhoseAppendIsDurable() throws InterruptedException {
    AckQueue acks = new AckQueue();
    CountDownLatch added = new CountDownLatch(1);
    Thread writer =
        Thread.startVirtualThread(
            () -> {
              AckQueue.Ack ack = acks.add(5);
              added.countDown();
              ack.await();
            });
    assertThat(added.await(10, TimeUnit.SECONDS)).isTrue();
    acks.complete(5);
    assertThat(writer.join(Duration.ofMillis(50))).isFalse();
    acks.complete(6);
    assertThat(writer.join(Duration.ofSeconds(10))).isTrue();
  }
}
